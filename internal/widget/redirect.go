package widget

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Confirmations finds where a customer goes after the order.
type Confirmations interface {
	ConfirmationURL(ctx context.Context, sessionID string) (string, error)
}

// RedirectPattern is the path of a place order's redirect_url.
const RedirectPattern = "GET /kp/v1/sessions/{session_id}/redirect"

// Redirect sends the customer's browser to the merchant's confirmation page.
func Redirect(confirmations Confirmations) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		location, err := confirmations.ConfirmationURL(r.Context(), r.PathValue("session_id"))
		var refusal *checkout.Refusal
		switch {
		case err == nil && followable(location):
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		case err == nil, errors.As(err, &refusal) && refusal.Kind == checkout.KindNotFound:
			http.Error(w, "There is no order with a confirmation page here.", http.StatusNotFound)
		default:
			http.Error(w, "The payment server is busy. Please try again.", http.StatusServiceUnavailable)
		}
	})
}

// followable keeps a browser from being sent to anything but a web page.
func followable(location string) bool {
	address, err := url.Parse(location) // refuses control characters
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
}
