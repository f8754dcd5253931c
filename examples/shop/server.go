package shop

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kvitto/kvitto/client"
)

// Options say where the shop and its payment server are.
type Options struct {
	// PublicURL is the shop as browsers and the payment server reach it, for
	// example http://127.0.0.1:8080/. Its path is where the shop is mounted.
	PublicURL string
	// Payments is the payment server as the shop reaches it, and
	// PaymentsPublic as browsers do; empty: the same.
	Payments, PaymentsPublic string
	Username, Password       string            // of the merchant
	Transport                http.RoundTripper // to the payment server; nil is http.DefaultTransport
	VisitsMax                int               // carts in memory; 0 is 1000
}

const (
	bodyMax        = 16 << 10
	fieldMax       = 200 // runes of what a customer types
	paymentTimeout = 10 * time.Second
	cookieName     = "shop_visit"
)

//go:embed web
var web embed.FS

type shop struct {
	public   *url.URL
	base     string // path of the shop, with slashes at both ends
	origin   string // of the payment server, for browsers
	payments *client.Client
	visits   visits
}

// New returns the shop. It answers below the path of PublicURL.
func New(o Options) (http.Handler, error) {
	public, err := url.Parse(strings.TrimRight(o.PublicURL, "/") + "/")
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("%q is not an address of a shop, such as http://127.0.0.1:8080/", o.PublicURL)
	}
	browsers, err := url.Parse(cmp.Or(o.PaymentsPublic, o.Payments))
	if err != nil || browsers.Host == "" {
		return nil, fmt.Errorf("%q is not an address of a payment server, such as http://127.0.0.1:7420", cmp.Or(o.PaymentsPublic, o.Payments))
	}
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	s := &shop{
		public: public, base: public.Path, origin: browsers.Scheme + "://" + browsers.Host,
		payments: client.New(o.Payments, o.Username, o.Password, client.WithTimeout(paymentTimeout),
			client.WithHTTPClient(&http.Client{Transport: recorder{transport}})),
		visits: visits{max: cmp.Or(o.VisitsMax, visitsMax), byID: map[string]*visit{}},
	}
	// A page of another site may not make a customer's browser buy.
	return s.guard(http.NewCrossOriginProtection().Handler(s.routes())), nil
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.base+"assets/{name...}", s.asset)
	mux.HandleFunc("POST "+s.base+"callbacks/{name}", s.callback)
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request, *visit){
		"GET {$}":               s.products,
		"GET cart":              s.cart,
		"POST cart":             s.changeCart,
		"POST market":           s.changeMarket,
		"GET checkout":          s.checkout,
		"GET checkout/address":  s.addressStep,
		"POST checkout/address": s.saveAddress,
		"GET checkout/payment":  s.paymentStep,
		"GET checkout/review":   s.reviewStep,
		"POST authorization":    s.remember,
		"POST order":            s.place,
		"GET confirmation":      s.confirmation,
		"GET calls/{id}":        s.explain,
		"GET calls":             s.callList,
		"GET scenarios":         s.scenarios,
		"POST scenarios/{name}": s.startScenario,
		"POST scenarios":        s.endScenario,
		"GET /":                 s.notFound,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.base+strings.TrimPrefix(path, "/"), s.visited(handle))
	}
	return mux
}

// visited finds the visit of the browser's cookie and locks it. Only a change
// makes a visit to be remembered: looking around costs the shop nothing.
func (s *shop) visited(handle func(http.ResponseWriter, *http.Request, *visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var v *visit
		if cookie, err := r.Cookie(cookieName); err == nil {
			v = s.visits.find(cookie.Value)
		}
		if v == nil {
			v = newVisit()
			if r.Method == http.MethodPost {
				s.visits.add(v)
				http.SetCookie(w, &http.Cookie{Name: cookieName, Value: v.id, Path: s.base,
					HttpOnly: true, Secure: s.public.Scheme == "https", SameSite: http.SameSiteLaxMode})
			}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		handle(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)), v)
	}
}

// guard bounds requests and tells browsers what the pages may do.
func (s *shop) guard(next http.Handler) http.Handler {
	policy := strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
		// What Klarna.Payments needs: its script, its calls, its frames.
		"script-src 'self' " + s.origin, "connect-src 'self' " + s.origin, "frame-src " + s.origin,
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		// "same-origin" alone would cut a payment popup off from the page.
		header.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
