package checkout_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

// outcomes is the published table of an authorize callback, one row an outcome.
var outcomes = []struct {
	outcome checkout.Outcome
	result  checkout.BrowserResult
	event   checkout.EventKind // "" for none
	state   checkout.AuthorizationState
}{
	{checkout.OutcomeApprove, checkout.BrowserResult{ShowForm: true, Approved: true, AuthorizationToken: "token-1", Changed: true},
		checkout.EventAuthorized, checkout.AuthorizationLive},
	{checkout.OutcomeRefer, checkout.BrowserResult{ShowForm: true, Approved: true, AuthorizationToken: "token-1", Changed: true},
		checkout.EventReferred, checkout.AuthorizationLive},
	{checkout.OutcomeFinalizeRequired, checkout.BrowserResult{ShowForm: true, Approved: true, FinalizeRequired: true, Changed: true},
		checkout.EventDeferred, checkout.AuthorizationPreliminary},
	{checkout.OutcomeInvalidFields, checkout.BrowserResult{ShowForm: true, InvalidFields: []string{"billing_address.phone"}}, "", ""},
	{checkout.OutcomeCancel, checkout.BrowserResult{ShowForm: true}, "", ""},
	{checkout.OutcomeDeny, checkout.BrowserResult{Changed: true}, checkout.EventDenied, checkout.AuthorizationDenied},
	{checkout.OutcomeError, checkout.BrowserResult{}, "", ""},
}

func TestAuthorizeByOutcome(t *testing.T) {
	t.Parallel()
	if got := len(constants[checkout.Outcome](t, "Outcome")); got != len(outcomes) {
		t.Errorf("%d outcomes, %d rows", got, len(outcomes))
	}
	for _, row := range outcomes {
		t.Run(string(row.outcome), func(t *testing.T) {
			t.Parallel()
			d := open(t, swedish())
			before := copied(d.session)
			d.wait(time.Minute)
			next, event, result, refusal := d.session.Authorize(d.call(row.outcome, checkout.Content{}))
			accepted(t, refusal)
			requireSame(t, "result", row.result, result)
			requireSame(t, "the session it was called on", before, d.session)
			if event.Kind != row.event || event.AuthorizationToken != row.result.AuthorizationToken {
				t.Errorf("event %+v", event)
			}
			if !row.result.Changed {
				requireSame(t, "session", before, next)
				return
			}
			a := next.Authorization
			if a == nil || a.State != row.state || a.Token != row.result.AuthorizationToken || a.Category != "pay_later" ||
				a.Revision != 2 || a.Revision != next.Revision || !a.CreatedAt.Equal(d.now) || !a.ExpiresAt.Equal(d.now.Add(time.Hour)) ||
				a.Referred != (row.outcome == checkout.OutcomeRefer) || a.Reason != "test: "+string(row.outcome) || event.Reason != a.Reason {
				t.Errorf("authorization %+v", a)
			}
			requireSame(t, "approved content", next.Content, *a.Content)
			if !next.UpdatedAt.Equal(d.now) || !next.ExpiresAt.Equal(before.ExpiresAt) {
				t.Errorf("updated %s, expires %s: without data it is a change and no update", next.UpdatedAt, next.ExpiresAt)
			}
		})
	}
}

func TestLoadByOutcome(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[checkout.Outcome]checkout.BrowserResult{
		checkout.OutcomeApprove:          {ShowForm: true},
		checkout.OutcomeRefer:            {ShowForm: true},
		checkout.OutcomeFinalizeRequired: {ShowForm: true},
		checkout.OutcomeCancel:           {ShowForm: true},
		checkout.OutcomeInvalidFields:    {ShowForm: true, InvalidFields: []string{"billing_address.phone"}},
		checkout.OutcomeDeny:             {},
		checkout.OutcomeError:            {},
	} {
		d := open(t, swedish())
		before := copied(d.session)
		next, _, result, refusal := d.session.Load(d.call(outcome, checkout.Content{}))
		accepted(t, refusal)
		requireSame(t, "without data: "+string(outcome), want, result)
		requireSame(t, "session", before, next)

		want.Changed = outcome != checkout.OutcomeInvalidFields
		next, event, result, refusal := d.session.Load(d.call(outcome, checkout.Content{MerchantReference1: text("4711")}))
		accepted(t, refusal)
		requireSame(t, "with data: "+string(outcome), want, result)
		if want.Changed != (next.Revision == 2) || want.Changed != (next.Content.MerchantReference1.Value == "4711") ||
			want.Changed != (event.Kind == checkout.EventLoaded) || next.Authorization != nil {
			t.Errorf("%s: revision %d, event %q, %+v", outcome, next.Revision, event.Kind, next.Authorization)
		}
	}
}

