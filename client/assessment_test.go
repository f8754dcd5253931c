package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/client"
)

func TestTextOfAnAssessment(t *testing.T) {
	t.Parallel()
	a := client.Assessment{
		ID: "a-1", SessionID: "s-1", Revision: 2, ExchangeID: "c-1", At: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), Call: "authorize", Microseconds: 42,
		Ruling: client.Ruling{Outcome: "invalid_fields", Reason: "large\x1b[2J", Rule: "large", RuleSet: &client.RuleSet{Name: "shop", Version: "abc"},
			InvalidFields: []string{"billing_address.email"}},
		Steps: []client.AssessmentStep{
			{Rule: "third", State: "failed", Microseconds: 5, Error: "division by zero"}, {Rule: "large", State: "matched", Microseconds: 37},
			{Rule: "last", State: "not_reached"},
		},
	}
	a.Inputs.DeviceID, a.Inputs.Session.Changes, a.Inputs.Session.AgeSeconds, a.Inputs.Session.Denied = "d-1", 3, 65, true
	a.Inputs.Signals = []client.Signal{{Name: "email_history.known", Value: "true"}, {Name: "email_history.orders", Value: "2"}, {Name: "age", Value: "30"}}
	a.Inputs.Content = []byte(`{"order_amount":1}`)
	const want = `authorize: invalid_fields
assessment a-1
session s-1, revision 2
exchange c-1
2026-05-01 09:00:00.000 UTC, rules took 0.042 ms

why: large�[2J
fields to mend: billing_address.email

rules of shop, version abc
  third  failed           5 µs  division by zero
  large  matched         37 µs  decides
  last   not reached

looked at
  device    d-1
  session   3 changes, 1m5s old, denied before
  email_history: known, orders 2
  other: age 30

content
  {
    "order_amount": 1
  }
`
	if diff := cmp.Diff(want, a.String()); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
}

const (
	progressLines = `{"progress":{"done":1,"total":2,"after":"a-1"}}` + "\n" + `{"progress":{"done":2,"total":2,"after":"a-2"}}` + "\n"
	resultLine    = `{"result":{"done":2,"total":2,"after":"a-2","rule_set":{"name":"shop","version":"v"},"compared":2,"different":1,"failed":0,"unreadable":0,` +
		`"changes":[{"was":"approve","would_be":"deny","count":1}],"rules":[],"examples":[]}}` + "\n"
)

// TestAReplayTellsHowFarItIs, and is no result when it did not come to its end.
func TestAReplayTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		answer string
		err    string
	}{
		"to its end":  {200, progressLines + resultLine, ""},
		"stopped":     {200, progressLines + `{"error":{"reason":"the server is stopping","done":2,"total":2,"after":"a-2"}}`, "the server is stopping"},
		"cut off":     {200, progressLines, "the answer ended before the replay did"},
		"no JSON":     {200, progressLines + "<html>", "answer: "},
		"not allowed": {429, `{"error_code":"TOO_MANY_REQUESTS","error_messages":["Too many requests"]}`, "429 TOO_MANY_REQUESTS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, received := stub(t, c.status, c.answer)
			var told []client.ReplayProgress
			question := client.ReplayQuestion{Rules: "name", After: "a-0", From: time.Unix(0, 0), Limit: 7}
			result, err := client.New(url, "demo", "x").Replay(t.Context(), question, func(p client.ReplayProgress) { told = append(told, p) })
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v", err)
			}
			sent := received()
			if sent.Path != "/kvitto/v1/assessments/replay" || sent.Body != "name" || sent.ContentType != "text/plain; charset=utf-8" ||
				sent.Query != "after=a-0&from=1970-01-01T00%3A00%3A00Z&limit=7" {
				t.Errorf("sent %+v", sent)
			}
			var refused *client.Error
			if errors.As(err, &refused) != (c.status != http.StatusOK) {
				t.Errorf("error %v", err)
			}
			if c.status == http.StatusOK && (len(told) != 2 || told[1].After != "a-2") {
				t.Errorf("progress %+v", told)
			}
			if err == nil && (result.Different != 1 || result.After != "a-2" || result.Changes[0].WouldBe != "deny" || len(result.Raw) == 0) {
				t.Errorf("%+v", result)
			}
		})
	}
}
