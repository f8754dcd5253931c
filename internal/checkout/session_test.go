package checkout_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	session, event, refusal := checkout.Create("session-1", "merchant-1", swedish(), nil, base)
	accepted(t, refusal)
	want := swedish()
	want.AcquiringChannel, want.Intent = text("ECOMMERCE"), text("buy")
	requireSame(t, "session", checkout.Session{
		ID: "session-1", MerchantID: "merchant-1", CreatedAt: base, UpdatedAt: base, ExpiresAt: base.Add(48 * time.Hour),
		Revision: 1, Content: want,
	}, session)
	requireSame(t, "event", checkout.Event{Kind: checkout.EventCreated, At: base}, event)
	if session.Complete() || session.Expired(base) || session.LiveToken(base) != "" {
		t.Error("a new session is neither complete nor expired and has no token")
	}
}

// TestDefaults are what readers expect in every session, also when a shop sends
// or updates to an empty string.
func TestDefaults(t *testing.T) {
	t.Parallel()
	requireDefaults := func(what string, c checkout.Content) {
		t.Helper()
		if c.AcquiringChannel != text("ECOMMERCE") || c.Intent != text("buy") || c.Locale != text("en-US") {
			t.Errorf("%s: %+v %+v %+v", what, c.AcquiringChannel, c.Intent, c.Locale)
		}
	}
	empty := checkout.Content{AcquiringChannel: text(""), Intent: text(""), Locale: text("")}
	c := swedish()
	c.Locale = checkout.Text{}
	requireDefaults("absent", open(t, c).session.Content)
	requireDefaults("empty", open(t, swedish().Merge(empty)).session.Content)
	d := open(t, swedish())
	d.update(empty)
	requireDefaults("updated to empty", d.session.Content)
}

func TestIntentIsBuyWhenNothingWasSaid(t *testing.T) {
	t.Parallel()
	session := checkout.Session{}
	if got := session.Intent(); got != "buy" {
		t.Errorf("intent %q", got)
	}
	session.Content.Intent = text("tokenize")
	if got := session.Intent(); got != "tokenize" {
		t.Errorf("intent %q", got)
	}
}

func TestACreateThatBreaksARuleMakesNothing(t *testing.T) {
	t.Parallel()
	session, event, refusal := checkout.Create("session-1", "merchant-1", checkout.Content{}, nil, base)
	refused(t, refusal, checkout.KindBadValue)
	requireExplained(t, refusal.Violations)
	requireSame(t, "session", checkout.Session{}, session)
	requireSame(t, "event", checkout.Event{}, event)
	problem := []checkout.Violation{
		{Path: "order_amount", Rule: checkout.RuleType, Stage: checkout.StageFields, Sent: "x", Expected: "integer"},
	}
	_, _, refusal = checkout.Create("session-1", "merchant-1", swedish(), problem, base)
	refused(t, refusal, checkout.KindBadValue)
}

// TestAnUpdateIsPartial: only what is sent changes, the merged content must be
// valid.
func TestAnUpdateIsPartial(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	d.wait(time.Hour)
	d.update(checkout.Content{MerchantReference1: text("4711")})
	want := open(t, swedish()).session
	want.Content.MerchantReference1 = text("4711")
	want.Revision, want.UpdatedAt, want.ExpiresAt = 2, d.now, d.now.Add(48*time.Hour)
	requireSame(t, "session", want, d.session)
}

// TestARefusedUpdateChangesNothing: the lines would not add up any more.
func TestARefusedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	before := copied(d.session)
	next, event, refusal := d.session.Update(checkout.Content{OrderAmount: integer(9501)}, nil, d.now.Add(time.Hour))
	refused(t, refusal, checkout.KindBadValue)
	requireSame(t, "violations", []string{"order_amount order_amount"}, broken(refusal.Violations))
	requireSame(t, "session", before, next)
	requireSame(t, "event", checkout.Event{}, event)
}

// TestASessionLivesFor48HoursAfterItsLastUpdate; `{}` is an update.
func TestASessionLivesFor48HoursAfterItsLastUpdate(t *testing.T) {
	t.Parallel()
	const life = 48 * time.Hour
	d := open(t, swedish())
	d.wait(life - time.Nanosecond)
	accepted(t, d.session.Viewable(d.now))
	d.update(checkout.Content{})
	d.wait(life - time.Nanosecond)
	d.update(checkout.Content{})
	if got := d.session.Revision; got != 3 {
		t.Errorf("revision %d, want 3: an empty update is an update", got)
	}
	d.wait(life)
	if !d.session.Expired(d.now) || d.session.Expired(d.now.Add(-time.Nanosecond)) {
		t.Error("the session does not end after exactly 48 hours")
	}
	refused(t, d.session.Viewable(d.now), checkout.KindSessionNotFound)
}

// everyCommand tries whatever changes a session, with good arguments.
func everyCommand(d *desk, token string) map[string]*checkout.Refusal {
	refusals := map[string]*checkout.Refusal{}
	_, _, refusals["update"] = d.session.Update(checkout.Content{}, nil, d.now)
	_, _, _, refusals["load"] = d.session.Load(d.call(checkout.OutcomeApprove, checkout.Content{}))
	_, _, _, refusals["authorize"] = d.session.Authorize(d.call(checkout.OutcomeApprove, checkout.Content{}))
	_, _, _, refusals["reauthorize"] = d.session.Reauthorize(d.call(checkout.OutcomeApprove, checkout.Content{}))
	_, _, _, refusals["finalize"] = d.session.Finalize(d.call(checkout.OutcomeApprove, checkout.Content{}))
	_, _, refusals["release"] = d.session.Release(token, d.now)
	return refusals
}

func TestAnExpiredSessionIsGone(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	d.wait(48 * time.Hour)
	for name, refusal := range everyCommand(d, "") {
		want := checkout.KindSessionNotFound
		if name == "release" {
			want = checkout.KindAuthorizationNotDeletable
		}
		if refusal == nil || refusal.Kind != want {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
}

// TestACompletedSessionTakesNoChange, and is told so however late it is.
func TestACompletedSessionTakesNoChange(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{0, 100 * time.Hour} {
		d := open(t, swedish())
		token := d.approve()
		_, refusal := d.order(token, swedish())
		accepted(t, refusal)
		d.wait(later)
		if !d.session.Complete() || d.session.Expired(d.now) {
			t.Error("a session with an order is complete and does not expire")
		}
		accepted(t, d.session.Viewable(d.now))
		for name, refusal := range everyCommand(d, token) {
			want := checkout.KindSessionCompleted
			if name == "release" {
				want = checkout.KindAuthorizationNotDeletable
			}
			if refusal == nil || refusal.Kind != want {
				t.Errorf("%s: %+v", name, refusal)
			}
		}
		_, refusal = d.order("another token", swedish())
		refused(t, refusal, checkout.KindSessionCompleted)
	}
}
