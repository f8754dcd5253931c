package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/assessor"
)

// TestTheOperatorsAssessorDecides about what the rules leave open, and is
// counted.
func TestTheOperatorsAssessorDecides(t *testing.T) {
	t.Parallel()
	answer := make(chan string, 1)
	operator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"email":"a+denied@email.se"`) || !strings.Contains(string(body), `"call":"authorize"`) || r.Header.Get("Webhook-Signature") == "" {
			t.Errorf("the question is %s %v", body, r.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, <-answer)
	}))
	t.Cleanup(operator.Close)
	file := t.TempDir() + "/rules.toml"
	replaceFile(t, file, ruleFile(7, ""))
	server := serve(t, app.Config{Rules: file, Assessor: app.Assessor{URL: operator.URL, Secret: make([]byte, 32), Fallback: assessor.FallbackDeny}})
	for said, want := range map[string]bool{`{"outcome":"approve"}`: true, `{"outcome":"deny"}`: false, `nonsense`: false} {
		answer <- said
		if got := approves(t, server.URL); got != want {
			t.Errorf("%s: approved %t", said, got)
		}
	}
	replaceFile(t, file, ruleFile(100, "and now the rules deny"))
	if approves(t, server.URL) {
		t.Error("what the rules deny was approved")
	}
	_, text := get(t, server.URL+"/metrics")
	for _, want := range []string{`kvitto_assessor_requests_total{result="decided"} 2`, `kvitto_assessor_requests_total{result="nonsense"} 1`,
		`kvitto_assessor_requests_total{result="paused"} 0`, `kvitto_assessor_request_duration_seconds_count 3`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestAServerForShopsAsksOnlyWhereItMay: in networks that are public or allowed.
func TestAServerForShopsAsksOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	operator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	t.Cleanup(operator.Close)
	for result, networks := range map[string][]netip.Prefix{"down": nil, "decided": {netip.MustParsePrefix("127.0.0.0/8")}} {
		dir := t.TempDir()
		server := run(t, func(c *app.Config) {
			c.DataDir, c.Assessor = dir, app.Assessor{URL: operator.URL, Secret: make([]byte, 32), Networks: networks}
		})
		user, password := key(t, "sqlite:"+dir+"/kvitto.db")
		created, err := client.New(server.URL, user, password).CreateSession(t.Context(), telling("https://shop.invalid/"))
		if err != nil {
			t.Fatal(err)
		}
		authorizeAsPage(t, server.URL, created.SessionID, created.ClientToken)
		if _, text := get(t, server.URL+"/metrics"); !strings.Contains(text, `kvitto_assessor_requests_total{result="`+result+`"} 1`+"\n") || len(asked) != len(networks) {
			t.Errorf("allowed %v: asked %d times, want %s", networks, len(asked), result)
		}
		for len(asked) > 0 { // the two come in any order
			<-asked
		}
	}
}
