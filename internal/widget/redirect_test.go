package widget_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/widget"
)

type confirmations func(sessionID string) (string, error)

func (c confirmations) ConfirmationURL(_ context.Context, sessionID string) (string, error) {
	return c(sessionID)
}

func TestTheRedirectLeadsToWebPagesOnly(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]int{
		"https://shop.example/thanks?order=1": http.StatusFound,
		"http://127.0.0.1:8080/ok":            http.StatusFound,
		"HTTPS://shop.example/":               http.StatusFound,
		"javascript:alert(1)":                 http.StatusNotFound,
		"//shop.example/":                     http.StatusNotFound,
		"https://":                            http.StatusNotFound,
		"https://shop.example/\r\nX: y":       http.StatusNotFound,
		"ftp://shop.example/":                 http.StatusNotFound,
	} {
		t.Run(location, func(t *testing.T) {
			t.Parallel()
			answer := visit(t, func(string) (string, error) { return location, nil })
			if answer.Code != want || (want == http.StatusFound) != (answer.Header().Get("Location") == location) {
				t.Errorf("%d %v", answer.Code, answer.Header())
			}
		})
	}
}

func TestTheRedirectWithoutAnOrder(t *testing.T) {
	t.Parallel()
	if answer := visit(t, func(string) (string, error) { return "", &checkout.Refusal{Kind: checkout.KindNotFound} }); answer.Code != 404 {
		t.Errorf("no order: %d", answer.Code)
	}
	if answer := visit(t, func(string) (string, error) { return "", errors.New("disk on fire") }); answer.Code != 503 {
		t.Errorf("a failing store: %d", answer.Code)
	}
}

func visit(t *testing.T, c confirmations) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(widget.RedirectPattern, widget.Redirect(c))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/kp/v1/sessions/x/redirect", nil))
	return answer
}
