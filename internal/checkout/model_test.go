package checkout_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// cartModel is all the model knows of a content.
type cartModel struct {
	amount int64
	city   string // of the billing address, "" when none was sent
	intent string
}

func (c cartModel) body() checkout.Content {
	content := cart(checkout.Content{PurchaseCountry: text("SE"), PurchaseCurrency: text("SEK")}, cartLine("physical", 1, c.amount))
	if c.city != "" {
		content.BillingAddress = &checkout.Address{City: text(c.city)}
	}
	return content
}

// approval is the newest assessment.
type approval struct {
	token   string
	state   checkout.AuthorizationState
	content cartModel
	until   time.Time
}

// sessionModel is a session in a dozen lines, written from the documentation:
// no merging, no validation, no table.
type sessionModel struct {
	revision    int64
	content     cartModel
	until       time.Time // of the session
	newest      *approval
	orderToken  string // "" before the order
	orderBody   string // what the order call said
	tokenizedBy string // authorization of the customer token
}

// change is what a browser call or an update sends.
type change struct {
	set   bool // something is sent
	valid bool
	cart  cartModel
}

func drawChange(t *rapid.T, before cartModel) change {
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0, 1:
		return change{valid: true, cart: before}
	case 2:
		return change{set: true, valid: false, cart: before}
	default:
		return change{set: true, valid: true, cart: cartModel{
			amount: rapid.Int64Range(1, 3).Draw(t, "amount"),
			city:   rapid.SampledFrom([]string{"Lund", "Umea"}).Draw(t, "city"),
			intent: rapid.SampledFrom([]string{before.intent, before.intent, "buy", "tokenize", "buy_and_tokenize"}).Draw(t, "intent"),
		}}
	}
}

func (c change) patch() checkout.Content {
	switch {
	case !c.set:
		return checkout.Content{}
	case !c.valid:
		return checkout.Content{OrderAmount: integer(1_000_000)}
	default:
		patch := c.cart.body()
		patch.Intent = text(c.cart.intent)
		return patch
	}
}

// closed is why the session takes no change, 0 when it does.
func (m *sessionModel) closed(now time.Time) checkout.Kind {
	switch {
	case m.orderToken != "":
		return checkout.KindSessionCompleted
	case !now.Before(m.until):
		return checkout.KindSessionNotFound
	default:
		return 0
	}
}

// dead is why a token can do nothing, 0 when it can.
func (m *sessionModel) dead(token string, now time.Time) checkout.Kind {
	switch {
	case m.newest == nil || token == "" || m.newest.token != token:
		if m.orderToken != "" {
			return checkout.KindSessionCompleted
		}
		return checkout.KindAuthorizationNotFound
	case m.newest.state == checkout.AuthorizationDenied:
		return checkout.KindRejected
	case m.newest.state == checkout.AuthorizationReleased || !now.Before(m.newest.until):
		return checkout.KindAuthorizationNotFound
	default:
		return 0
	}
}

// merge records an accepted change of the content.
func (m *sessionModel) merge(c change, now time.Time) {
	m.revision++
	m.content, m.until = c.cart, now.Add(48*time.Hour)
}

// life is the session under test beside its model.
type life struct {
	*desk
	model sessionModel
	past  []pastSession
}

// pastSession is an earlier value and what it was: commands must not write to it.
type pastSession struct {
	value checkout.Session
	was   checkout.Session
}

// settle checks what a command did: exactly one revision more and an event when
// it was accepted and changed something, else nothing at all.
func (l *life) settle(
	t *rapid.T, next checkout.Session, event checkout.Event, refusal *checkout.Refusal, want checkout.Kind, changed bool,
) {
	before := l.session
	if (refusal == nil) != (want == 0) || (refusal != nil && refusal.Kind != want) {
		t.Fatalf("refusal %+v, want kind %d", refusal, want)
	}
	if refusal != nil && refusal.Reason == "" {
		t.Fatalf("no reason for kind %d", refusal.Kind)
	}
	l.past = append(l.past, pastSession{before, copied(before)})
	if want != 0 || !changed {
		requireSame(t, "nothing was to change", l.past[len(l.past)-1].was, next)
		requireSame(t, "nothing was to happen", checkout.Event{}, event)
		return
	}
	if next.Revision != before.Revision+1 || event.Kind == "" || !event.At.Equal(l.now) || !next.UpdatedAt.Equal(l.now) {
		t.Fatalf("revision %d after %d, event %+v, updated %s", next.Revision, before.Revision, event, next.UpdatedAt)
	}
	l.session = next
}

