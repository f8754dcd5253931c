package checkout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

func reviewStates(t *testing.T) []checkout.ReviewState {
	return constants[checkout.ReviewState](t, "ReviewState")
}

// expectedReview says in rules what the table says in rows.
func expectedReview(from checkout.ReviewState, event checkout.EventKind) (checkout.ReviewState, bool) {
	waits := slices.Contains([]checkout.ReviewState{checkout.ReviewOpen, checkout.ReviewClaimed, checkout.ReviewAwaitingSecond}, from)
	free := from == checkout.ReviewOpen || from == checkout.ReviewClaimed
	switch event {
	case checkout.EventOrdered:
		return checkout.ReviewOpen, from == checkout.ReviewNone
	case checkout.EventReviewAccepted:
		return checkout.ReviewAccepted, waits
	case checkout.EventReviewRejected:
		return checkout.ReviewRejected, waits
	case checkout.EventReviewClaimed:
		return checkout.ReviewClaimed, free
	case checkout.EventReviewSupported:
		return checkout.ReviewAwaitingSecond, free
	case checkout.EventReviewReleased:
		return checkout.ReviewOpen, waits && from != checkout.ReviewOpen
	case checkout.EventReviewStopped:
		return checkout.ReviewStopped, from == checkout.ReviewAccepted
	default:
		return "", false
	}
}

func TestEveryTransitionOfAReview(t *testing.T) {
	t.Parallel()
	for _, from := range reviewStates(t) {
		for _, event := range events(t) {
			want, allowed := expectedReview(from, event)
			if !allowed {
				want = ""
			}
			if got, ok := checkout.NextReviewState(from, event); got != want || ok != allowed {
				t.Errorf("%s + %s = %q, %v; want %q, %v", from, event, got, ok, want, allowed)
			}
		}
	}
	if next, ok := checkout.NextReviewState("unheard of", checkout.EventReviewClaimed); ok {
		t.Errorf("an unknown state goes to %q", next)
	}
}

// noLimit lets one person accept everything; limit asks for a second above it.
const (
	noLimit = -1
	limit   = 9499
)

// referred is a desk whose order was referred with the terms.
func referred(t *testing.T, terms checkout.ReviewTerms, body checkout.Content) *desk {
	t.Helper()
	d := open(t, swedish())
	call := d.call(checkout.OutcomeRefer, checkout.Content{})
	call.Decide = func(*checkout.Content) checkout.Decision {
		return checkout.Decision{Outcome: checkout.OutcomeRefer, Review: terms}
	}
	next, _, result, refusal := d.session.Authorize(call)
	accepted(t, refusal)
	d.session = next
	_, refusal = d.order(result.AuthorizationToken, body)
	accepted(t, refusal)
	return d
}

// by is a step of somebody, now.
func (d *desk) by(name string) checkout.ReviewStep {
	return checkout.ReviewStep{By: name, Reason: "because", Now: d.now}
}

// step makes the event of a review happen, as anna unless the second is needed.
func (d *desk) step(kind checkout.EventKind, name string) (event checkout.Event, refusal *checkout.Refusal) {
	d.t.Helper()
	next, changed := d.session, true
	switch kind {
	case checkout.EventReviewClaimed:
		next, event, refusal = d.session.ClaimReview(d.by(name))
	case checkout.EventReviewReleased:
		next, event, refusal = d.session.ReleaseReview(d.by(name))
	case checkout.EventReviewSupported:
		next, event, changed, refusal = d.session.DecideReview(d.by(name), checkout.ReviewAccept, limit)
	case checkout.EventReviewAccepted:
		next, event, changed, refusal = d.session.DecideReview(d.by(name), checkout.ReviewAccept, noLimit)
	case checkout.EventReviewRejected:
		next, event, changed, refusal = d.session.DecideReview(d.by(name), checkout.ReviewReject, noLimit)
	case checkout.EventReviewStopped:
		next, event, changed, refusal = d.session.StopReview(d.by(name))
	default:
		d.t.Fatalf("%s is no event of a review", kind)
	}
	if refusal == nil && !changed {
		d.t.Fatalf("%s changed nothing", kind)
	}
	d.session = next
	return event, refusal
}

