package portal

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/risk"
)

// policy lets a page load its own files, talk to its own server, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// formMax is the largest form that is read, in bytes, and largeFormMax that of one
// with a rule file, each byte of which may be three in a form.
const (
	formMax      = 16 << 10
	largeFormMax = 3*risk.SentFileMax + formMax
)

// Protect tells browsers what the pages may do, and refuses what a page of
// another site would change.
func Protect(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		most := int64(formMax)
		if large(r) {
			most = largeFormMax
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// ReadForm waits for the form of a request, before anybody asks who sent it:
// whoever sends slowly must not act on what they were allowed when they began. One
// that cannot be read has no values.
func ReadForm(r *http.Request) {
	if r.Method == http.MethodPost {
		_ = r.ParseMultipartForm(largeFormMax) // of which the body is bounded
	}
}

// guard lets in requests of this machine to this machine. It stands before
// anything that believes in forwarded headers: a tunnel that shows the server to
// the world connects from here too, and those headers are how it is told from a
// browser.
func guard(next http.Handler) http.Handler {
	return Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := stranger(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// stranger says why a request is not let in; "" when it is.
func stranger(r *http.Request) string {
	if !hostname.LoopbackPeer(r.RemoteAddr) || forwarded(r.Header) {
		return "The portal opens on the machine that the server runs on, and nowhere else: it shows everything of every merchant.\n" +
			"From another machine: ssh -L 7420:127.0.0.1:7420 HOST, then open http://127.0.0.1:7420" + Path + "/"
	}
	// A name that somebody lets lead here (DNS rebinding) is not ours.
	if !hostname.Loopback(r.Host) {
		return "The portal answers at localhost and 127.0.0.1 only, so that no page under another name can reach it."
	}
	return ""
}

// forwarded tells that somebody passed the request on.
func forwarded(header http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "Cf-Connecting-Ip"} {
		if header[name] != nil {
			return true
		}
	}
	return false
}
