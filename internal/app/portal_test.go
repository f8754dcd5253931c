package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestThePortalOfAPlayground: a refusal is found by its correlation id alone,
// whoever's it is, by who is on the machine; looking is no exchange.
func TestThePortalOfAPlayground(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	if want := server.URL + "/portal/"; server.PortalURL() != want {
		t.Errorf("the portal is said to be at %q, want %q", server.PortalURL(), want)
	}
	refused := send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", "shoes", "secret", `{}`, nil)
	id := refused.header.Get("Klarna-Correlation-Id")
	for path, want := range map[string]string{
		"exchanges/" + id: "purchase_country is missing", "": "create session: purchase_country", "logs": id, "logs?q=" + id: "purchase_country is missing",
		"callbacks": "No callback yet", "playground": "The clock of shoes", "rules": "The rules",
	} {
		if status, body := get(t, server.PortalURL()+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, want 200 with %q\n%.300s", path, status, want, body)
		}
	}
	if n := server.Exchanges(); n != 1 {
		t.Errorf("looking around made %d exchanges", n-1)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.PortalURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "evil.example"
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("under another name: %d, %v", answer.StatusCode, err)
	}
}