// inReview drives an order's review into a state by commands alone.
func inReview(t *testing.T, state checkout.ReviewState) *desk {
	t.Helper()
	d := referred(t, checkout.ReviewTerms{}, swedish())
	way := map[checkout.ReviewState][]checkout.EventKind{
		checkout.ReviewOpen:           nil,
		checkout.ReviewClaimed:        {checkout.EventReviewClaimed},
		checkout.ReviewAwaitingSecond: {checkout.EventReviewSupported},
		checkout.ReviewAccepted:       {checkout.EventReviewAccepted},
		checkout.ReviewRejected:       {checkout.EventReviewRejected},
		checkout.ReviewStopped:        {checkout.EventReviewAccepted, checkout.EventReviewStopped},
	}[state]
	for _, event := range way {
		_, refusal := d.step(event, "anna")
		accepted(t, refusal)
	}
	if got := d.session.Order.Review.State; got != state {
		t.Fatalf("reached %q, want %q", got, state)
	}
	return d
}

// TestReviewCommandsFollowTheTable: every command in every state, by whoever got
// there and by somebody else; a refused one leaves the session as it was. Every
// step is a revision with an event that says who and why, and the order reads
// what the state means.
func TestReviewCommandsFollowTheTable(t *testing.T) {
	t.Parallel()
	reads := map[checkout.ReviewState]string{checkout.ReviewOpen: "PENDING", checkout.ReviewClaimed: "PENDING", checkout.ReviewAwaitingSecond: "PENDING",
		checkout.ReviewAccepted: "ACCEPTED", checkout.ReviewRejected: "REJECTED", checkout.ReviewStopped: "REJECTED"}
	for _, from := range reviewStates(t)[1:] {
		for _, kind := range events(t) {
			if !strings.HasPrefix(string(kind), "review_") {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", from, kind), func(t *testing.T) {
				t.Parallel()
				name := "anna"
				if from == checkout.ReviewAwaitingSecond && kind != checkout.EventReviewReleased || !from.Waits() {
					name = "bo"
				}
				want, allowed := checkout.NextReviewState(from, kind)
				d := inReview(t, from)
				before := copied(d.session)
				if from == checkout.ReviewAwaitingSecond && kind == checkout.EventReviewSupported {
					return // bo's acceptance is the second: the row of review_accepted
				}
				d.wait(time.Minute)
				event, refusal := d.step(kind, name)
				if (refusal == nil) != allowed {
					t.Fatalf("refusal %v, the table allows: %v", refusal, allowed)
				}
				if !allowed {
					refused(t, refusal, checkout.KindOperationNotAllowed)
					requireSame(t, "a refused command changed the session", before, copied(d.session))
					return
				}
				order := d.session.Order
				if order.Review.State != want || order.FraudStatus != reads[want] || order.PlacedStatus() != "PENDING" {
					t.Errorf("%s, reads %s; want %s, %s", order.Review.State, order.FraudStatus, want, reads[want])
				}
				wantEvent := checkout.Event{Kind: kind, At: d.now, Reason: "because", By: name}
				if event != wantEvent || d.session.ReviewedBy(kind) != name || d.session.Revision != before.Revision+1 || d.session.UpdatedAt != d.now {
					t.Errorf("event %+v, want %+v; revision %d", event, wantEvent, d.session.Revision)
				}
			})
		}
	}
}

func TestAnOrderThatWasNotReferredHasNoReview(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	_, refusal := d.order(d.approve(), swedish())
	accepted(t, refusal)
	if d.session.Order.Review != nil || d.session.Order.PlacedStatus() != "ACCEPTED" || d.session.ReviewedBy(checkout.EventReviewClaimed) != "" {
		t.Errorf("%+v", d.session.Order)
	}
	_, refusal = d.step(checkout.EventReviewClaimed, "anna")
	refused(t, refusal, checkout.KindOperationNotAllowed)
	if _, _, changed := d.session.ReviewAtDue(d.now.Add(100 * time.Hour)); changed {
		t.Error("time decided about it")
	}
}

