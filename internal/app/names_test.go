package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestAHostHeaderDecidesNothingForShops: only a playground follows the
// original's names. Where shops pay, addresses are the configured one or the
// server's own, whatever a request calls itself.
func TestAHostHeaderDecidesNothingForShops(t *testing.T) {
	t.Parallel()
	for _, public := range []string{"", "https://pay.example"} {
		data := t.TempDir()
		server := run(t, func(c *app.Config) { c.DataDir, c.PublicURL = data, public })
		username, password := key(t, "sqlite:"+data)
		want := public
		if want == "" {
			want = server.URL
		}
		for _, host := range []string{"api.klarna.com", "api-na.playground.klarna.com:443", "js.klarna.com", "evil.example"} {
			for _, body := range []string{cart, "{}"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/payments/v1/sessions", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				r.SetBasicAuth(username, password)
				response, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				var created struct {
					Token string `json:"client_token"`
				}
				err = json.NewDecoder(response.Body).Decode(&created)
				_ = response.Body.Close()
				if err != nil {
					t.Fatal(err)
				}
				if body == cart && !strings.Contains(payload(t, created.Token), `"base_url":"`+want+`/kp"`) {
					t.Errorf("under %s the token says %s", host, payload(t, created.Token))
				}
				if at := response.Header.Get("Kvitto-Explanation"); body != cart && !strings.HasPrefix(at, want+"/kvitto/") {
					t.Errorf("under %s the explanation is at %s", host, at)
				}
			}
		}
	}
}
