package assessor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/risk"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secret = bytes.Repeat([]byte{7}, outbound.SecretBytes)
)

// rules say the same to everything.
type rules struct {
	outcome checkout.Outcome
	failed  int
}

func (r rules) Assess(context.Context, risk.Input) risk.Assessment {
	return risk.Assessment{
		Decision: checkout.Decision{Outcome: r.outcome, Reason: "because"}, Rule: "large", Failed: r.failed, RuleSet: "shop", Version: "0a1b",
		Steps: []risk.Step{{Rule: "large", State: risk.StateMatched}},
	}
}

func (rules) Reads(string) []risk.SubjectKind { return []risk.SubjectKind{risk.SubjectEmail} }

// desk is an assessor and what it has told.
type desk struct {
	*assessor.Assessor
	mu      sync.Mutex
	now     time.Time
	results []assessor.Result
	log     bytes.Buffer
}

func (d *desk) time() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) move(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// last is the newest result, and how many there were.
func (d *desk) last() (assessor.Result, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.results) == 0 {
		return "", 0
	}
	return d.results[len(d.results)-1], len(d.results)
}

func open(t *testing.T, url string, change func(*assessor.Options)) *desk {
	t.Helper()
	d := &desk{now: noon}
	options := assessor.Options{
		Rules: rules{outcome: checkout.OutcomeApprove}, URL: url, Secret: secret, Timeout: assessor.TimeoutMax, Fallback: assessor.FallbackRefer,
		Policy: outbound.Playground, NewID: func(time.Time) string { return "0199f3b8-0000-7000-8000-000000000000" }, Now: d.time,
		Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
		Observe: func(result assessor.Result, _ time.Duration) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.results = append(d.results, result)
		},
	}
	if change != nil {
		change(&options)
	}
	made, err := assessor.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	d.Assessor = made
	return d
}

// input is a payment with everything that can be told.
func input() risk.Input {
	return risk.Input{
		MerchantID: "shop", SessionID: "0199f3b7-0000-7000-8000-000000000000", Call: risk.CallAuthorize, Now: noon.Add(time.Hour),
		Login: "a@email.se", DeviceID: "device", IP: "192.0.2.7",
		History: risk.History{risk.SubjectEmail: {Known: true, Orders: 3, FirstAt: noon.AddDate(0, 0, -2)}},
		Content: &checkout.Content{PurchaseCountry: checkout.TextOf("SE"), OrderAmount: checkout.IntegerOf(100),
			BillingAddress: &checkout.Address{Email: checkout.TextOf("a@email.se")},
			OrderLines:     []checkout.Line{{Name: checkout.TextOf("shoe"), Quantity: checkout.IntegerOf(1)}}},
	}
}