// TestTimeDecidesWhatNobodyDid: not before the review is due, and never twice.
func TestTimeDecidesWhatNobodyDid(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		terms checkout.ReviewTerms
		after time.Duration
		reads string
	}{
		{checkout.ReviewTerms{}, 24 * time.Hour, "REJECTED"},
		{checkout.ReviewTerms{AtDue: checkout.ReviewAccept}, 24 * time.Hour, "ACCEPTED"},
		{checkout.ReviewTerms{Due: 6 * time.Hour, AtDue: checkout.ReviewReject}, 6 * time.Hour, "REJECTED"},
	} {
		for _, first := range []checkout.EventKind{"", checkout.EventReviewClaimed, checkout.EventReviewSupported} {
			d := referred(t, row.terms, swedish())
			if first != "" {
				_, refusal := d.step(first, "anna")
				accepted(t, refusal)
			}
			if _, _, changed := d.session.ReviewAtDue(d.now.Add(row.after - time.Millisecond)); changed {
				t.Errorf("%+v: decided too early", row)
			}
			d.wait(row.after)
			next, event, changed := d.session.ReviewAtDue(d.now)
			review := next.Order.Review
			if !changed || next.Order.FraudStatus != row.reads || !review.Automatic || review.DecidedBy != "" || review.DecidedAt != d.now ||
				event.By != "" || event.Reason == "" || next.ReviewedBy(event.Kind) != "" || next.Revision != d.session.Revision+1 {
				t.Errorf("%+v after %q: %+v, %+v", row, first, review, event)
			}
			if _, _, changed := next.ReviewAtDue(d.now.Add(time.Hour)); changed {
				t.Errorf("%+v: decided twice", row)
			}
		}
	}
}

// TestAClaimKeepsOthersAwayForAWhile and no longer.
func TestAClaimKeepsOthersAwayForAWhile(t *testing.T) {
	t.Parallel()
	for _, kind := range []checkout.EventKind{checkout.EventReviewClaimed, checkout.EventReviewReleased, checkout.EventReviewSupported,
		checkout.EventReviewAccepted, checkout.EventReviewRejected} {
		d := inReview(t, checkout.ReviewClaimed)
		d.wait(checkout.ReviewClaimLifetime - time.Millisecond)
		_, refusal := d.step(kind, "bo")
		refused(t, refusal, checkout.KindOperationNotAllowed)
		if !strings.Contains(refusal.Reason, "anna") {
			t.Errorf("%s: %s", kind, refusal.Reason)
		}
		d.wait(time.Millisecond)
		_, refusal = d.step(kind, "bo")
		accepted(t, refusal)
	}
	d := inReview(t, checkout.ReviewClaimed)
	d.wait(checkout.ReviewClaimLifetime - time.Millisecond)
	_, refusal := d.step(checkout.EventReviewClaimed, "anna") // as long anew
	accepted(t, refusal)
	d.wait(time.Millisecond)
	_, refusal = d.step(checkout.EventReviewAccepted, "bo")
	refused(t, refusal, checkout.KindOperationNotAllowed)
}

// TestFourEyes: an acceptance above the limit takes two people, a rejection one.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	type verdict struct {
		by      string
		verdict checkout.ReviewVerdict
	}
	yes, no := checkout.ReviewAccept, checkout.ReviewReject
	for name, row := range map[string]struct {
		above int64
		said  []verdict
		ends  checkout.ReviewState
	}{
		"no limit":                         {noLimit, []verdict{{"anna", yes}}, checkout.ReviewAccepted},
		"the amount is the limit":          {9500, []verdict{{"anna", yes}}, checkout.ReviewAccepted},
		"one person is not two":            {9499, []verdict{{"anna", yes}, {"anna", yes}}, checkout.ReviewAwaitingSecond},
		"two agree":                        {9499, []verdict{{"anna", yes}, {"bo", yes}}, checkout.ReviewAccepted},
		"two differ":                       {0, []verdict{{"anna", yes}, {"bo", no}}, checkout.ReviewRejected},
		"the first thinks again":           {0, []verdict{{"anna", yes}, {"anna", no}}, checkout.ReviewRejected},
		"a rejection risks nothing":        {0, []verdict{{"anna", no}}, checkout.ReviewRejected},
		"the limit is gone for the second": {0, []verdict{{"anna", yes}, {"bo", yes}}, checkout.ReviewAccepted},
	} {
		d := referred(t, checkout.ReviewTerms{}, swedish())
		for _, said := range row.said {
			next, _, _, refusal := d.session.DecideReview(d.by(said.by), said.verdict, row.above)
			accepted(t, refusal)
			d.session = next
		}
		review := d.session.Order.Review
		if review.State != row.ends || review.State == checkout.ReviewAccepted && len(row.said) == 2 && (review.FirstBy != "anna" || review.DecidedBy != "bo") {
			t.Errorf("%s: %+v", name, review)
		}
	}
	d := inReview(t, checkout.ReviewAwaitingSecond)
	_, refusal := d.step(checkout.EventReviewReleased, "bo")
	refused(t, refusal, checkout.KindOperationNotAllowed)
	_, refusal = d.step(checkout.EventReviewReleased, "anna")
	accepted(t, refusal)
	if r := d.session.Order.Review; r.State != checkout.ReviewOpen || r.FirstBy != "" || r.FirstReason != "" || !r.FirstAt.IsZero() {
		t.Errorf("taken back: %+v", r)
	}
}