func (l *life) update(t *rapid.T) {
	c := drawChange(t, l.model.content)
	next, event, refusal := l.session.Update(c.patch(), nil, l.now)
	want := l.model.closed(l.now)
	if want == 0 && !c.valid {
		want = checkout.KindBadValue
	}
	if want == 0 {
		l.model.merge(c, l.now)
	}
	l.settle(t, next, event, refusal, want, true)
}

func (l *life) load(t *rapid.T) {
	c := drawChange(t, l.model.content)
	outcome := drawOutcome(t)
	next, event, result, refusal := l.session.Load(l.call(outcome, c.patch()))
	want := l.model.closed(l.now)
	taken := want == 0 && c.set && c.valid && outcome != checkout.OutcomeInvalidFields
	if taken {
		l.model.merge(c, l.now)
	}
	l.settle(t, next, event, refusal, want, taken)
	if result.Changed != taken || result.Approved || result.AuthorizationToken != "" {
		t.Fatalf("load answered %+v", result)
	}
}

func drawOutcome(t *rapid.T) checkout.Outcome {
	return rapid.SampledFrom([]checkout.Outcome{
		checkout.OutcomeApprove, checkout.OutcomeApprove, checkout.OutcomeApprove, checkout.OutcomeRefer, checkout.OutcomeDeny,
		checkout.OutcomeFinalizeRequired, checkout.OutcomeInvalidFields, checkout.OutcomeCancel, checkout.OutcomeError,
	}).Draw(t, "outcome")
}

func (l *life) authorize(t *rapid.T) {
	auto := rapid.IntRange(0, 2).Draw(t, "auto_finalize") > 0
	l.assess(t, l.session.Authorize, auto, false)
}

func (l *life) reauthorize(t *rapid.T) {
	l.assess(t, l.session.Reauthorize, rapid.Bool().Draw(t, "auto_finalize"), true)
}

func (l *life) finalize(t *rapid.T) {
	if l.model.closed(l.now) == 0 && (l.model.newest == nil || l.model.newest.state != checkout.AuthorizationPreliminary) {
		outcome := drawOutcome(t)
		next, event, result, refusal := l.session.Finalize(l.call(outcome, checkout.Content{}))
		l.settle(t, next, event, refusal, 0, false)
		requireSame(t, "nothing to finalize", l.finalizedBefore(outcome), result)
		return
	}
	l.assess(t, l.session.Finalize, rapid.Bool().Draw(t, "auto_finalize"), true)
}

// finalizedBefore is the answer of a finalize that nothing waits for: the live
// approval again, if it is of what the session is now.
func (l *life) finalizedBefore(outcome checkout.Outcome) checkout.BrowserResult {
	agreed := outcome == checkout.OutcomeApprove || outcome == checkout.OutcomeRefer || outcome == checkout.OutcomeFinalizeRequired
	newest := l.model.newest
	if !agreed || newest == nil || l.model.dead(newest.token, l.now) != 0 || newest.content != l.model.content {
		return checkout.BrowserResult{}
	}
	return checkout.BrowserResult{ShowForm: true, Approved: true, AuthorizationToken: newest.token}
}

// browserMethod is one of the three calls that assess.
type browserMethod func(checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal)

