package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// approvalsFile denies a customer who was approved so often.
func approvalsFile(t *testing.T, approvals int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.toml")
	replaceFile(t, file, fmt.Sprintf("name = \"shop\"\n[[rule]]\nname = \"many\"\npriority = 1\ncondition = 'email_history.approvals_day >= %d'\n"+
		"action = \"deny\"\nreason = \"{email_history.approvals_day} approvals today\"\n", approvals))
	return file
}

const customerCart = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,"billing_address":{"email":"a@b.se"},
	"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}]}`

// stores are a store of each kind, with the servers that share it.
func stores(t *testing.T) map[string]func(app.Config) []*app.App {
	return map[string]func(app.Config) []*app.App{
		"three processes on one PostgreSQL": func(config app.Config) []*app.App {
			config.Store = pgtest.URL(t)
			return []*app.App{serve(t, config), serve(t, config), serve(t, config)}
		},
		"one process on SQLite": func(config app.Config) []*app.App { return []*app.App{serve(t, config)} },
	}
}

// TestACustomerIsApprovedAsOftenAsTheRulesSay: a hundred sessions of one e-mail
// address are authorized at the same time. Whoever answers, three are approved.
// Who is told to come again, because the others took too long, does.
func TestACustomerIsApprovedAsOftenAsTheRulesSay(t *testing.T) {
	t.Parallel()
	for name, start := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const calls, allowed = 100, 3
			servers := start(app.Config{Rules: approvalsFile(t, allowed)})
			transport := &http.Transport{MaxIdleConnsPerHost: calls}
			t.Cleanup(transport.CloseIdleConnections)
			var mu sync.Mutex
			var wait sync.WaitGroup
			approved := 0
			for i := range calls {
				wait.Go(func() {
					c := client.New(servers[i%len(servers)].URL, "merchant", "secret", client.WithHTTPClient(&http.Client{Transport: transport}))
					session, err := c.CreateSession(t.Context(), customerCart)
					if err != nil {
						t.Error(err)
						return
					}
					result, err := c.Authorize(t.Context(), session.SessionID, nil)
					for comesAgain(err) {
						result, err = c.Authorize(t.Context(), session.SessionID, nil)
					}
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					if result.Approved {
						approved++
					}
				})
			}
			wait.Wait()
			if approved != allowed {
				t.Errorf("%d were approved, want %d", approved, allowed)
			}
		})
	}
}

// comesAgain tells an answer that asks for another try.
func comesAgain(err error) bool {
	refused, ok := errors.AsType[*client.Error](err)
	return ok && refused.Status == http.StatusServiceUnavailable
}

// TestAnAssessmentTellsHowItWasDecided: the answer names it, its outcome is the
// answer's, and it has the rules, what they looked at, and what was known; also
// for a page's call, with the device and the address of the browser.
func TestAnAssessmentTellsHowItWasDecided(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{Rules: approvalsFile(t, 1)})
	c := client.New(server.URL, "merchant", "secret")
	for i, want := range []string{"approve", "deny"} {
		session, err := c.CreateSession(t.Context(), customerCart)
		if err != nil {
			t.Fatal(err)
		}
		answer, body := post(t, http.DefaultClient, server.URL+"/kp/v1/sessions/"+session.SessionID+"/authorize",
			`{"interaction":"none","device_id":"d-1","data":{"merchant_reference1":"x"}}`,
			"Authorization", "Bearer "+session.ClientToken, "Content-Type", "application/json")
		id := answer.Header.Get("Kvitto-Assessment-Id")
		made, err := c.Assessment(t.Context(), id)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if made.Outcome != want || strings.Contains(body, `"approved" : true`) != (want == "approve") {
			t.Errorf("outcome %q, want %q: %s", made.Outcome, want, body)
		}
		if made.RuleSet == nil || made.RuleSet.Name != "shop" || len(made.Steps) != 1 || made.Steps[0].Rule != "many" || made.SessionID != session.SessionID || made.Revision != 2 {
			t.Errorf("%+v", made)
		}
		if made.Inputs.DeviceID != "d-1" || made.Inputs.IP != "127.0.0.1" || !strings.Contains(string(made.Inputs.Content), `"a@b.se"`) {
			t.Errorf("inputs %+v", made.Inputs)
		}
		known := strings.Contains(fmt.Sprint(made.Inputs.Signals), "{email_history.approvals_day 1}")
		if known != (i == 1) {
			t.Errorf("signals %v", made.Inputs.Signals)
		}
		exchange, err := c.Explain(t.Context(), answer.Header.Get("Klarna-Correlation-Id"))
		if err != nil || exchange.AssessmentID != id || made.ExchangeID != exchange.ID {
			t.Errorf("the exchange names the assessment %q, not %q (%v)", exchange.AssessmentID, id, err)
		}
	}
}

