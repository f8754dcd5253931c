package app

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/proxy"
)

// addresses are what the answers to a request lead to. It is for requests
// behind the trust in proxies; the path is the one that was sent, because the
// region of a browser stands in it. Only a playground is called by the original's
// names: elsewhere a Host header, which anybody can write, decides nothing.
func (a *App) addresses(r *http.Request) hostname.Addresses {
	if a.config.Production {
		own := a.publicURL()
		return hostname.Addresses{API: own, Browser: own}
	}
	public := hostname.Public{Configured: a.config.PublicURL, Own: a.URL}
	return public.Addresses(hostname.Reached{Host: r.Host, Secure: proxy.Secure(r), Path: r.RequestURI})
}

// underNames lets requests under the original's host names find their paths.
func underNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, ok := hostname.Find(r.Host); ok {
			if path := host.Path(r.URL.Path); path != r.URL.Path {
				r.URL.Path, r.URL.RawPath = path, ""
			}
		}
		next.ServeHTTP(w, r)
	})
}
