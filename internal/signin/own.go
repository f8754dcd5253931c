package signin

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
)

// accountPage is what a person sees of themselves.
type accountPage struct {
	Person        *account.Person
	Session       account.Session
	Sessions      []account.Session
	Fresh         bool
	Origin        string // where passkeys work
	Authenticator string // the secret of another app
	AppURL        string
	PasswordMin   int
	Done          string
	Problems      problems
}

// doneTexts say what was done, by the word for it in the address.
var doneTexts = map[string]string{
	"password": "The password was changed, and your other sessions were ended.", "authenticator": "The new app makes the codes from now on, and your other sessions were ended.",
	"session": "The session was ended.", "sessions": "Your other sessions were ended.", "passkey": "The passkey was added.",
	"removed": "The passkey was removed, and your other sessions were ended.", "role": "The role was changed.", "disable": "They were signed out and cannot sign in any more.",
	"enable": "They can sign in again.",
}

func (s *SignIn) account(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	return s.showAccount(w, r, http.StatusOK, session, "", nil)
}

// showAccount shows the page; app is the secret that a form sent, "" for another.
func (s *SignIn) showAccount(w http.ResponseWriter, r *http.Request, status int, session account.Session, app string, wrong problems) error {
	person, err := s.Accounts.Own(r.Context(), session)
	if err != nil {
		return err
	}
	sessions, err := s.Accounts.Sessions(r.Context(), session)
	if err != nil {
		return err
	}
	if app == "" {
		if app, err = account.NewAuthenticatorSecret(s.random); err != nil {
			return err
		}
	}
	return s.show(w, r, status, "account", "Your account", "account", accountPage{
		Person: person, Session: session, Sessions: sessions, Fresh: s.Accounts.RequireFresh(session) == nil, Origin: s.Accounts.PasskeyOrigin(),
		Authenticator: app, AppURL: account.AuthenticatorURL(app, issuer, person.Email), PasswordMin: account.PasswordMin,
		Done: doneTexts[r.URL.Query().Get("done")], Problems: wrong,
	})
}

func done(w http.ResponseWriter, r *http.Request, page, word string) error {
	http.Redirect(w, r, portal.Path+page+"?"+url.Values{"done": {word}}.Encode(), http.StatusSeeOther)
	return nil
}

func (s *SignIn) changePassword(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	next := r.PostFormValue("password")
	if next != r.PostFormValue("repeated") {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, session, "", problems{"repeated": "The two passwords differ."})
	}
	err = s.Accounts.ChangePassword(r.Context(), session, r.PostFormValue("current"), next, from(r))
	if wrong, ok := problem(err); ok {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, session, "", wrong)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/account", "password")
}

func (s *SignIn) changeAuthenticator(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	app := r.PostFormValue("authenticator")
	err = s.Accounts.ChangeAuthenticator(r.Context(), session, app, r.PostFormValue("code"), from(r))
	if wrong, ok := problem(err); ok {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, session, app, wrong)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/account", "authenticator")
}

func (s *SignIn) renewRecoveryCodes(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	codes, err := s.Accounts.RenewRecoveryCodes(r.Context(), session, from(r))
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "recovery", "Your recovery codes", "account", recoveryPage{Codes: codes})
}

func (s *SignIn) endSession(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	if r.PostFormValue("others") != "" {
		if err := s.Accounts.EndOtherSessions(r.Context(), session, from(r)); err != nil {
			return err
		}
		return done(w, r, "/account", "sessions")
	}
	if err := s.Accounts.EndSession(r.Context(), session, r.PostFormValue("session"), from(r)); err != nil {
		return err
	}
	return done(w, r, "/account", "session")
}

func (s *SignIn) beginRegistration(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	ceremony, err := s.Accounts.BeginPasskeyRegistration(r.Context(), session)
	if text := registrationProblem(err); text != "" {
		return tell(w, http.StatusConflict, told{Problem: text})
	}
	if err != nil {
		return err
	}
	return tell(w, http.StatusOK, ceremony)
}

// registrationProblem is what went wrong with a new passkey, for a script; "" of
// what is no affair of the person's.
func registrationProblem(err error) string {
	var wrong *account.Problem
	switch {
	case errors.As(err, &wrong):
		return wrong.Text
	case errors.Is(err, account.ErrStale):
		return "You signed in too long ago for this. Sign in again, then add the passkey."
	case errors.Is(err, account.ErrNoPasskeys):
		return "Passkeys do not work at this address."
	case errors.Is(err, account.ErrRefused):
		return "That passkey cannot be taken. Try again, or with another device."
	default:
		return ""
	}
}

func (s *SignIn) register(w http.ResponseWriter, r *http.Request) error {
	answer, ok := readAnswer(r) // before the session, as of forms
	session, err := s.session(r)
	if err != nil {
		return err
	}
	if !ok {
		return tell(w, http.StatusBadRequest, told{Problem: "The browser sent something else than a passkey."})
	}
	err = s.Accounts.RegisterPasskey(r.Context(), session, answer.Ceremony, answer.Name, answer.Credential, from(r))
	if text := registrationProblem(err); text != "" {
		return tell(w, http.StatusConflict, told{Problem: text})
	}
	if err != nil {
		return err
	}
	return tell(w, http.StatusOK, told{Next: portal.Path + "/account?done=passkey"})
}

func (s *SignIn) removePasskey(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err != nil {
		return err
	}
	if err := s.Accounts.RemovePasskey(r.Context(), session, r.PostFormValue("passkey"), from(r)); err != nil {
		return err
	}
	return done(w, r, "/account", "removed")
}
