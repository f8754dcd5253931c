package simulation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// kind is an operation.
type kind string

const (
	create      kind = "create"
	update      kind = "update"
	read        kind = "read"
	load        kind = "load"
	authorize   kind = "authorize"
	reauthorize kind = "reauthorize"
	finalize    kind = "finalize"
	order       kind = "order"
	release     kind = "release"
	tokenize    kind = "tokenize"
	advance     kind = "advance"
)

// flaw is what is wrong with a body.
type flaw string

const (
	flawless  flaw = ""
	malformed flaw = "malformed" // no JSON
	misadded  flaw = "misadded"  // order_amount is not the sum of the lines
	foreign   flaw = "foreign"   // a currency that is not the country's
)

// patch is what a body says; what is zero is left out.
type patch struct {
	lines                   int
	unit                    int64 // price of each line, tax of a fifth included
	city, intent, reference string
	flaw                    flaw
}

// request is a call's content.
type request struct {
	kind        kind
	session     string
	token       string
	patch       patch
	outcome     string
	category    string
	manual      bool // auto_finalize: false
	autoCapture bool
	by          time.Duration
	fault       verdict // of an advance
}

// misaddedAmount is the sum of no cart.
const misaddedAmount = 1_000_007

func (p patch) properties() map[string]any {
	properties := map[string]any{}
	if p.lines > 0 {
		lines := make([]any, p.lines)
		for i := range lines {
			lines[i] = map[string]any{"name": "Shoe", "quantity": 1, "unit_price": p.unit, "total_amount": p.unit,
				"tax_rate": 2500, "total_tax_amount": p.unit / 5}
		}
		properties["purchase_country"], properties["purchase_currency"] = "SE", "SEK"
		properties["order_lines"] = lines
		properties["order_amount"], properties["order_tax_amount"] = p.amount(), p.tax()
	}
	for name, value := range map[string]string{"intent": p.intent, "merchant_reference1": p.reference} {
		if value != "" {
			properties[name] = value
		}
	}
	if p.city != "" {
		properties["billing_address"] = map[string]any{"city": p.city}
	}
	switch p.flaw {
	case misadded:
		properties["order_amount"] = misaddedAmount
	case foreign:
		properties["purchase_currency"] = "EUR"
	}
	return properties
}

func (p patch) amount() int64 { return int64(p.lines) * p.unit }

func (p patch) tax() int64 { return p.amount() / 5 }

// encoded is the method, the path and the body of the request.
func (r *request) encoded() (method, path, body string) {
	properties := r.patch.properties()
	method = http.MethodPost
	switch r.kind {
	case create:
		path = "/payments/v1/sessions"
	case update:
		path = "/payments/v1/sessions/" + r.session
	case read:
		return http.MethodGet, "/payments/v1/sessions/" + r.session, ""
	case order:
		path = "/payments/v1/authorizations/" + r.token + "/order"
		if r.autoCapture {
			properties["auto_capture"] = true
		}
	case release:
		return http.MethodDelete, "/payments/v1/authorizations/" + r.token, ""
	case tokenize:
		path = "/payments/v1/authorizations/" + r.token + "/customer-token"
		properties = map[string]any{"description": "Shoes monthly", "intended_use": "SUBSCRIPTION"}
	case advance:
		path, properties = "/kvitto/v1/clock", map[string]any{"advance": r.by.String()}
	default:
		path = "/kvitto/v1/sessions/" + r.session + "/" + string(r.kind)
		properties = map[string]any{"data": properties, "auto_finalize": !r.manual}
		for name, value := range map[string]string{"outcome": r.outcome, "payment_method_category": r.category} {
			if value != "" {
				properties[name] = value
			}
		}
	}
	if r.patch.flaw == malformed {
		return method, path, `{"order_amount":`
	}
	text, err := json.Marshal(properties)
	if err != nil {
		return method, path, err.Error() // a map of strings and numbers always encodes
	}
	return method, path, string(text)
}

// call is one request on its way, with what is known of it.
type call struct {
	number   int
	merchant string
	request  request
	process  *process
	cancel   context.CancelFunc

	invoked   int // the step
	finished  bool
	lost      bool // the process died first
	hungUp    bool // the client did
	faulted   bool // the store failed it
	conflicts int

	now, told   time.Time     // the merchant's time, and the system's then
	advanced    time.Duration // what lies between them
	correlation string
	record      *requestlog.Exchange
	applied     *entry // its change, once the store has it
	expected    reply  // the answer that belongs to the change
	response    *httptest.ResponseRecorder
}