// operator is a server that answers every question alike.
func operator(t *testing.T, answer string) (url string, asked func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func stepOf(t *testing.T, got risk.Assessment) risk.Step {
	t.Helper()
	if len(got.Steps) != 2 || got.Steps[0].Rule != "large" || got.Steps[1].Rule != assessor.Name {
		t.Fatalf("steps %+v", got.Steps)
	}
	return got.Steps[1]
}

// TestWhoDecides: what the rules deny or ask for stands; about the rest the
// operator's server is asked, and a rule that failed leaves nothing approved.
func TestWhoDecides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		rules  rules
		call   risk.Call
		answer string
		want   checkout.Outcome
		by     string
		asked  int
		state  risk.State
	}{
		{"denied by the rules", rules{outcome: checkout.OutcomeDeny}, "", `{"outcome":"approve"}`, checkout.OutcomeDeny, "large", 0, risk.StateNotReached},
		{"asked by the rules", rules{outcome: checkout.OutcomeInvalidFields}, "", `{"outcome":"approve"}`, checkout.OutcomeInvalidFields, "large", 0, risk.StateNotReached},
		{"load", rules{outcome: checkout.OutcomeApprove}, risk.CallLoad, `{"outcome":"deny"}`, checkout.OutcomeApprove, "large", 0, risk.StateOtherCall},
		{"approved by both", rules{outcome: checkout.OutcomeApprove}, "", `{"outcome":"approve","reason":"known"}`, checkout.OutcomeApprove, "assessor", 1, risk.StateMatched},
		{"denied by the operator", rules{outcome: checkout.OutcomeApprove}, risk.CallReauthorize, `{"outcome":"deny","reason":"stolen"}`, checkout.OutcomeDeny, "assessor", 1, risk.StateMatched},
		{"referred, then approved", rules{outcome: checkout.OutcomeRefer}, risk.CallFinalize, `{"outcome":"approve","reason":""}`, checkout.OutcomeApprove, "assessor", 1, risk.StateMatched},
		{"a rule failed", rules{checkout.OutcomeRefer, 1}, "", `{"outcome":"approve"}`, checkout.OutcomeRefer, "large", 1, risk.StateMatched},
		{"a rule failed, and it is denied", rules{checkout.OutcomeRefer, 1}, "", `{"outcome":"deny"}`, checkout.OutcomeDeny, "assessor", 1, risk.StateMatched},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, asked := operator(t, c.answer)
			d := open(t, url, func(o *assessor.Options) { o.Rules = c.rules })
			in := input()
			if c.call != "" {
				in.Call = c.call
			}
			got := d.Assess(t.Context(), in)
			if got.Decision.Outcome != c.want || got.Rule != c.by || asked() != c.asked || got.RuleSet != "shop" || got.Version != "0a1b" {
				t.Errorf("%+v, asked %d times", got, asked())
			}
			if step := stepOf(t, got); step.State != c.state || step.Error != "" {
				t.Errorf("%+v", step)
			}
			if says := strings.Contains(got.Decision.Reason, "the operator's assessor"); says != (c.asked > 0) {
				t.Errorf("the reason is %q", got.Decision.Reason)
			}
		})
	}
}

// TestTheQuestion has everything, is signed, and its connection is kept.
func TestTheQuestion(t *testing.T) {
	t.Parallel()
	var remotes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signed := http.Header{}
		outbound.Sign(signed, secret, r.Header.Get("Webhook-Id"), noon, body)
		for name := range signed {
			if r.Header.Get(name) != signed.Get(name) {
				t.Errorf("%s is %q, want %q", name, r.Header.Get(name), signed.Get(name))
			}
		}
		if r.Method != http.MethodPost || r.RequestURI != "/assess?key=1" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", r.Method, r.RequestURI, r.Header)
		}
		const want = `{"merchant_id":"shop","session_id":"0199f3b7-0000-7000-8000-000000000000","call":"authorize","at":"2026-03-01T13:00:00.000Z",` +
			`"login":"a@email.se","device_id":"device","ip":"192.0.2.7",` +
			`"rules":{"outcome":"approve","rule":"large","reason":"because","rule_set":"shop","version":"0a1b","failed":0},` +
			`"signals":{"email_history.known":true,"email_history.days":2,"email_history.orders":3},` +
			`"content":{"purchase_country":"SE","order_amount":100,"billing_address":{"email":"a@email.se"},"order_lines":[{"name":"shoe","quantity":1}]}}`
		if string(body) != want {
			t.Errorf("the body is\n%s, want\n%s", body, want)
		}
		remotes = append(remotes, r.RemoteAddr)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	t.Cleanup(server.Close)
	d := open(t, server.URL+"/assess?key=1", nil)
	for range 3 {
		d.Assess(t.Context(), input())
	}
	if len(remotes) != 3 || remotes[0] != remotes[2] {
		t.Errorf("connections %v", remotes)
	}
	nothing := d.Reads("shop")
	if len(nothing) != 1 || nothing[0] != risk.SubjectEmail {
		t.Errorf("reads %v", nothing)
	}
}

// TestACustomerWhoLeavesDoesNotDecide: the question does not end with the call.
func TestACustomerWhoLeavesDoesNotDecide(t *testing.T) {
	t.Parallel()
	url, _ := operator(t, `{"outcome":"deny"}`)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if got := open(t, url, nil).Assess(ctx, input()); got.Decision.Outcome != checkout.OutcomeDeny {
		t.Errorf("%+v", got)
	}
}

