package app

import (
	"net/http"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/portal"
)

// PortalURL is where the portal of a playground is.
func (a *App) PortalURL() string { return a.URL + portal.Path + "/" }

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