// TestAStepThatComesAgainChangesNothing: the answer to the first was lost.
func TestAStepThatComesAgainChangesNothing(t *testing.T) {
	t.Parallel()
	for from, again := range map[checkout.ReviewState]checkout.ReviewVerdict{
		checkout.ReviewAwaitingSecond: checkout.ReviewAccept, checkout.ReviewAccepted: checkout.ReviewAccept, checkout.ReviewRejected: checkout.ReviewReject,
	} {
		d := inReview(t, from)
		next, _, changed, refusal := d.session.DecideReview(d.by("anna"), again, noLimit)
		accepted(t, refusal)
		if changed || next.Revision != d.session.Revision {
			t.Errorf("%s again changed the session", from)
		}
		if from != checkout.ReviewAwaitingSecond {
			_, _, _, refusal = d.session.DecideReview(d.by("bo"), again, noLimit)
			refused(t, refusal, checkout.KindOperationNotAllowed)
		}
	}
	d := inReview(t, checkout.ReviewStopped)
	_, _, changed, refusal := d.session.StopReview(d.by("anna"))
	accepted(t, refusal)
	if changed {
		t.Error("stopping again changed the session")
	}
}

// TestWhoAndWhyHaveBounds: they are stored and shown.
func TestWhoAndWhyHaveBounds(t *testing.T) {
	t.Parallel()
	d := inReview(t, checkout.ReviewOpen)
	for path, steps := range map[string][]checkout.ReviewStep{
		"by":     {{}, {By: " "}, {By: "a\nb"}, {By: "\xff"}, {By: strings.Repeat("x", checkout.ReviewerMax+1)}},
		"reason": {{By: "anna", Reason: strings.Repeat("x", checkout.ReviewReasonMax+1)}, {By: "anna", Reason: "\xff"}, {By: "anna", Reason: "a\x00"}},
	} {
		for _, step := range steps {
			step.Now = d.now
			_, _, refusal := d.session.ClaimReview(step)
			refused(t, refusal, checkout.KindBadValue)
			if len(refusal.Violations) != 1 || refusal.Violations[0].Path != path {
				t.Errorf("%q: %v", step, refusal.Violations)
			}
		}
	}
	_, _, refusal := d.session.ClaimReview(checkout.ReviewStep{By: strings.Repeat("x", checkout.ReviewerMax),
		Reason: strings.Repeat("å\n", checkout.ReviewReasonMax/3), Now: d.now})
	accepted(t, refusal)
}

// TestWhatIsCapturedAtOnceIsCapturedWhenItIsAccepted and not before, and once.
func TestWhatIsCapturedAtOnceIsCapturedWhenItIsAccepted(t *testing.T) {
	t.Parallel()
	body := swedish()
	body.AutoCapture = checkout.BooleanOf(true)
	for verdict, captured := range map[checkout.ReviewVerdict]int64{checkout.ReviewAccept: 9500, checkout.ReviewReject: 0} {
		d := referred(t, checkout.ReviewTerms{}, body)
		next, _, _, refusal := d.session.DecideReview(d.by("anna"), verdict, noLimit)
		accepted(t, refusal)
		if got := int64(next.Order.Ledger.Captured); got != captured || !next.Order.Ledger.Holds() || d.session.Order.Ledger.Captured != 0 {
			t.Errorf("%s: %d captured, want %d", verdict, got, captured)
		}
	}
}