// TestBrowserDataIsMergedLikeAnUpdate, by load and authorize alike, and makes
// one revision, not two.
func TestBrowserDataIsMergedLikeAnUpdate(t *testing.T) {
	t.Parallel()
	patch := checkout.Content{BillingAddress: address("SE"), MerchantReference2: text("web")}
	d := open(t, swedish())
	d.wait(time.Hour)
	updated, _, refusal := d.session.Update(patch, nil, d.now)
	accepted(t, refusal)
	loaded, _, _, refusal := d.session.Load(d.call(checkout.OutcomeApprove, patch))
	accepted(t, refusal)
	authorized, _, _, refusal := d.session.Authorize(d.call(checkout.OutcomeApprove, patch))
	accepted(t, refusal)
	requireSame(t, "load", updated, loaded)
	requireSame(t, "the approved content", updated.Content, *authorized.Authorization.Content)
	authorized.Authorization = nil
	requireSame(t, "authorize", updated, authorized)
}

// TestRiskSeesTheMergedContent, and only a good one.
func TestRiskSeesTheMergedContent(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	asked := 0
	call := d.call(checkout.OutcomeApprove, checkout.Content{BillingAddress: address("SE")})
	call.Decide = func(c *checkout.Content) checkout.Decision {
		asked++
		if c.BillingAddress == nil || c.OrderAmount.Value != 9500 {
			t.Errorf("risk was shown %+v", c)
		}
		return checkout.Decision{Outcome: checkout.OutcomeApprove}
	}
	_, _, _, refusal := d.session.Authorize(call)
	accepted(t, refusal)
	call.Patch.OrderAmount = integer(1)
	_, _, _, refusal = d.session.Authorize(call)
	accepted(t, refusal)
	if asked != 1 {
		t.Errorf("risk was asked %d times", asked)
	}
}

// TestBadBrowserDataIsToldToTheShop as the paths of the first stage that fails,
// and changes nothing.
func TestBadBrowserDataIsToldToTheShop(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	before := copied(d.session)
	bad := d.call(checkout.OutcomeApprove, checkout.Content{
		BillingAddress: &checkout.Address{PostalCode: text("12345678901"), Title: text("Her Royal Highness Dr")}, OrderAmount: integer(1),
	})
	typed := d.call(checkout.OutcomeApprove, checkout.Content{})
	typed.Problems = []checkout.Violation{{Path: "order_amount", Rule: checkout.RuleType, Stage: checkout.StageFields, Expected: "integer"}}
	for _, c := range []struct {
		call  checkout.Browser
		paths []string
		rules []string // of every stage
	}{
		{bad, []string{"billing_address.title", "billing_address.postal_code"},
			[]string{"billing_address.title length", "billing_address.postal_code length", "order_amount order_amount"}},
		{typed, []string{"order_amount"}, []string{"order_amount type"}},
	} {
		for name, method := range map[string]func(checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal){
			"load": d.session.Load, "authorize": d.session.Authorize, "reauthorize": d.session.Reauthorize,
		} {
			next, event, result, refusal := method(c.call)
			accepted(t, refusal)
			requireSame(t, name+" reasons", c.rules, broken(result.Violations))
			result.Violations = nil
			requireSame(t, name+" result", checkout.BrowserResult{ShowForm: true, InvalidFields: c.paths}, result)
			requireSame(t, name+" session", before, next)
			requireSame(t, name+" event", checkout.Event{}, event)
		}
	}
	if d.session.LiveToken(d.now) != token {
		t.Error("a bad call ended the token")
	}
}

// TestAutoFinalizeFalseAsksForFinalize: an approval without a token.
func TestAutoFinalizeFalseAsksForFinalize(t *testing.T) {
	t.Parallel()
	for _, outcome := range []checkout.Outcome{checkout.OutcomeApprove, checkout.OutcomeRefer, checkout.OutcomeFinalizeRequired} {
		d := open(t, swedish())
		call := d.call(outcome, checkout.Content{})
		call.AutoFinalize = false
		next, event, result, refusal := d.session.Authorize(call)
		accepted(t, refusal)
		requireSame(t, "result", checkout.BrowserResult{ShowForm: true, Approved: true, FinalizeRequired: true, Changed: true}, result)
		if event.Kind != checkout.EventDeferred || next.LiveToken(d.now) != "" || len(d.issued) != 0 {
			t.Errorf("%s: event %q, tokens %v", outcome, event.Kind, d.issued)
		}
	}
}