// TestAnswers are what may be said, and what says nothing.
func TestAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("å", assessor.ReasonMax)
	for _, c := range []struct {
		answer string
		want   checkout.Decision // without the reason; the zero value is nonsense
		error  string            // of nonsense
	}{
		{answer: `{"outcome":"approve"}`, want: checkout.Decision{Outcome: checkout.OutcomeApprove}},
		{answer: ` {"outcome":"deny","reason":"` + long + `"} `, want: checkout.Decision{Outcome: checkout.OutcomeDeny}},
		{answer: `{"outcome":"approve","fields":null,"due_minutes":null,"at_due":null}`, want: checkout.Decision{Outcome: checkout.OutcomeApprove}},
		{answer: `{"outcome":"refer","due_minutes":90,"at_due":"reject"}`, want: checkout.Decision{Outcome: checkout.OutcomeRefer,
			Review: checkout.ReviewTerms{Due: 90 * time.Minute, AtDue: checkout.ReviewReject}}},
		{answer: `{"outcome":"ask","fields":["billing_address.phone","customer.date_of_birth"]}`, want: checkout.Decision{
			Outcome: checkout.OutcomeInvalidFields, InvalidFields: []string{"billing_address.phone", "customer.date_of_birth"}}},
		{answer: ``, error: "no JSON object"},
		{answer: `null`, error: "no JSON object"},
		{answer: `[]`, error: "no JSON object"},
		{answer: `{"outcome":"approve"} {}`, error: "no JSON object"},
		{answer: `{"outcome":"approve","outcome":"deny"}`, error: "no JSON object"},
		{answer: `<html>`, error: "no JSON object"},
		{answer: `{}`, error: "outcome is not"},
		{answer: `{"outcome":"invalid_fields"}`, error: "outcome is not"},
		{answer: `{"outcome":"APPROVE"}`, error: "outcome is not"},
		{answer: `{"outcome":true}`, error: "outcome has a wrong type"},
		{answer: `{"outcome":"approve","reason":7}`, error: "reason has a wrong type"},
		{answer: `{"outcome":"approve","reason":"` + long + `å"}`, error: "reason is longer"},
		{answer: `{"outcome":"approve","score":0.3}`, error: "none of an answer"},
		{answer: `{"outcome":"approve","fields":["billing_address.phone"]}`, error: "without ask"},
		{answer: `{"outcome":"ask"}`, error: "without fields"},
		{answer: `{"outcome":"ask","fields":[]}`, error: "without fields"},
		{answer: `{"outcome":"ask","fields":[1]}`, error: "wrong type"},
		{answer: `{"outcome":"ask","fields":["order_amount"]}`, error: "no property of"},
		{answer: `{"outcome":"ask","fields":["billing_address"]}`, error: "no property of"},
		{answer: `{"outcome":"ask","fields":[` + strings.Repeat(`"billing_address.phone",`, 99) + `"billing_address.phone"]}`, error: "more fields"},
		{answer: `{"outcome":"approve","due_minutes":5}`, error: "without refer"},
		{answer: `{"outcome":"deny","at_due":"accept"}`, error: "without refer"},
		{answer: `{"outcome":"refer","due_minutes":0}`, error: "due_minutes is not"},
		{answer: `{"outcome":"refer","due_minutes":10081}`, error: "due_minutes is not"},
		{answer: `{"outcome":"refer","due_minutes":1.5}`, error: "due_minutes has a wrong type"},
		{answer: `{"outcome":"refer","due_minutes":"5"}`, error: "due_minutes has a wrong type"},
		{answer: `{"outcome":"refer","at_due":"approve"}`, error: "at_due is neither"},
	} {
		t.Run(c.answer, func(t *testing.T) {
			t.Parallel()
			schemaAgrees(t, c.answer, c.error == "")
			url, _ := operator(t, c.answer)
			d := open(t, url, func(o *assessor.Options) {
				o.Fallback = assessor.FallbackDeny
				o.Rules = rules{outcome: checkout.OutcomeRefer}
			})
			got := d.Assess(t.Context(), input())
			step := stepOf(t, got)
			if c.error != "" {
				if result, _ := d.last(); result != assessor.ResultNonsense || step.State != risk.StateFailed || !strings.HasPrefix(step.Error, "nonsense: ") ||
					!strings.Contains(step.Error, c.error) || got.Decision.Outcome != checkout.OutcomeDeny {
					t.Errorf("%+v: %+v", step, got.Decision)
				}
				return
			}
			got.Decision.Reason = ""
			if fmt.Sprint(got.Decision) != fmt.Sprint(c.want) || step.State != risk.StateMatched {
				t.Errorf("%+v: %+v, want %+v", step, got.Decision, c.want)
			}
		})
	}
}

