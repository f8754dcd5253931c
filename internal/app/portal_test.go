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

// TestThePortalWarnsOfAnUpdateAfterTheApproval: from what the store has written
// down.
func TestThePortalWarnsOfAnUpdateAfterTheApproval(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	created, err := s.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	s.again(created.SessionID)
	if _, err := s.UpdateSession(t.Context(), created.SessionID, `{"order_lines":[],"order_amount":0}`); err == nil {
		t.Fatal("a cart with nothing in it was taken")
	}
	const page, warning = "sessions/", "The customer approved revision 2, and this differs from it in"
	if _, body := get(t, server.PortalURL()+page+created.SessionID); strings.Contains(body, warning) {
		t.Error("a warning of an update that was refused")
	}
	address := `{"billing_address":{"given_name":"B","email":"b@shoes.example","country":"SE"}}`
	if _, err := s.UpdateSession(t.Context(), created.SessionID, address); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(address, `"B"`, `"C"`, 1)
	s.again(created.SessionID)
	if _, err := s.UpdateSession(t.Context(), created.SessionID, other); err != nil {
		t.Fatal(err)
	}
	if _, body := get(t, server.PortalURL()+page+created.SessionID); !strings.Contains(body, "The customer approved revision 4, and this differs from it in billing_address.given_name") {
		t.Errorf("no warning in\n%s", body)
	}
}

// TestThePortalShowsHowAPaymentWasDecided: from the assessment that was kept.
func TestThePortalShowsHowAPaymentWasDecided(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	created, err := s.CreateSession(t.Context(), strings.Replace(cart, "{", `{"billing_address":{"email":"customer+denied@email.se"},`, 1))
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Authorize(t.Context(), created.SessionID, `{}`)
	if err != nil || result.Approved {
		t.Fatal(result, err)
	}
	if _, body := get(t, server.PortalURL()+"sessions/"+created.SessionID); !strings.Contains(body, "How it was decided: deny, by rule denied") {
		t.Errorf("no word of the rule in\n%s", body)
	}
}
