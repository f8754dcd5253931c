package app_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestTheShopOfAPlayground: its pages need no credentials and are no exchanges;
// what it asks of the server is, as of any merchant.
func TestTheShopOfAPlayground(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	for _, path := range []string{"/demo", "/demo/", "/demo/scenarios", "/demo/cart"} {
		if status, body := get(t, server.URL+path); status != http.StatusOK || !strings.Contains(body, "<h1>") {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	if n := server.Exchanges(); n != 0 {
		t.Errorf("looking around made %d exchanges", n)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	answer, err := browser.PostForm(server.URL+"/demo/cart", url.Values{"product": {"mug"}, "change": {"add"}, "back": {"checkout"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/demo/checkout" {
		t.Errorf("the checkout is %d at %s", answer.StatusCode, answer.Request.URL)
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src "+server.URL) {
		t.Errorf("the shop's pages may show frames of %q", policy)
	}
	if n := server.Exchanges(); n != 1 {
		t.Errorf("opening a session made %d exchanges", n)
	}
}

func TestAServerForShopsHasNoDemo(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{Production: true})
	for _, path := range []string{"/demo", "/demo/"} {
		if status, body := get(t, server.URL+path); status != http.StatusUnauthorized || strings.Contains(body, "<h1>") {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
}
