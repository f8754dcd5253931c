package simulation_test

import (
	"fmt"
	"time"
)

// The lifetimes of the protocol.
const (
	sessionLife  = 48 * time.Hour
	approvalLife = time.Hour
)

// content is all the model knows of a payment.
type content struct {
	lines                   int
	unit, amount, tax       int64
	city, intent, reference string
}

func (c content) merged(p patch) content {
	if p.lines > 0 {
		c.lines, c.unit, c.amount, c.tax = p.lines, p.unit, p.amount(), p.tax()
	}
	for _, overlay := range []struct {
		to   *string
		from string
	}{{&c.city, p.city}, {&c.intent, p.intent}, {&c.reference, p.reference}} {
		if overlay.from != "" {
			*overlay.to = overlay.from
		}
	}
	return c
}

// The states of an approval.
const (
	live        = "live"
	preliminary = "preliminary"
	denied      = "denied"
	released    = "released"
	ordered     = "ordered"
)

// approval is the newest assessment.
type approval struct {
	state, token, category string
	revision               int64
	until                  time.Time
	referred               bool
	content                content
}

// placed is an order.
type placed struct {
	id, token, fraud, method string
	authorized, captured     int64
	content                  content
	said                     string // the call's body
}

// customer is a customer token.
type customer struct{ id, token string }

// state is a session at a revision.
type state struct {
	merchant string
	revision int64
	content  content
	until    time.Time
	approval approval
	order    placed
	customer customer
}

// fresh are the ids that a change brought.
type fresh struct{ session, token, order, customer string }

// outcome is what a call makes of a state.
type outcome struct {
	reply reply
	next  *state // nil when nothing changes
	event string // what happened, to be counted
}

func refusal(event string, status int, code, message string) outcome {
	return outcome{event: event, reply: reply{Status: status, Code: code, Message: message}}
}

func unknownSession(event string) outcome {
	return refusal(event, 404, "NOT_FOUND", "Invalid session id")
}

func unknownToken(event string) outcome {
	return refusal(event, 404, "NOT_FOUND", "Invalid authorization token")
}

func completed() outcome {
	return refusal("session completed", 404, "SESSION_COMPLETED", "Session has already been completed")
}

func badValue(fields string) outcome {
	return refusal("bad value", 400, "BAD_VALUE", "Bad value: "+fields)
}

// decide says what a call does to a session and what it is told. s is nil for
// a session or a token that nobody has; ids are what a change would bring.
func decide(s *state, c *call, ids fresh) outcome {
	r := &c.request
	if r.patch.flaw == malformed {
		return refusal("malformed", 400, "BAD_REQUEST", "")
	}
	if s != nil && s.merchant != c.merchant {
		out := decide(nil, c, ids)
		out.event = "wall"
		return out
	}
	switch r.kind {
	case create:
		return decideCreate(c)
	case order:
		return decideOrder(s, c, ids)
	case release:
		return decideRelease(s, c)
	case tokenize:
		return decideTokenize(s, c, ids)
	}
	if s == nil {
		return unknownSession("unknown session")
	}
	if s.order.id == "" && !c.now.Before(s.until) {
		return unknownSession("session expired")
	}
	if r.kind == read {
		return outcome{event: "read", reply: s.view(c.now)}
	}
	if s.order.id != "" {
		return completed()
	}
	if r.kind == update {
		return decideUpdate(s, c)
	}
	return decideBrowser(s, c, ids)
}

// bad names the fields of a body's flaw.
func (p patch) bad() string {
	return map[flaw]string{misadded: "order_amount", foreign: "purchase_currency"}[p.flaw]
}

func decideCreate(c *call) outcome {
	p := c.request.patch
	switch {
	case p.lines == 0:
		return badValue("purchase_country, purchase_currency")
	case p.bad() != "":
		return badValue(p.bad())
	}
	next := &state{merchant: c.merchant, revision: 1, content: content{intent: "buy"}.merged(p), until: c.now.Add(sessionLife)}
	return outcome{event: "created", next: next, reply: reply{Status: 200}}
}

func decideUpdate(s *state, c *call) outcome {
	if bad := c.request.patch.bad(); bad != "" {
		return badValue(bad)
	}
	next := *s
	next.merge(c.request.patch, c.now)
	return outcome{event: "updated", next: &next, reply: reply{Status: 204}}
}