// TestFinalizeCompletesAPreliminaryApproval, with the category it was given
// for, and always ends with a token or a no: there is no later step.
func TestFinalizeCompletesAPreliminaryApproval(t *testing.T) {
	t.Parallel()
	for outcome, token := range map[checkout.Outcome]string{
		checkout.OutcomeApprove: "token-1", checkout.OutcomeRefer: "token-1", checkout.OutcomeFinalizeRequired: "token-1",
		checkout.OutcomeDeny: "", checkout.OutcomeCancel: "",
	} {
		d := open(t, swedish())
		d.deferred()
		call := d.call(outcome, checkout.Content{})
		call.Category, call.AutoFinalize = "", false
		next, _, result, refusal := d.session.Finalize(call)
		accepted(t, refusal)
		if result.AuthorizationToken != token || result.FinalizeRequired || result.Approved != (token != "") {
			t.Errorf("%s: %+v", outcome, result)
		}
		if next.LiveToken(d.now) != token || next.Authorization.Category != "pay_later" {
			t.Errorf("%s: %+v", outcome, next.Authorization)
		}
	}
}

// TestFinalizeWithoutAPreliminaryApproval is a technical no and changes nothing.
func TestFinalizeWithoutAPreliminaryApproval(t *testing.T) {
	t.Parallel()
	for _, state := range states(t) {
		if state == checkout.AuthorizationPreliminary || state == checkout.AuthorizationLive || state == checkout.AuthorizationOrdered {
			continue
		}
		d, _ := reach(t, state)
		before := copied(d.session)
		next, event, result, refusal := d.session.Finalize(d.call(checkout.OutcomeApprove, checkout.Content{}))
		accepted(t, refusal)
		requireSame(t, "result in "+stateName(state), checkout.BrowserResult{}, result)
		requireSame(t, "session in "+stateName(state), before, next)
		requireSame(t, "event in "+stateName(state), checkout.Event{}, event)
	}
}

// TestAFinalizeThatComesAgain gets the answer of the first, and changes nothing:
// an answer was lost, or a button was pressed twice. For another content, after
// an hour, or against the assessment there is nothing to give.
func TestAFinalizeThatComesAgain(t *testing.T) {
	t.Parallel()
	data := checkout.Content{MerchantReference2: text("final"), BillingAddress: address("SE")}
	for name, c := range map[string]struct {
		outcome checkout.Outcome
		patch   checkout.Content
		wait    time.Duration
		again   bool
	}{
		"the same data":       {checkout.OutcomeApprove, data, time.Minute, true},
		"no data":             {checkout.OutcomeRefer, checkout.Content{}, 0, true},
		"still to finalize":   {checkout.OutcomeFinalizeRequired, data, 0, true},
		"other data":          {checkout.OutcomeApprove, checkout.Content{MerchantReference2: text("other")}, 0, false},
		"bad data":            {checkout.OutcomeApprove, checkout.Content{OrderAmount: integer(1)}, 0, false},
		"an hour later":       {checkout.OutcomeApprove, data, time.Hour, false},
		"an assessment no":    {checkout.OutcomeDeny, data, 0, false},
		"a customer who left": {checkout.OutcomeCancel, data, 0, false},
	} {
		d := open(t, swedish())
		d.deferred()
		next, _, first, refusal := d.session.Finalize(d.call(checkout.OutcomeApprove, data))
		accepted(t, refusal)
		d.session = next
		d.wait(c.wait)
		before := copied(d.session)
		next, event, again, refusal := d.session.Finalize(d.call(c.outcome, c.patch))
		accepted(t, refusal)
		want := checkout.BrowserResult{}
		if c.again {
			want = first
			want.Changed = false
		}
		requireSame(t, name, want, again)
		requireSame(t, name+": session", before, next)
		requireSame(t, name+": event", checkout.Event{}, event)
	}
}

