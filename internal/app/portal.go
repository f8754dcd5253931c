package app

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/portal"
)

// PortalURL is where the portal is; empty where there is none, and where it
// would answer nobody: it opens at this machine's own addresses only.
func (a *App) PortalURL() string {
	at, err := url.Parse(a.URL)
	if err != nil || a.config.Production || !hostname.Loopback(at.Host) {
		return ""
	}
	return a.URL + portal.Path + "/"
}

// withPortal puts the portal of a playground before everything else: who may
// open it is decided by the connection, before forwarded headers are believed.
// A server for shops has none.
func (a *App) withPortal(next http.Handler, own *mode, wake func()) (http.Handler, error) {
	pages := http.Handler(http.HandlerFunc(http.NotFound))
	if !a.config.Production {
		made, err := portal.New(portal.Options{
			Log: a.stores.log, Sessions: a.stores, Callbacks: desk{a.stores.engine, wake}, Clock: own.playground, Next: own.next,
			// The request log has the time of the machine, whatever the clocks are.
			URL: a.URL, Now: time.Now, Logger: a.config.Logger,
		})
		if err != nil {
			return nil, err
		}
		pages = made
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == portal.Path || strings.HasPrefix(r.URL.Path, portal.Path+"/") {
			pages.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