func (s *state) merge(p patch, now time.Time) {
	s.revision++
	s.content, s.until = s.content.merged(p), now.Add(sessionLife)
}

// view is what a read shows.
func (s *state) view(now time.Time) reply {
	r := reply{Status: 200, Amount: s.content.amount, Tax: s.content.tax, Lines: s.content.lines, City: s.content.city,
		Intent: s.content.intent, Reference: s.content.reference, Completed: "incomplete", Expires: timestamp(s.until)}
	if s.order.id != "" {
		r.Completed = "complete"
	}
	if s.approval.state == live && now.Before(s.approval.until) {
		r.Token = s.approval.token
	}
	return r
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// decideBrowser is load and the calls that assess.
func decideBrowser(s *state, c *call, ids fresh) outcome {
	r := c.request
	final := r.kind == reauthorize || r.kind == finalize
	if r.kind == finalize && s.approval.state != preliminary {
		return finalizedBefore(s, c)
	}
	if bad := r.patch.bad(); bad != "" {
		return outcome{event: "invalid data", reply: reply{Status: 200, ShowForm: true, Invalid: bad}}
	}
	next := *s
	if r.patch != (patch{}) {
		next.merge(r.patch, c.now)
	}
	switch {
	case r.outcome == "invalid_fields":
		return outcome{event: "invalid fields", reply: reply{Status: 200, ShowForm: true, Invalid: "billing_address.email"}}
	case r.kind == load:
		out := outcome{event: "loaded", reply: reply{Status: 200, ShowForm: r.outcome != "deny" && r.outcome != "error"}}
		if next.revision != s.revision {
			out.next = &next
		}
		return out
	case r.outcome == "cancel", r.outcome == "error":
		return outcome{event: "not assessed", reply: reply{Status: 200, ShowForm: r.outcome == "cancel"}}
	}
	if final {
		r.manual = false
		if r.category == "" {
			r.category = s.approval.category
		}
		if r.outcome == "finalize_required" {
			r.outcome = "approve"
		}
	}
	next.revision = s.revision + 1
	return assessed(s, &next, r, c.now, ids)
}

// finalizedBefore: a finalize that comes again gets the live approval, if it is
// of what the session would be now.
func finalizedBefore(s *state, c *call) outcome {
	next := *s
	if c.request.patch != (patch{}) {
		next.merge(c.request.patch, c.now)
	}
	agreed := c.request.outcome == "" || c.request.outcome == "approve" || c.request.outcome == "refer" || c.request.outcome == "finalize_required"
	if s.approval.state != live || !c.now.Before(s.approval.until) || c.request.patch.bad() != "" || next.content != s.approval.content || !agreed {
		return outcome{event: "nothing to finalize", reply: reply{Status: 200}}
	}
	return outcome{event: "finalized again", reply: reply{Status: 200, ShowForm: true, Approved: true, Token: s.approval.token}}
}

// assessed records the decision on the merged session.
func assessed(s, next *state, r request, now time.Time, ids fresh) outcome {
	a := approval{state: live, token: ids.token, category: r.category, revision: next.revision,
		until: now.Add(approvalLife), content: next.content}
	out := outcome{event: "authorized", next: next, reply: reply{Status: 200, ShowForm: true, Approved: true, Token: ids.token}}
	switch {
	case r.outcome == "deny":
		a.state, a.token = denied, s.approval.token
		out.event, out.reply = "denied", reply{Status: 200}
	case r.outcome == "finalize_required" || r.manual:
		a.state, a.token = preliminary, ""
		out.event, out.reply = "deferred", reply{Status: 200, ShowForm: true, Approved: true, Finalize: true}
	case r.outcome == "refer":
		a.referred, out.event = true, "referred"
	case r.kind == finalize:
		out.event = "finalized"
	}
	next.approval = a
	return out
}

// usable says why a token cannot be used now.
func (s *state) usable(token string, now time.Time) (outcome, bool) {
	a := &s.approval
	switch {
	case a.token != token && s.order.id != "":
		return completed(), false
	case a.token != token:
		return unknownToken("older token"), false
	case a.state == denied:
		return refusal("rejected", 403, "REJECTED", "Rejected"), false
	case a.state == released:
		return unknownToken("released token"), false
	case !now.Before(a.until):
		return unknownToken("token expired"), false
	}
	return outcome{}, true
}

func decideRelease(s *state, c *call) outcome {
	no := refusal("not deletable", 404, "NOT_FOUND", "Authorization cannot be deleted")
	if s == nil || s.approval.token != c.request.token || s.approval.state != live || !c.now.Before(s.approval.until) {
		return no
	}
	next := *s
	next.revision++
	next.approval.state = released
	return outcome{event: "released", next: &next, reply: reply{Status: 204}}
}

func decideTokenize(s *state, c *call, ids fresh) outcome {
	token := c.request.token
	if s == nil {
		return unknownToken("unknown token")
	}
	answer := reply{Status: 200, Customer: ids.customer, City: s.approval.content.city}
	if s.customer.token == token {
		answer.Customer = s.customer.id
		return outcome{event: "customer token again", reply: answer}
	}
	if s.order.id != "" && s.order.token == token {
		return refusal("token consumed", 403, "INVALID_OPERATION", "Authorization token already consumed")
	}
	if out, ok := s.usable(token, c.now); !ok {
		return out
	}
	if s.approval.content.intent == "buy" {
		return refusal("intent buy", 403, "INVALID_OPERATION", "Not allowed to create customer token for intent buy")
	}
	next := *s
	next.revision++
	next.customer = customer{ids.customer, token}
	return outcome{event: "customer token", next: &next, reply: answer}
}

func decideOrder(s *state, c *call, ids fresh) outcome {
	r := &c.request
	if r.patch.lines == 0 {
		return badValue("purchase_country, purchase_currency, order_amount, order_lines")
	}
	if s == nil {
		return unknownToken("unknown token")
	}
	_, _, said := r.encoded()
	if s.order.id != "" && s.order.token == r.token {
		if said != s.order.said {
			return refusal("another body", 409, "BAD_VALUE", "The order has been already completed with different request body")
		}
		return outcome{event: "order again", reply: s.order.reply()}
	}
	if out, ok := s.usable(r.token, c.now); !ok {
		return out
	}
	if s.approval.content.intent == "tokenize" {
		return refusal("intent tokenize", 403, "INVALID_OPERATION", "")
	}
	if fields := differing(s.approval.content, r.patch); fields != "" {
		return refusal("mismatch", 409, "BAD_VALUE", sorted("Not matching fields: ["+fields+"]"))
	}
	next := *s
	next.revision++
	next.approval.state = ordered
	next.order = place(&s.approval, r, ids.order, said)
	return outcome{event: "ordered", next: &next, reply: next.order.reply()}
}

func place(a *approval, r *request, id, said string) placed {
	o := placed{id: id, token: r.token, fraud: "ACCEPTED", method: "invoice", authorized: a.content.amount, content: a.content, said: said}
	if a.category == "pay_now" {
		o.method = "card"
	}
	if r.autoCapture {
		o.captured = o.authorized
	}
	if a.referred {
		o.fraud, o.captured = "PENDING", 0
	}
	if r.patch.reference != "" {
		o.content.reference = r.patch.reference
	}
	if o.content.city == "" {
		o.content.city = r.patch.city
	}
	return o
}

func (o *placed) reply() reply {
	return reply{Status: 200, Order: o.id, Fraud: o.fraud, Method: o.method}
}

// differing names the fields in which an order is not what was approved.
func differing(approved content, p patch) string {
	stated := p.amount()
	var fields string
	differ := func(different bool, format string, values ...any) {
		if different && fields != "" {
			fields += ", "
		}
		if different {
			fields += fmt.Sprintf(format, values...)
		}
	}
	if p.flaw == misadded {
		stated = misaddedAmount
	}
	differ(p.flaw == foreign, "purchase_currency")
	differ(p.city != "" && approved.city != "" && p.city != approved.city, "billing_address.city")
	differ(stated != approved.amount, "order_amount")
	differ(p.tax() != approved.tax, "order_tax_amount")
	if p.lines != approved.lines {
		differ(true, "Incorrect number of items in the cart. Expected: %d, Actual: %d", approved.lines, p.lines)
		return fields
	}
	for i := range p.lines {
		for _, name := range []string{"unit_price", "total_amount", "total_tax_amount"} {
			differ(p.unit != approved.unit, "order_lines[%d].%s", i, name)
		}
	}
	return fields
}
