package checkout_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestACallThatComesAgain gets the answer of the first: nothing is assessed,
// nothing changes, and the token that the page has lives on.
func TestACallThatComesAgain(t *testing.T) {
	t.Parallel()
	data := checkout.Content{MerchantReference2: text("A-1")}
	type act = func(checkout.Session, checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal)
	authorize, reauthorize, finalize := act(checkout.Session.Authorize), act(checkout.Session.Reauthorize), act(checkout.Session.Finalize)
	for name, c := range map[string]struct {
		before  func(*desk)
		act     act
		outcome checkout.Outcome
		between func(*desk, *checkout.Browser)
		again   bool
	}{
		"approved":              {nil, authorize, checkout.OutcomeApprove, nil, true},
		"referred":              {nil, authorize, checkout.OutcomeRefer, nil, true},
		"denied":                {nil, authorize, checkout.OutcomeDeny, nil, true},
		"finalize required":     {nil, authorize, checkout.OutcomeFinalizeRequired, nil, true},
		"reauthorized":          {func(d *desk) { d.approve() }, reauthorize, checkout.OutcomeApprove, nil, true},
		"reauthorized, denied":  {func(d *desk) { d.approve() }, reauthorize, checkout.OutcomeDeny, nil, true},
		"finalized":             {(*desk).deferred, finalize, checkout.OutcomeApprove, nil, true},
		"finalized, denied":     {(*desk).deferred, finalize, checkout.OutcomeDeny, nil, true},
		"without data":          {nil, authorize, checkout.OutcomeApprove, func(_ *desk, b *checkout.Browser) { b.Patch = checkout.Content{} }, true},
		"before the token ends": {nil, authorize, checkout.OutcomeApprove, func(d *desk, b *checkout.Browser) { b.Now = d.now.Add(time.Hour - 1) }, true},
		"another id":            {nil, authorize, checkout.OutcomeApprove, func(_ *desk, b *checkout.Browser) { b.CallID = "call-2" }, false},
		"no id":                 {nil, authorize, checkout.OutcomeApprove, func(_ *desk, b *checkout.Browser) { b.CallID = "" }, false},
		"other data":            {nil, authorize, checkout.OutcomeApprove, func(_ *desk, b *checkout.Browser) { b.Patch.MerchantReference2 = text("A-2") }, false},
		"an update between":     {nil, authorize, checkout.OutcomeApprove, func(d *desk, _ *checkout.Browser) { d.update(checkout.Content{MerchantReference1: text("x")}) }, false},
		"an expired token":      {nil, authorize, checkout.OutcomeApprove, func(d *desk, b *checkout.Browser) { b.Now = d.now.Add(time.Hour) }, false},
		"a released token":      {nil, authorize, checkout.OutcomeApprove, func(d *desk, _ *checkout.Browser) { accepted(t, d.release(d.issued[0])) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, swedish())
			if c.before != nil {
				c.before(d)
			}
			call := d.call(c.outcome, data)
			call.CallID = "call-1"
			next, _, first, refusal := c.act(d.session, call)
			accepted(t, refusal)
			if d.session = next; !first.Changed || next.Authorization.CallID != "call-1" {
				t.Fatalf("%+v", first)
			}
			if c.between != nil {
				c.between(d, &call)
			}
			before, issued, assessed := copied(d.session), len(d.issued), 0
			decide := call.Decide
			call.Decide = func(content *checkout.Content) checkout.Decision { assessed++; return decide(content) }
			next, event, second, refusal := c.act(d.session, call)
			accepted(t, refusal)
			if !c.again {
				if assessed != 1 || second.Repeated || !second.Changed {
					t.Errorf("it is a new call: %+v", second)
				}
				return
			}
			want := first
			want.Changed, want.Repeated = false, true
			requireSame(t, "result", want, second)
			requireSame(t, "session", before, next)
			requireSame(t, "event", checkout.Event{}, event)
			if assessed != 0 || len(d.issued) != issued {
				t.Errorf("assessed %d times, %d tokens", assessed, len(d.issued)-issued)
			}
		})
	}
}

// TestAFlowsLastRequestThatComesAgain is no new conversation.
func TestAFlowsLastRequestThatComesAgain(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}}
	c.more = func(b *checkout.Browser) { b.CallID, b.CollectShippingAddress = "call-1", true }
	first := c.agrees(c.says(nil)) // the question has the same id and is not the call
	again := c.says(nil)
	first.Changed, first.Repeated = false, true
	requireSame(t, "result", first, again)
	if first.CollectedShippingAddress == nil {
		t.Error("no address was collected")
	}
	// A first request that was late is the call as well: nobody is asked again.
	c.flow.Answers = checkout.Answers{}
	requireSame(t, "result", first, c.says(nil))
	// Who leaves when it is decided already hears of it: the token is there, and
	// the shop's server may know it.
	requireSame(t, "left too late", first, c.says(func(a *checkout.Answers) { a.Cancelled = true }))
	// Who leaves another call, leaves.
	c.more = func(b *checkout.Browser) { b.CallID = "call-2" }
	left := c.says(func(a *checkout.Answers) { a.Cancelled = true })
	requireSame(t, "cancelled", checkout.BrowserResult{ShowForm: true}, left)
}