// send carries the call out.
func (c *call) send(ctx context.Context) {
	method, path, body := c.request.encoded()
	sent := httptest.NewRequestWithContext(context.WithValue(ctx, callKey{}, c), method, path, strings.NewReader(body))
	sent.SetBasicAuth(c.merchant, "secret")
	sent.Header.Set("Content-Type", "application/json")
	c.response = httptest.NewRecorder()
	c.process.handler.ServeHTTP(c.response, sent)
	c.finished = true
}

// reply is an answer with the properties that are predicted.
type reply struct {
	Status                             int
	Code, Message                      string
	Session, Token, Order, Customer    string
	Amount, Tax                        int64
	Lines                              int
	City, Intent, Reference, Completed string
	Expires                            string
	Fraud, Method                      string
	ShowForm, Approved, Finalize       bool
	Invalid                            string
	Now, Advanced                      string
}

// body is an answer as it is on the wire.
type body struct {
	CorrelationID string   `json:"correlation_id"`
	ErrorCode     string   `json:"error_code"`
	ErrorMessages []string `json:"error_messages"`
	SessionID     string   `json:"session_id"`
	ClientToken   string   `json:"client_token"`
	Token         string   `json:"authorization_token"`
	OrderID       string   `json:"order_id"`
	TokenID       string   `json:"token_id"`
	Amount        int64    `json:"order_amount"`
	Tax           int64    `json:"order_tax_amount"`
	Lines         []any    `json:"order_lines"`
	Billing       struct {
		City string `json:"city"`
	} `json:"billing_address"`
	Intent    string `json:"intent"`
	Reference string `json:"merchant_reference1"`
	Status    string `json:"status"`
	Expires   string `json:"expires_at"`
	Fraud     string `json:"fraud_status"`
	Method    struct {
		Type string `json:"type"`
	} `json:"authorized_payment_method"`
	ShowForm bool `json:"show_form"`
	Approved bool `json:"approved"`
	Finalize bool `json:"finalize_required"`
	Error    struct {
		Invalid []string `json:"invalid_fields"`
	} `json:"error"`
	Now      string `json:"now"`
	Advanced string `json:"advanced"`
}

// reply reads the answer, and says what is wrong with its form.
func (c *call) reply() (reply, error) {
	var b body
	text := c.response.Body.Bytes()
	if len(text) > 0 {
		if err := json.Unmarshal(text, &b); err != nil {
			return reply{}, fmt.Errorf("the body is no JSON: %w", err)
		}
	}
	r := reply{
		Status: c.response.Code, Code: b.ErrorCode, Message: sorted(strings.Join(b.ErrorMessages, "|")),
		Session: b.SessionID, Token: b.Token, Order: b.OrderID, Customer: b.TokenID, Amount: b.Amount, Tax: b.Tax,
		Lines: len(b.Lines), City: b.Billing.City, Intent: b.Intent, Reference: b.Reference, Completed: b.Status,
		Expires: b.Expires, Fraud: b.Fraud, Method: b.Method.Type, ShowForm: b.ShowForm, Approved: b.Approved,
		Finalize: b.Finalize, Invalid: strings.Join(b.Error.Invalid, " "), Now: b.Now, Advanced: b.Advanced,
	}
	header := c.response.Header().Get("Klarna-Correlation-Id")
	switch {
	case header == "" || c.record == nil || c.record.CorrelationID != header || c.record.Status != r.Status:
		return r, fmt.Errorf("the exchange was not recorded before it was answered: header %q, record %+v", header, c.record)
	case r.Status >= 400 && (b.CorrelationID != header || c.record.Reason == ""):
		return r, fmt.Errorf("the refusal cannot be explained: %s, record %+v", text, c.record)
	case (r.Status == 409 || r.Code == "BAD_VALUE") && len(c.record.Violations) == 0:
		return r, fmt.Errorf("the refusal %s has no violations", text)
	case r.Status == 503 && c.response.Header().Get("Retry-After") == "":
		return r, fmt.Errorf("a 503 without Retry-After")
	}
	return r, nil
}

// sorted puts the fields that a message names in order: it may name them in any.
func sorted(message string) string {
	before, fields, found := strings.Cut(message, "[")
	if !found {
		return message
	}
	list := strings.Split(strings.TrimSuffix(fields, "]"), ", ")
	slices.Sort(list)
	return before + "[" + strings.Join(list, ", ") + "]"
}
