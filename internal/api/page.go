package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/lab"
)

const (
	// pagesPrefix is where pages call. What they load lies beside it.
	pagesPrefix = "/kp/v1/"
	// expressPath is where a page itself makes a session.
	expressPath = pagesPrefix + "sessions"
)

// forPages decides on the path that is served, not on the one that was sent:
// below /kp/v1/ a path with ..%2f, which browsers keep as it is, leads elsewhere.
func forPages(path string) bool { return strings.HasPrefix(tolerantPath(path), pagesPrefix) }

// ForPages tells whether a request is one to the browser's API: everything else
// below /kp/ is what a browser loads.
func ForPages(r *http.Request) bool {
	return forPages(r.URL.Path) && (r.Method == http.MethodPost || r.Method == http.MethodOptions)
}

// authenticatePage lets a page in at the one session of its token. It has no
// other right, and no merchant's credentials.
func (x *exchange) authenticatePage() error {
	scheme, token, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return &checkout.Refusal{Kind: checkout.KindUnauthorized, Reason: "there is no Authorization header of the Bearer scheme"}
	}
	if x.request.URL.Path == expressPath {
		return x.authenticateExpress(token)
	}
	sessionID, err := x.api.Tokens.Verify(token)
	if err != nil {
		return &checkout.Refusal{Kind: checkout.KindUnauthorized, Reason: "the client token was not made by this server"}
	}
	merchantID, err := x.api.Service.MerchantOf(x.request.Context(), sessionID)
	if err != nil {
		// It belongs to nobody any more, like a request without credentials.
		x.record.Expendable, x.unrecorded = true, x.api.unauthorized.due(x.started) == 0
		return err
	}
	x.tokenOf, x.record.MerchantID, x.record.SessionID = sessionID, merchantID, sessionID
	return nil
}

// authenticateExpress lets a page with a client id make a session. Only a
// playground knows such ids: they name its merchants.
func (x *exchange) authenticateExpress(clientID string) error {
	if x.api.Playground == nil {
		x.record.Expendable, x.unrecorded = true, x.api.unauthorized.due(x.started) == 0
		return &checkout.Refusal{Kind: checkout.KindExpressNotOffered, Reason: "only a playground lets a page create sessions"}
	}
	merchantID, err := x.api.Authenticator.Authenticate(x.request.Context(), lab.MerchantOfClientID(clientID), "")
	if errors.Is(err, credential.ErrRefused) {
		return &checkout.Refusal{Kind: checkout.KindUnauthorized, Reason: "the client id names no merchant"}
	}
	if err != nil {
		return storeFailed(err)
	}
	x.record.MerchantID = merchantID
	return nil
}

// pageSession is the session of the path, which must be the token's. Another is
// unknown, in the same words.
func (x *exchange) pageSession() (string, error) {
	if x.request.PathValue("session_id") != x.tokenOf {
		return "", &checkout.Refusal{Kind: checkout.KindSessionNotFound, Reason: "the client token is for another session than the path"}
	}
	return x.tokenOf, nil
}

var (
	headerAnyOrigin = []string{"*"}
	headerExposed   = []string{"Klarna-Correlation-Id, Kvitto-Assessment-Id, Kvitto-Explanation, Retry-After"}
	headerMethods   = []string{"POST"}
	headerAsked     = []string{"authorization, content-type"}
	headerPreflight = []string{"86400"}
	headerTrue      = []string{"true"}
)

// CrossOrigin stands before everything that answers pages: they may read every
// answer, also a refusal under overload. A preflight is answered here, without
// credentials, record, or a place among the requests that do something. Only a
// playground is for pages of the internet while it stands in a private network.
func CrossOrigin(next http.Handler, playground bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forPages(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h["Access-Control-Allow-Origin"] = headerAnyOrigin
		h["Access-Control-Expose-Headers"] = headerExposed
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h["Access-Control-Allow-Methods"] = headerMethods
		h["Access-Control-Allow-Headers"] = headerAsked
		h["Access-Control-Max-Age"] = headerPreflight
		if playground && r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			// A shop's public page, a playground on the developer's machine.
			h["Access-Control-Allow-Private-Network"] = headerTrue
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