// TestReauthorizeIsFinal: a review page has no later step.
func TestReauthorizeIsFinal(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	d.approve()
	for _, outcome := range []checkout.Outcome{checkout.OutcomeApprove, checkout.OutcomeFinalizeRequired} {
		call := d.call(outcome, checkout.Content{})
		call.AutoFinalize, call.Category = false, ""
		next, _, result, refusal := d.session.Reauthorize(call)
		accepted(t, refusal)
		if result.FinalizeRequired || result.AuthorizationToken == "" || next.Authorization.Category != "pay_later" {
			t.Errorf("%s: %+v, category %q", outcome, result, next.Authorization.Category)
		}
	}
	call := d.call(checkout.OutcomeApprove, checkout.Content{})
	call.Category = "pay_now"
	next, _, _, _ := d.session.Reauthorize(call)
	if next.Authorization.Category != "pay_now" {
		t.Errorf("category %q, want the one of the call", next.Authorization.Category)
	}
}

// TestATokenLivesFor60Minutes, whatever is done to the session meanwhile.
func TestATokenLivesFor60Minutes(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	d.wait(time.Hour - time.Nanosecond)
	d.update(checkout.Content{})
	if got := d.session.LiveToken(d.now); got != token {
		t.Errorf("token %q", got)
	}
	d.wait(time.Nanosecond)
	if got := d.session.LiveToken(d.now); got != "" {
		t.Errorf("token %q after an hour", got)
	}
	before := copied(d.session)
	_, refusal := d.order(token, swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	refused(t, d.release(token), checkout.KindAuthorizationNotDeletable)
	requireSame(t, "session", before, d.session)
}

// TestATokenOutlivesItsSession: the hour of the token is not the session's.
func TestATokenOutlivesItsSession(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	d.wait(48*time.Hour - time.Minute)
	token := d.approve()
	d.wait(30 * time.Minute)
	if !d.session.Expired(d.now) {
		t.Fatal("the session has not expired")
	}
	_, refusal := d.order(token, swedish())
	accepted(t, refusal)
}

func TestRelease(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	refused(t, d.release("unknown"), checkout.KindAuthorizationNotDeletable)
	refused(t, d.release(""), checkout.KindAuthorizationNotDeletable)
	old, token := d.approve(), d.approve()
	refused(t, d.release(old), checkout.KindAuthorizationNotDeletable)
	before := copied(d.session)
	d.wait(time.Minute)
	accepted(t, d.release(token))
	before.Revision++
	before.UpdatedAt, before.Authorization.State = d.now, checkout.AuthorizationReleased
	requireSame(t, "session", before, d.session)
	refused(t, d.release(token), checkout.KindAuthorizationNotDeletable)
	_, refusal := d.order(token, swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	if d.approve() == token {
		t.Error("a released token came back")
	}
}

// TestADenialEndsTheEarlierToken: an order with it is told rejected, not
// unknown; a later approval starts anew.
func TestADenialEndsTheEarlierToken(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	d.authorize(checkout.OutcomeDeny, checkout.Content{})
	d.authorize(checkout.OutcomeDeny, checkout.Content{})
	if d.session.LiveToken(d.now) != "" {
		t.Error("the token is live")
	}
	_, refusal := d.order(token, swedish())
	refused(t, refusal, checkout.KindRejected)
	refused(t, d.release(token), checkout.KindAuthorizationNotDeletable)
	_, refusal = d.order("", swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	second := d.approve()
	_, refusal = d.order(token, swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	_, refusal = d.order(second, swedish())
	accepted(t, refusal)
}

// TestANoBeforeAnyYesHasNoToken.
func TestANoBeforeAnyYesHasNoToken(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	d.authorize(checkout.OutcomeDeny, checkout.Content{})
	_, refusal := d.order("", swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	refused(t, d.release(""), checkout.KindAuthorizationNotDeletable)
	if diff := cmp.Diff([]string(nil), d.issued); diff != "" {
		t.Errorf("tokens were made: %s", diff)
	}
}

// TestAnOrderedAuthorizationTakesNothing even if the session has lost its
// order: the table holds, not only the session's own check.
func TestAnOrderedAuthorizationTakesNothing(t *testing.T) {
	t.Parallel()
	content := swedish()
	content.Intent = text(checkout.IntentBuyAndTokenize)
	d := open(t, content)
	token := d.approve()
	_, refusal := d.order(token, swedish())
	accepted(t, refusal)
	d.session.Order = nil
	_, _, _, refusal = d.session.Authorize(d.call(checkout.OutcomeApprove, checkout.Content{}))
	refused(t, refusal, checkout.KindSessionCompleted)
	_, refusal = d.order(token, swedish())
	refused(t, refusal, checkout.KindTokenConsumed)
	_, refusal = d.tokenize(token, checkout.Content{})
	refused(t, refusal, checkout.KindTokenConsumed)
}
