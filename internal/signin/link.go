package signin

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/account"
)

// issuer is what authenticator apps call the server.
const issuer = "Kvitto"

// offerPage is what somebody sees who follows a link.
type offerPage struct {
	account.Offer
	Link          string
	Given         account.Acceptance // but for passwords, which are typed again
	Authenticator string             // secret of the app
	AppURL        string             // of the QR code
	PasswordMin   int
	Problems      problems
}

func (s *SignIn) offer(w http.ResponseWriter, r *http.Request) error {
	secret, err := account.NewAuthenticatorSecret(s.random)
	if err != nil {
		return err
	}
	return s.showOffer(w, r, http.StatusOK, account.Acceptance{Authenticator: secret}, nil)
}

// showOffer shows the form of a link. The secret of the app travels with the
// form: nothing is stored before somebody has set all of it.
func (s *SignIn) showOffer(w http.ResponseWriter, r *http.Request, status int, given account.Acceptance, wrong problems) error {
	link := r.PathValue("link")
	offer, err := s.Accounts.Offer(r.Context(), account.Secret(link))
	if err != nil {
		return err
	}
	email := offer.Email
	if email == "" {
		email = "admin"
	}
	title := "Welcome"
	if offer.Renews {
		title = "Set a new password"
	}
	given.Password = ""
	return s.show(w, r, status, "link", title, "", offerPage{
		Offer: offer, Link: link, Given: given, Authenticator: given.Authenticator, PasswordMin: account.PasswordMin,
		AppURL: account.AuthenticatorURL(given.Authenticator, issuer, email), Problems: wrong,
	})
}

// recoveryPage shows recovery codes, once.
type recoveryPage struct {
	Codes []string
	First bool // the person has just come
}

func (s *SignIn) accept(w http.ResponseWriter, r *http.Request) error {
	given := account.Acceptance{
		Email: r.PostFormValue("email"), Name: r.PostFormValue("name"), Password: r.PostFormValue("password"),
		Authenticator: r.PostFormValue("authenticator"), Code: r.PostFormValue("code"),
	}
	wrong := problems{}
	if given.Password != r.PostFormValue("repeated") {
		wrong["repeated"] = "The two passwords differ."
		return s.showOffer(w, r, http.StatusUnprocessableEntity, given, wrong)
	}
	welcome, err := s.Accounts.Accept(r.Context(), account.Secret(r.PathValue("link")), given, from(r))
	if wrong, ok := problem(err); ok {
		return s.showOffer(w, r, http.StatusUnprocessableEntity, given, wrong)
	}
	if err != nil {
		return err
	}
	if err := s.welcome(w, r, welcome.Session); err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "recovery", "Your recovery codes", "", recoveryPage{Codes: welcome.Recovery, First: true})
}
