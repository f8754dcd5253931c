package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// ruleFile denies orders of an amount; more changes its size.
func ruleFile(amount int, more string) string {
	return fmt.Sprintf("name = \"shop\" # %s\n[[rule]]\nname = \"amount\"\npriority = 1\ncondition = 'order_amount == %d'\naction = \"deny\"\nreason = \"this amount\"\n", more, amount)
}

// replaceFile is how an operator should do it: a new file takes the name.
func replaceFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

const assessedCart = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,"billing_address":{"email":"a+denied@email.se"},
	"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}]}`

// newSession returns its id.
func newSession(t *testing.T, url string) string {
	t.Helper()
	_, text := post(t, http.DefaultClient, url+"/payments/v1/sessions", assessedCart)
	var session struct {
		SessionID string `json:"session_id"`
	}
	if err := json.Unmarshal([]byte(text), &session); err != nil || session.SessionID == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return session.SessionID
}

// approves tells whether a session of 100 is approved.
func approves(t *testing.T, url string) bool {
	t.Helper()
	_, text := post(t, http.DefaultClient, url+"/kvitto/v1/sessions/"+newSession(t, url)+"/authorize", "{}")
	var answer struct{ Approved *bool }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Approved == nil {
		t.Fatalf("%v: %s", err, text)
	}
	return *answer.Approved
}

// TestRulesAreReadAgainWhenTheirFileChanges, by every process that has them; a
// file that cannot be used, or is gone, leaves the ones before, and is told once.
func TestRulesAreReadAgainWhenTheirFileChanges(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.toml")
	replaceFile(t, file, ruleFile(100, ""))
	var log lockedBuffer
	one := serve(t, app.Config{Rules: file, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	two := serve(t, app.Config{Rules: file})
	expect := func(when string, want bool) {
		t.Helper()
		for _, server := range []*app.App{one, two} {
			if got := approves(t, server.URL); got != want {
				t.Errorf("%s: approved %t, want %t", when, got, want)
			}
		}
	}
	expect("at first", false)
	replaceFile(t, file, ruleFile(7, "another amount"))
	expect("after a change", true)
	replaceFile(t, file, ruleFile(100, "and back"))
	expect("after another", false)
	for _, broken := range []string{"", "name = ", strings.Replace(ruleFile(8, "half"), "order_amount", "amount", 1)} {
		replaceFile(t, file, broken)
		expect("with a broken file", false)
		expect("still", false)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("without a file", false)
	expect("still without", false)
	replaceFile(t, file, ruleFile(9, "mended"))
	expect("after the repair", true)
	text := log.String()
	for said, times := range map[string]int{"the risk rules were replaced": 3, "the changed rule file cannot be used": 3, "the rule file cannot be read": 1} {
		if n := strings.Count(text, said); n != times {
			t.Errorf("%q is told %d times, want %d:\n%s", said, n, times, text)
		}
	}
	if !strings.Contains(text, "is no name that conditions know") {
		t.Errorf("the log does not say why:\n%s", text)
	}
}

// TestAChangeInPlaceIsSeen: same file, same size, another time.
func TestAChangeInPlaceIsSeen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.toml")
	write := func(amount int, at time.Time) {
		t.Helper()
		if err := os.WriteFile(file, []byte(ruleFile(amount, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	write(100, at)
	server := serve(t, app.Config{Rules: file})
	if approves(t, server.URL) {
		t.Error("the rules of the file do not decide")
	}
	write(101, at.Add(time.Second))
	if !approves(t, server.URL) {
		t.Error("the change was not seen")
	}
}

// TestAServerDoesNotStartWithBadRules.
func TestAServerDoesNotStartWithBadRules(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.toml")
	replaceFile(t, file, "name = \"a\"")
	for name, want := range map[string]string{file: "there is no rule", file + ".none": "no such file"} {
		_, err := open(t, app.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Rules: name})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "kvitto rules check") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestARefusalNamesTheRule: rule and version reach the explanation of an order
// that is refused later.
func TestARefusalNamesTheRule(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.toml")
	replaceFile(t, file, ruleFile(7, ""))
	server := serve(t, app.Config{Rules: file})
	id := newSession(t, server.URL)
	_, text := post(t, http.DefaultClient, server.URL+"/kvitto/v1/sessions/"+id+"/authorize", "{}")
	var approved struct {
		Token string `json:"authorization_token"`
	}
	if err := json.Unmarshal([]byte(text), &approved); err != nil || approved.Token == "" {
		t.Fatalf("%v: %s", err, text)
	}
	replaceFile(t, file, ruleFile(100, ""))
	post(t, http.DefaultClient, server.URL+"/kvitto/v1/sessions/"+id+"/reauthorize", "{}")
	answer, text := post(t, http.DefaultClient, server.URL+"/payments/v1/authorizations/"+approved.Token+"/order", assessedCart)
	if answer.StatusCode < 400 {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, answer.Header.Get("Kvitto-Explanation"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("merchant", "secret")
	explained, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = explained.Body.Close() }()
	var explanation struct {
		Reason string `json:"reason"`
	}
	if err := json.NewDecoder(explained.Body).Decode(&explanation); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(explanation.Reason, "this amount (rule amount of shop ") {
		t.Errorf("the explanation says %q", explanation.Reason)
	}
}

// TestARuleThatFailsIsCountedAndToldOnce, and the customer gets an answer.
func TestARuleThatFailsIsCountedAndToldOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.toml")
	replaceFile(t, file, "name = \"a\"\n[[rule]]\nname = \"third\"\npriority = 1\ncondition = 'order_lines[2].name == \"a\"'\naction = \"approve\"\nreason = \"x\"\n")
	var log lockedBuffer
	server := serve(t, app.Config{Rules: file, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		if !approves(t, server.URL) { // a referred order is approved, and pending
			t.Error("refused")
		}
	}
	if _, text := get(t, server.URL+"/metrics"); !strings.Contains(text, "\nkvitto_risk_rule_failures_total 2\n") {
		t.Error("the failures are not counted")
	}
	if text := log.String(); strings.Count(text, "a risk rule failed") != 1 || !strings.Contains(text, "rule=third") {
		t.Errorf("the log says:\n%s", text)
	}
}
