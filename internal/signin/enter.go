package signin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
)

// formPage asks for e-mail address and password.
type formPage struct {
	Email   string
	Next    string
	Again   bool   // somebody signed in must do it again
	Origin  string // where passkeys work; "" nowhere
	Refused bool
}

func (s *SignIn) form(w http.ResponseWriter, r *http.Request) error {
	shown := formPage{Next: safeNext(r.FormValue("next")), Again: r.FormValue("again") != "", Origin: s.Accounts.PasskeyOrigin()}
	session, err := s.session(r)
	switch {
	case err == nil && !shown.Again:
		http.Redirect(w, r, shown.Next, http.StatusSeeOther)
		return nil
	case err == nil:
		shown.Email = session.Email
	case !errors.Is(err, account.ErrNoSession):
		return err
	default:
		shown.Again = false
	}
	return s.show(w, r, http.StatusOK, "sign-in", "Sign in", "", shown)
}

func (s *SignIn) password(w http.ResponseWriter, r *http.Request) error {
	email, next := r.PostFormValue("email"), safeNext(r.PostFormValue("next"))
	step, err := s.Accounts.SignInWithPassword(r.Context(), email, r.PostFormValue("password"), from(r))
	if errors.Is(err, account.ErrRefused) {
		return s.show(w, r, http.StatusUnauthorized, "sign-in", "Sign in", "",
			formPage{Email: email, Next: next, Origin: s.Accounts.PasskeyOrigin(), Refused: true})
	}
	if err != nil {
		return err
	}
	give(w, stepCookie, step)
	http.Redirect(w, r, portal.Path+"/sign-in/code?"+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
	return nil
}

// codePage asks for the second step.
type codePage struct {
	Next    string
	Origin  string
	Refused bool
}

func (s *SignIn) codeForm(w http.ResponseWriter, r *http.Request) error {
	open, err := s.Accounts.HasStep(r.Context(), held(r, stepCookie))
	if err != nil {
		return err
	}
	if !open {
		return account.ErrNoSession
	}
	return s.show(w, r, http.StatusOK, "code", "Second step", "", codePage{Next: safeNext(r.FormValue("next")), Origin: s.Accounts.PasskeyOrigin()})
}

func (s *SignIn) code(w http.ResponseWriter, r *http.Request) error {
	next := safeNext(r.PostFormValue("next"))
	session, err := s.Accounts.SignInWithCode(r.Context(), held(r, stepCookie), r.PostFormValue("code"), from(r))
	if errors.Is(err, account.ErrRefused) {
		return s.show(w, r, http.StatusUnauthorized, "code", "Second step", "", codePage{Next: next, Origin: s.Accounts.PasskeyOrigin(), Refused: true})
	}
	if err != nil {
		return err
	}
	if err := s.welcome(w, r, session); err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// welcome hands over a new session and ends the one that the browser had.
func (s *SignIn) welcome(w http.ResponseWriter, r *http.Request, session account.Secret) error {
	before, err := s.Accounts.Peek(r.Context(), held(r, sessionCookie))
	switch {
	case err == nil:
		if err := s.Accounts.SignOut(r.Context(), before, from(r)); err != nil {
			return err
		}
	case !errors.Is(err, account.ErrNoSession):
		return err
	}
	give(w, sessionCookie, session)
	takeBack(w, stepCookie)
	return nil
}

func (s *SignIn) signOut(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r)
	if err == nil {
		err = s.Accounts.SignOut(r.Context(), session, from(r))
	}
	if err != nil && !errors.Is(err, account.ErrNoSession) {
		return err
	}
	takeBack(w, sessionCookie)
	takeBack(w, stepCookie)
	http.Redirect(w, r, portal.Path+"/sign-in", http.StatusSeeOther)
	return nil
}

// ceremonyAnswer is what a script sends of a passkey.
type ceremonyAnswer struct {
	Ceremony   account.Secret  `json:"ceremony"`
	Credential json.RawMessage `json:"credential"`
	Name       string          `json:"name"`
	Next       string          `json:"next"`
}

// readAnswer reads it; ok is false for what is none.
func readAnswer(r *http.Request) (answer ceremonyAnswer, ok bool) {
	content, err := io.ReadAll(r.Body) // which is bounded
	if err != nil {
		return answer, false
	}
	return answer, json.Unmarshal(content, &answer) == nil
}

// tell answers a script.
func tell(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a browser that is gone misses nothing
	return nil
}

// told is an answer to a script: where to go, or what went wrong.
type told struct {
	Next    string `json:"next,omitzero"`
	Problem string `json:"problem,omitzero"`
}

func (s *SignIn) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	ceremony, err := s.Accounts.BeginPasskey(r.Context())
	if errors.Is(err, account.ErrNoPasskeys) {
		return tell(w, http.StatusNotFound, told{Problem: "Passkeys do not work at this address."})
	}
	if err != nil {
		return err
	}
	return tell(w, http.StatusOK, ceremony)
}

func (s *SignIn) passkey(w http.ResponseWriter, r *http.Request) error {
	answer, ok := readAnswer(r)
	if !ok {
		return tell(w, http.StatusBadRequest, told{Problem: "The browser sent something else than a passkey."})
	}
	session, err := s.Accounts.SignInWithPasskey(r.Context(), answer.Ceremony, answer.Credential, from(r))
	if errors.Is(err, account.ErrRefused) || errors.Is(err, account.ErrNoPasskeys) {
		return tell(w, http.StatusUnauthorized, told{Problem: "That passkey does not sign in here. It may have been removed, or the person disabled."})
	}
	if err != nil {
		return err
	}
	if err := s.welcome(w, r, session); err != nil {
		return err
	}
	return tell(w, http.StatusOK, told{Next: safeNext(answer.Next)})
}
