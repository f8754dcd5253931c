package signin

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/proxy"
)

// The cookies. The prefix has browsers take them from this host over TLS only,
// and send them nowhere else.
const (
	sessionCookie = "__Host-kvitto-session"
	stepCookie    = "__Host-kvitto-step"
)

// overTLS refuses whoever sends passwords and cookies in the clear. On the
// machine itself there is nobody in between, and browsers take cookies for TLS
// from localhost.
func (s *SignIn) overTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !proxy.Secure(r) && !hostname.OnThisMachine(r.RemoteAddr, r.Host) {
			http.Error(w, "The portal answers over TLS only: open it with https://.\n"+
				"If you did, the server does not know it. Whoever runs it lists the proxy that ends TLS in trusted_proxies,\n"+
				"and has it send X-Forwarded-Proto, X-Forwarded-For and X-Forwarded-Host.", http.StatusForbidden)
			return
		}
		if proxy.Secure(r) && !hostname.Local(r.Host) {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains") // as the API says it
		}
		next.ServeHTTP(w, r)
	})
}

// give hands a secret to the browser, until it is closed; the server ends it
// earlier.
func give(w http.ResponseWriter, name string, secret account.Secret) {
	http.SetCookie(w, cookie(name, string(secret), 0))
}

// takeBack has the browser forget a secret.
func takeBack(w http.ResponseWriter, name string) { http.SetCookie(w, cookie(name, "", -1)) }

func cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// held is the secret that the browser sends; "" when it sends none.
func held(r *http.Request, name string) account.Secret {
	found, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return account.Secret(found.Value)
}