// assess makes a call and says what must come of it.
func (l *life) assess(t *rapid.T, method browserMethod, autoFinalize, final bool) {
	c, outcome := drawChange(t, l.model.content), drawOutcome(t)
	call := l.call(outcome, c.patch())
	call.AutoFinalize = autoFinalize
	next, event, result, refusal := method(call)
	want := l.model.closed(l.now)
	state := map[checkout.Outcome]checkout.AuthorizationState{
		checkout.OutcomeApprove: checkout.AuthorizationLive, checkout.OutcomeRefer: checkout.AuthorizationLive,
		checkout.OutcomeFinalizeRequired: checkout.AuthorizationLive, checkout.OutcomeDeny: checkout.AuthorizationDenied,
	}[outcome]
	if state == checkout.AuthorizationLive && !final && (!autoFinalize || outcome == checkout.OutcomeFinalizeRequired) {
		state = checkout.AuthorizationPreliminary
	}
	assessed := want == 0 && c.valid && state != ""
	if assessed {
		l.record(t, c, state, result)
	}
	l.settle(t, next, event, refusal, want, assessed)
	if result.Changed != assessed || result.Approved != (assessed && state != checkout.AuthorizationDenied) ||
		result.FinalizeRequired != (assessed && state == checkout.AuthorizationPreliminary) ||
		(result.AuthorizationToken != "") != (assessed && state == checkout.AuthorizationLive) {
		t.Fatalf("%s answered %+v", outcome, result)
	}
}

// record keeps the assessment that replaces the earlier one.
func (l *life) record(t *rapid.T, c change, state checkout.AuthorizationState, result checkout.BrowserResult) {
	m := &l.model
	if c.set {
		m.merge(c, l.now)
	} else {
		m.revision++
	}
	token := result.AuthorizationToken
	if state == checkout.AuthorizationDenied && m.newest != nil {
		token = m.newest.token // stays known, to be told "rejected"
	}
	if state == checkout.AuthorizationLive && token != l.issued[len(l.issued)-1] {
		t.Fatalf("token %q is not the newest", token)
	}
	m.newest = &approval{token: token, state: state, content: m.content, until: l.now.Add(time.Hour)}
}

func (l *life) drawToken(t *rapid.T) string {
	tokens := append([]string{"", "unknown"}, l.issued...)
	for range 8 {
		if len(l.issued) > 0 {
			tokens = append(tokens, l.issued[len(l.issued)-1])
		}
	}
	return rapid.SampledFrom(tokens).Draw(t, "token")
}

func (l *life) release(t *rapid.T) {
	token, m := l.drawToken(t), &l.model
	next, event, refusal := l.session.Release(token, l.now)
	want := checkout.Kind(0)
	if m.orderToken != "" || m.dead(token, l.now) != 0 {
		want = checkout.KindAuthorizationNotDeletable
	}
	if want == 0 {
		m.revision++
		m.newest.state = checkout.AuthorizationReleased
	}
	l.settle(t, next, event, refusal, want, true)
}

func (l *life) placeOrder(t *rapid.T) {
	token, m := l.drawToken(t), &l.model
	ordered := rapid.SampledFrom([]cartModel{m.content, m.content, {amount: 99}}).Draw(t, "body")
	if m.newest != nil && rapid.Bool().Draw(t, "what was approved") {
		ordered = m.newest.content
	}
	body := ordered.body()
	body.MerchantReference1 = text(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "reference"))
	said := fmt.Sprint(ordered.amount, ordered.city, body.MerchantReference1.Value)
	next, event, replayed, refusal := l.session.PlaceOrder(checkout.PlaceOrder{
		Token: token, Request: body, OrderID: fmt.Sprintf("order-%d", len(l.past)), Now: l.now,
	})
	want, replay := checkout.Kind(0), false
	switch {
	case m.orderToken != "" && m.orderToken == token && said == m.orderBody:
		replay = true
	case m.orderToken != "" && m.orderToken == token:
		want = checkout.KindCompletedDifferently
	case m.dead(token, l.now) != 0:
		want = m.dead(token, l.now)
	case m.newest.content.intent == "tokenize":
		want = checkout.KindOperationNotAllowed
	case ordered.amount != m.newest.content.amount ||
		(ordered.city != m.newest.content.city && ordered.city != "" && m.newest.content.city != ""):
		want = checkout.KindNotMatching
	default:
		m.revision++
		m.orderToken, m.orderBody = token, said
	}
	l.settle(t, next, event, refusal, want, !replay)
	if replayed != replay {
		t.Fatalf("replayed %v, want %v", replayed, replay)
	}
}

