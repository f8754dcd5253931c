package signin

import (
	"context"
	"crypto/rand"
	"embed"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/store"
)

//go:embed templates
var templates embed.FS

// Options are what the pages are made of. All fields are required.
type Options struct {
	Accounts  *account.Accounts
	Merchants func(ctx context.Context) ([]store.Merchant, error) // for whom people can be invited
	URL       string                                              // what browsers reach; links begin with it
	Now       func() time.Time
	Logger    *slog.Logger
}

// SignIn is the door of the portal with its pages.
type SignIn struct {
	Options
	pages   *portal.Pages
	limiter *ratelimit.Limiter
	random  io.Reader
}

var _ portal.Door = (*SignIn)(nil)

// triesASecond is how often an address may send what strangers can: passwords,
// codes, links. Package account counts them besides.
const triesASecond = 5

// New returns the door.
func New(options Options) (*SignIn, error) {
	pages, err := portal.NewPages(templates, functions)
	if err != nil {
		return nil, err
	}
	return &SignIn{
		Options: options, pages: pages, random: rand.Reader,
		limiter: ratelimit.New(ratelimit.Options{Other: triesASecond}),
	}, nil
}

// handler answers a request, or says why it cannot.
type handler func(w http.ResponseWriter, r *http.Request) error

// Handler are the pages of this package, before those of the portal. It is for
// requests behind the trust in proxies.
func (s *SignIn) Handler(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"GET /sign-in": s.form, "GET /sign-in/code": s.codeForm, "GET /link/{link}": s.offer,
		"POST /sign-out": s.signOut, "GET /account": s.account, "GET /people": s.people, "GET /audit": s.audit,
		"POST /account/password": s.changePassword, "POST /account/authenticator": s.changeAuthenticator,
		"POST /account/recovery-codes": s.renewRecoveryCodes, "POST /account/sessions": s.endSession,
		"POST /account/passkeys/begin": s.beginRegistration, "POST /account/passkeys": s.register, "POST /account/passkeys/remove": s.removePasskey,
		"POST /people": s.invite, "POST /people/{person_id}/{step}": s.changePerson,
	} {
		mux.Handle(portal.Pattern(pattern), s.answering(handle))
	}
	for pattern, handle := range map[string]handler{
		"POST /sign-in": s.password, "POST /sign-in/code": s.code, "POST /link/{link}": s.accept,
		"POST /sign-in/passkey/begin": s.beginPasskey, "POST /sign-in/passkey": s.passkey,
	} {
		mux.Handle(portal.Pattern(pattern), s.answering(s.limited(handle)))
	}
	mux.Handle("/", pages)
	return portal.Protect(s.overTLS(mux))
}

// limited refuses an address that sends too much.
func (s *SignIn) limited(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.limiter.Take(s.Now(), account.Neighbourhood(from(r).Address), ratelimit.Other).Allowed {
			w.Header().Set("Retry-After", "1")
			return s.say(w, r, http.StatusTooManyRequests, "Too much at once", "Wait a second, then go back and try again.")
		}
		return next(w, r)
	}
}

// from is where a request came from.
func from(r *http.Request) account.From {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return account.From{Address: address, Agent: r.UserAgent()}
}