// TestAReplayFindsWhatWouldBeDifferent, and nothing else, on both kinds of
// stores: of thousands of assessments those of the amounts that the other rules
// deny; with lines that tell how far it is, and going on where it was cut.
func TestAReplayFindsWhatWouldBeDifferent(t *testing.T) {
	t.Parallel()
	for name, start := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const sessions, each, different = 40, 60, 7
			server := start(app.Config{})[0]
			c := client.New(server.URL, "merchant", "secret")
			var wait sync.WaitGroup
			for i := range sessions {
				wait.Go(func() { assessOften(t, c, i, each) })
			}
			wait.Wait()
			assessOften(t, client.New(server.URL, "another", "secret"), 0, 1)
			rules := fmt.Sprintf("name = \"strict\"\n[[rule]]\nname = \"small\"\npriority = 1\ncondition = 'order_amount < %d'\naction = \"deny\"\nreason = \"small\"\n", 100+different)
			var told []client.ReplayProgress
			result, err := c.Replay(t.Context(), client.ReplayQuestion{Rules: rules}, func(p client.ReplayProgress) { told = append(told, p) })
			if err != nil {
				t.Fatal(err)
			}
			if result.Compared != sessions*each || result.Different != different*each || result.RuleSet.Name != "strict" || result.Failed+result.Unreadable > 0 {
				t.Errorf("%+v", result)
			}
			if len(told) < 3 || told[0].Done != 1000 || told[len(told)-1].Done != sessions*each || told[0].Total != sessions*each {
				t.Errorf("progress %+v", told)
			}
			if len(result.Examples) != 20 || result.Examples[0].Was != "approve" || result.Examples[0].WouldBe != "deny" || result.Examples[0].Rule != "small" {
				t.Errorf("examples %+v", result.Examples)
			}
			rest, err := c.Replay(t.Context(), client.ReplayQuestion{Rules: rules, After: told[0].After, Limit: 500}, func(client.ReplayProgress) {})
			if err != nil || rest.Compared != 500 {
				t.Errorf("behind the first thousand: %+v %v", rest, err)
			}
			later, err := c.Replay(t.Context(), client.ReplayQuestion{Rules: rules, From: time.Now().Add(time.Hour)}, func(client.ReplayProgress) {})
			if err != nil || later.Compared != 0 {
				t.Errorf("from in an hour on: %+v %v", later, err)
			}
			earlier, err := c.Replay(t.Context(), client.ReplayQuestion{Rules: rules, To: time.Now().Add(-time.Hour)}, func(client.ReplayProgress) {})
			if err != nil || earlier.Compared != 0 || earlier.Total != 0 {
				t.Errorf("before an hour ago: %+v %v", earlier, err)
			}
		})
	}
}

// assessOften assesses one session of its own amount.
func assessOften(t *testing.T, c *client.Client, amount, times int) {
	session, err := c.CreateSession(t.Context(), strings.ReplaceAll(cart, "100", fmt.Sprint(100+amount)))
	for range times {
		if err == nil {
			_, err = c.Authorize(t.Context(), session.SessionID, nil)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestWhatAReplayRefuses: each before anything is compared.
func TestWhatAReplayRefuses(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	const good = "name = \"a\"\n[[rule]]\nname = \"r\"\npriority = 1\ncondition = 'order_amount > 1'\naction = \"deny\"\nreason = \"r\"\n"
	listed := func(key string) string {
		body, err := json.Marshal(map[string]any{"rules": good + "[lists]\na = \"a.txt\"\n", "lists": map[string]string{key: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for name, c := range map[string]struct {
		query, media, body string
		status             int
		says               string
	}{
		"a good file":            {"", "text/plain", good, 200, `{"result":{"done":0,"total":0,"rule_set":{"name":"a",`},
		"with another name":      {"?limit=1", "application/toml", good, 200, `{"result":`},
		"no file":                {"", "text/plain", "", 400, "Bad value: file"},
		"a name nobody knows":    {"", "text/plain", strings.Replace(good, "order_amount", "amount", 1), 400, "Bad value: line 5 r condition"},
		"a file with lists":      {"", "text/plain", good + "[lists]\na = \"a.txt\"\n", 400, "Bad value: line 9 lists.a"},
		"with its lists":         {"", "application/json", listed("a.txt"), 200, `{"result":`},
		"with lists by name":     {"", "application/json", listed("a"), 200, `{"result":`},
		"with other lists":       {"", "application/json", listed("b.txt"), 400, "Bad value: line 9 lists.a"},
		"lists that are none":    {"", "application/json", `{"rules":"","lists":7}`, 400, "Bad value: lists"},
		"what is no JSON":        {"", "application/json", `{"rules":`, 400, "BAD_REQUEST"},
		"lists that are too big": {"", "application/json", strings.Repeat(" ", 4<<20+1), 413, "REQUEST_TOO_LARGE"},
		"a form":                 {"", "application/x-www-form-urlencoded", good, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"a limit that is none":   {"?limit=0", "text/plain", good, 400, "Bad value: limit"},
		"an id that is none":     {"?after=1", "text/plain", good, 400, "Bad value: after"},
		"a time that is none":    {"?from=today", "text/plain", good, 400, "Bad value: from"},
		"a file that is long":    {"", "text/plain", good + strings.Repeat("#", 128<<10), 413, "REQUEST_TOO_LARGE"},
		"a file that is too big": {"", "text/plain", strings.Repeat("#", 1<<20+1), 413, "REQUEST_TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: there is one at a time
			answer, body := post(t, http.DefaultClient, server.URL+"/kvitto/v1/assessments/replay"+c.query, c.body, "Content-Type", c.media)
			if answer.StatusCode != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%d %s, want %d and %s", answer.StatusCode, body, c.status, c.says)
			}
			if lines := answer.Header.Get("Content-Type") == "application/x-ndjson"; lines != (c.status == 200) {
				t.Errorf("Content-Type %s", answer.Header.Get("Content-Type"))
			}
		})
	}
}
