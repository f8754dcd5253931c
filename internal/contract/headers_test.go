package contract_test

import (
	"regexp"
	"strconv"
	"testing"
)

// securityHeaders stand on every answer from behind the gateway since autumn
// 2021, as recorded.
var securityHeaders = map[string]string{
	"X-Content-Type-Options": "nosniff",
	"X-Xss-Protection":       "1; mode=block",
	"Cache-Control":          "no-cache, no-store, max-age=0, must-revalidate",
	"Pragma":                 "no-cache",
	"Expires":                "0",
	"X-Frame-Options":        "DENY",
}

// correlationID is a version 4 UUID.
var correlationID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// recordedHeaders checks what every answer of the API has.
func recordedHeaders(t *testing.T, exchange string, a answer) {
	t.Helper()
	for name, want := range securityHeaders {
		if got := a.header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: header %s is %q, want %q", exchange, name, got, want)
		}
	}
	if id := a.header.Get("Klarna-Correlation-Id"); !correlationID.MatchString(id) {
		t.Errorf("%s: Klarna-Correlation-Id is %q, want a version 4 UUID", exchange, id)
	}
	if ms, err := strconv.Atoi(a.header.Get("Render-Time")); err != nil || ms < 0 {
		t.Errorf("%s: Render-Time is %q, want milliseconds", exchange, a.header.Get("Render-Time"))
	}
	if a.status == 204 && (a.header.Get("Content-Type") != "" || a.header.Get("Content-Length") != "") {
		t.Errorf("%s: a 204 has neither Content-Type nor Content-Length, got %v", exchange, a.header)
	}
}
