package contract_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClientToken: three parts, a header without "typ", the claims in recorded
// order, no times in it. The SDK needs the claims up to session_type.
func TestClientToken(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := s.merchant("token").must(t, 200, "POST", sessionsPath, cart)
	header, claims := tokenParts(t, a.text(t, "client_token"))
	if _, ok := header["typ"]; ok || header["alg"] == "none" || header["kid"] == "" {
		t.Errorf("header %v", header)
	}
	want := strings.Fields("session_id base_url design language purchase_country environment merchant_name session_type " +
		"client_event_base_url scheme experiments region order_amount")
	if diff := cmp.Diff(want, keyPaths(t, claims)); diff != "" {
		t.Errorf("claims (- recorded, + ours):\n%s", diff)
	}
	got := answer{body: claims}.object(t)
	for name, want := range map[string]any{
		"session_id": a.text(t, "session_id"), "base_url": s.url + "/kp", "design": "klarna", "language": "sv", "purchase_country": "SE",
		"environment": "playground", "session_type": "PAYMENTS", "scheme": true, "order_amount": json.Number("1000"),
	} {
		if got[name] != want {
			t.Errorf("claim %s is %v, want %v", name, got[name], want)
		}
	}
}

// A locale that the market does not offer falls back to English without an
// error, as recorded tokens show; the billing country overrides.
func TestClientTokenLanguage(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("language")
	for _, c := range []struct{ country, currency, locale, billing, language, shown string }{
		{"SE", "SEK", "sv-SE", "", "sv", "SE"},
		{"SE", "SEK", "SV-se", "", "sv", "SE"},
		{"SE", "SEK", "EN", "", "en", "SE"},
		{"SE", "SEK", "PL", "", "en", "SE"},
		{"SE", "SEK", "de-DE", "", "en", "SE"},
		{"FI", "EUR", "sv-FI", "", "sv", "FI"},
		{"GB", "USD", "es-US", "US", "es", "US"},
	} {
		body := fmt.Sprintf(`{"purchase_country":%q,"purchase_currency":%q,"locale":%q,"billing_address":{"country":%q},"order_amount":1,`+
			`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}]}`, c.country, c.currency, c.locale, c.billing)
		_, claims := tokenParts(t, m.must(t, 200, "POST", sessionsPath, body).text(t, "client_token"))
		got := answer{body: claims}
		if got.text(t, "language") != c.language || got.text(t, "purchase_country") != c.shown {
			t.Errorf("%+v: the claims are %s", c, claims)
		}
	}
}

func tokenParts(t *testing.T, token string) (header map[string]any, claims []byte) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		t.Fatalf("%q has not three parts", token)
	}
	first, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	claims, err = base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return answer{body: first}.object(t), claims
}
