package app

import (
	"net/http"
	"strings"

	"github.com/kvitto/kvitto/examples/shop"
)

// The example shop of a playground.
const (
	demoPath     = "/demo"
	demoMerchant = "demo-shop"
)

// withDemo puts the example shop below /demo/ of a playground. The shop is a
// merchant like any other: it calls the server over HTTP, at the address other
// merchants use. Requests to the shop are none to the Payments API, so they
// need no credentials and are not recorded.
func (a *App) withDemo(next http.Handler) (http.Handler, error) {
	if a.config.Production {
		return next, nil
	}
	public := a.publicURL()
	demo, err := shop.New(shop.Options{
		PublicURL: public + demoPath + "/", Payments: a.URL, PaymentsPublic: public,
		Username: demoMerchant, Password: "demo",
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == demoPath || strings.HasPrefix(r.URL.Path, demoPath+"/") {
			demo.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
