package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
)

// seen is what a request was found to belong to, so that its page need not look
// again.
type seen struct {
	session account.Session
	err     error // nil, or account.ErrNoSession
	known   bool
}

type seenKey struct{}

// session is the session of a request. What scripts ask for in the background
// does not keep one alive.
func (s *SignIn) session(r *http.Request) (account.Session, error) {
	ask := s.Accounts.Session
	if background(r) {
		ask = s.Accounts.Peek
	}
	session, err := ask(r.Context(), held(r, sessionCookie))
	if before, ok := r.Context().Value(seenKey{}).(*seen); ok && (err == nil || errors.Is(err, account.ErrNoSession)) {
		*before = seen{session, err, true}
	}
	return session, err
}

// viewed is the session as it was found before, or is now, to say whose page it is.
func (s *SignIn) viewed(r *http.Request) (account.Session, error) {
	if before, ok := r.Context().Value(seenKey{}).(*seen); ok && before.known {
		return before.session, before.err
	}
	return s.Accounts.Peek(r.Context(), held(r, sessionCookie))
}

// background tells that a script of a page asks, not a person. A browser that
// does not say so is taken for a person.
func background(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Dest") == "empty" }

// admitted is the session of a request, which must be allowed something.
func (s *SignIn) admitted(r *http.Request, needs account.Permission) (account.Session, error) {
	session, err := s.session(r)
	if err == nil && !session.May(needs) {
		err = account.ErrForbidden
	}
	return session, err
}

// Enter implements portal.Door.
func (s *SignIn) Enter(w http.ResponseWriter, r *http.Request, needs account.Permission) (viewer account.Viewer, ok bool) {
	session, err := s.admitted(r, needs)
	if err == nil && (needs == account.ManageKeys || needs == account.ErasePeople) && r.Method != http.MethodGet && r.Method != http.MethodHead {
		err = s.Accounts.RequireFresh(session) // a key lets in a server, and what is erased does not come back
	}
	s.settle(w, r, err)
	return session.Viewer, err == nil
}

// Looked implements portal.Door.
func (s *SignIn) Looked(r *http.Request, viewer account.Viewer, merchantID string) error {
	return s.Accounts.Looked(r.Context(), viewer, from(r), merchantID)
}

// Acts implements portal.Door.
func (s *SignIn) Acts(r *http.Request, viewer account.Viewer, action, subject, merchantID string) error {
	return s.Accounts.Note(r.Context(), viewer, from(r), action, subject, merchantID)
}

// toSignIn leads somebody who has no session to the form, and back afterwards.
func (s *SignIn) toSignIn(w http.ResponseWriter, r *http.Request, again bool) {
	if background(r) {
		http.Error(w, "Sign in again.", http.StatusUnauthorized)
		return
	}
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		next = "" // what was sent is lost; its page is where it began
		for _, page := range []string{"/account", "/people", "/settings/keys", "/settings/webhooks", "/erase"} {
			if strings.HasPrefix(r.URL.Path, portal.Path+page) {
				next = portal.Path + page
			}
		}
	}
	values := url.Values{}
	if next != "" && next != portal.Path+"/" {
		values.Set("next", next)
	}
	if again {
		values.Set("again", "1")
	}
	to := portal.Path + "/sign-in"
	if len(values) > 0 {
		to += "?" + values.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// safeNext is where to go after signing in: a page of the portal, whatever was
// asked for.
func safeNext(next string) string {
	home := portal.Path + "/"
	at, err := url.Parse(next)
	if err != nil || at.Scheme != "" || at.Host != "" || at.User != nil || at.Opaque != "" || strings.ContainsAny(next, "\\\r\n\t") {
		return home
	}
	if clean := path.Clean(at.Path); !strings.HasPrefix(at.Path, home) || clean != portal.Path && !strings.HasPrefix(clean, home) {
		return home
	}
	to := url.URL{Path: at.Path, RawQuery: at.RawQuery}
	return to.String()
}

// answering turns what a handler could not do into a page that says what to do
// next.
func (s *SignIn) answering(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		portal.ReadForm(r)
		r = r.WithContext(context.WithValue(r.Context(), seenKey{}, new(seen)))
		s.settle(w, r, handle(w, r))
	})
}

// settle answers with what a handler could not do.
func (s *SignIn) settle(w http.ResponseWriter, r *http.Request, err error) {
	var wait *account.WaitError
	switch {
	case err == nil:
		return
	case errors.Is(err, account.ErrNoSession):
		s.toSignIn(w, r, false)
		return
	case errors.Is(err, account.ErrStale):
		s.toSignIn(w, r, true)
		return
	case errors.As(err, &wait):
		err = s.mustWait(w, r, wait)
	case errors.Is(err, account.ErrBusy):
		w.Header().Set("Retry-After", "5")
		err = s.say(w, r, http.StatusServiceUnavailable, "Too many people sign in just now", "Go back and try again in a few seconds.")
	case errors.Is(err, account.ErrForbidden):
		err = s.say(w, r, http.StatusForbidden, "Your role does not allow this", "An admin of yours can give you another one.")
	case errors.Is(err, account.ErrUnknown):
		err = s.say(w, r, http.StatusNotFound, "That is not here", "It may have been removed in another window.")
	case errors.Is(err, account.ErrNoLink):
		err = s.say(w, r, http.StatusNotFound, "This link does not work", "It was used already, has expired, or a newer one took its place. Ask who sent it for another.")
	case errors.Is(err, account.ErrChanged):
		err = s.say(w, r, http.StatusConflict, "Somebody changed this at the same time", "Go back, look at it again, and repeat what you did.")
	}
	if err != nil {
		portal.Fail(w, r, s.Logger, pathOf(r), err)
	}
}

// pathOf is the path of a request for the log, without the secret of a link.
func pathOf(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, portal.Path+"/link/") {
		return portal.Path + "/link/..."
	}
	return r.URL.Path
}