// TestTheHeaderCounts: status and content type.
func TestTheHeaderCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      int
		contentType string
		want        assessor.Result
	}{
		{200, "application/json", assessor.ResultDecided}, {200, "text/html", assessor.ResultNonsense}, {200, "", assessor.ResultNonsense},
		{201, "application/json", assessor.ResultNonsense}, {202, "application/json", assessor.ResultNonsense},
		{302, "application/json", assessor.ResultNonsense}, {401, "application/json", assessor.ResultNonsense}, {503, "application/json", assessor.ResultNonsense},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				t.Error("a redirect was followed")
			}
			w.Header()["Content-Type"] = []string{c.contentType}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, `{"outcome":"approve"}`)
		}))
		t.Cleanup(server.Close)
		d := open(t, server.URL+"/", nil)
		d.Assess(t.Context(), input())
		if got, _ := d.last(); got != c.want {
			t.Errorf("%d %q: %s, want %s", c.status, c.contentType, got, c.want)
		}
	}
}

func TestWhatCannotBeConfigured(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*assessor.Options){
		"no URL":           func(o *assessor.Options) { o.URL = "secret/path" },
		"no time":          func(o *assessor.Options) { o.Timeout = 0 },
		"too much time":    func(o *assessor.Options) { o.Timeout = assessor.TimeoutMax + 1 },
		"another fallback": func(o *assessor.Options) { o.Fallback = "approve" },
	} {
		options := assessor.Options{URL: "https://risk.example/", Timeout: assessor.DefaultTimeout, Fallback: assessor.FallbackRules}
		if _, err := assessor.New(options); err != nil {
			t.Fatal(err)
		}
		change(&options)
		if _, err := assessor.New(options); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var errSchema = errors.New("the schema refuses it")

// schemaAgrees: docs/assessor.schema.json takes what is taken, and of what is not
// it takes only what no schema can see.
func schemaAgrees(t *testing.T, answer string, taken bool) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(answer))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	if err == nil && decoder.More() {
		err = errSchema
	}
	if err == nil && !strings.Contains(answer, `"outcome":"approve","outcome"`) {
		err = valid(schema(t), "answer", value)
	} else if err == nil {
		err = errSchema // a name that comes twice is nothing a schema can see
	}
	if (err == nil) != taken {
		t.Errorf("the schema says %v", err)
	}
}

// BenchmarkAsk is a question to a server on this machine that answers at once.
func BenchmarkAsk(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	defer server.Close()
	made, err := assessor.New(assessor.Options{
		Rules: rules{outcome: checkout.OutcomeApprove}, URL: server.URL, Secret: secret, Timeout: assessor.TimeoutMax, Fallback: assessor.FallbackDeny,
		Policy: outbound.Playground, NewID: func(time.Time) string { return "id" }, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Observe: func(assessor.Result, time.Duration) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer made.Close()
	for b.Loop() {
		if got := made.Assess(b.Context(), input()); got.Decision.Outcome != checkout.OutcomeApprove {
			b.Fatal(got.Decision.Reason)
		}
	}
}