func (l *life) customerToken(t *rapid.T) {
	token, m := l.drawToken(t), &l.model
	next, event, replayed, refusal := l.session.CreateCustomerToken(checkout.CreateCustomerToken{
		Token: token, Description: text("d"), IntendedUse: text("SUBSCRIPTION"), ID: fmt.Sprintf("customer-token-%d", len(l.past)), Now: l.now,
	})
	want, replay := checkout.Kind(0), false
	switch {
	case m.tokenizedBy != "" && m.tokenizedBy == token:
		replay = true
	case m.orderToken != "" && m.orderToken == token:
		want = checkout.KindTokenConsumed
	case m.dead(token, l.now) != 0:
		want = m.dead(token, l.now)
	case m.newest.content.intent == "buy":
		want = checkout.KindTokenizeNotAllowed
	default:
		m.revision++
		m.tokenizedBy = token
	}
	l.settle(t, next, event, refusal, want, !replay)
	if replayed != replay {
		t.Fatalf("replayed %v, want %v", replayed, replay)
	}
}

func (l *life) passTime(t *rapid.T) {
	l.wait(rapid.SampledFrom([]time.Duration{
		time.Second, time.Minute, time.Minute, time.Minute, 30 * time.Minute, 59 * time.Minute, time.Hour, 47 * time.Hour,
	}).Draw(t, "wait"))
}

// check holds the invariants after every command.
func (l *life) check(t *rapid.T) {
	m, s := &l.model, &l.session
	if s.Revision != m.revision || s.Content.OrderAmount.Value != m.content.amount || s.Intent() != m.content.intent {
		t.Fatalf("revision %d, amount %d, intent %s; model %+v", s.Revision, s.Content.OrderAmount.Value, s.Intent(), m)
	}
	if !s.ExpiresAt.Equal(m.until) || s.Complete() != (m.orderToken != "") {
		t.Fatalf("expires %s, complete %v; model %+v", s.ExpiresAt, s.Complete(), m)
	}
	l.checkTokens(t)
	if s.Order != nil {
		approvedBody := m.newest.content.body()
		requireSame(t, "order lines", approvedBody.OrderLines, s.Order.Content.OrderLines)
		if s.Order.Content.OrderAmount != approvedBody.OrderAmount || int64(s.Order.Ledger.Authorized) != m.newest.content.amount {
			t.Fatalf("the order is over %d, approved were %d", s.Order.Content.OrderAmount.Value, m.newest.content.amount)
		}
		if city := m.newest.content.city; city != "" && s.Order.Content.BillingAddress.City.Value != city {
			t.Fatalf("the order goes to %+v, approved was %s", s.Order.Content.BillingAddress, city)
		}
	}
	for _, p := range l.past {
		requireSame(t, "an earlier session was written to", p.was, p.value)
	}
	l.past = l.past[max(len(l.past)-3, 0):]
}

// checkTokens tries every token that was ever issued: at most one can do
// anything, and it is the newest.
func (l *life) checkTokens(t *rapid.T) {
	var working []string
	for _, token := range l.issued {
		_, _, refusal := l.session.Release(token, l.now)
		if (refusal == nil) != (l.session.LiveToken(l.now) == token) {
			t.Fatalf("token %s: released %v, live is %q", token, refusal == nil, l.session.LiveToken(l.now))
		}
		if refusal == nil {
			working = append(working, token)
		}
	}
	if len(working) > 1 || (len(working) == 1 && working[0] != l.issued[len(l.issued)-1]) {
		t.Fatalf("%v work, issued were %v", working, l.issued)
	}
}

// TestWholeSessionsFollowTheModel runs random lives of sessions.
func TestWholeSessionsFollowTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		start := cartModel{amount: 1, intent: rapid.SampledFrom([]string{"buy", "buy_and_tokenize", "tokenize"}).Draw(rt, "intent")}
		content := start.body()
		content.Intent = text(start.intent)
		l := &life{desk: open(t, content), model: sessionModel{revision: 1, content: start, until: base.Add(48 * time.Hour)}}
		rt.Repeat(map[string]func(*rapid.T){
			"update": l.update, "load": l.load, "authorize": l.authorize, "authorize again": l.authorize, "reauthorize": l.reauthorize,
			"finalize": l.finalize, "release": l.release, "place order": l.placeOrder, "place order again": l.placeOrder,
			"customer token": l.customerToken, "time passes": l.passTime, "": l.check,
		})
	})
}
