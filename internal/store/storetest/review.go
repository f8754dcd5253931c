package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// RunReviews checks the rules of store.Reviews, each on an engine of its own that
// holds nothing else. The suite closes what open returns.
func RunReviews(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range reviewRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			engine := opened(t, open)
			reviews, ok := engine.(store.Reviews)
			if !ok {
				t.Fatalf("%T has no reviews", engine)
			}
			r.check(t, &desk{t: t, engine: engine, reviews: reviews})
		})
	}
}

// desk is an engine with reviews in a test.
type desk struct {
	t       *testing.T
	engine  store.Engine
	reviews store.Reviews
}

type reviewRule struct {
	name  string
	check func(t *testing.T, d *desk)
}

// referring approves the session with a token; its order will be reviewed.
func referring(token string, terms checkout.ReviewTerms) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		next, event, _, refusal := s.Authorize(checkout.Browser{
			Category: "pay_later", AutoFinalize: true, Now: now, NewToken: func() string { return token },
			Decide: func(*checkout.Content) checkout.Decision {
				return checkout.Decision{Outcome: checkout.OutcomeRefer, Review: terms, AssessmentID: newID()}
			},
		})
		return next, event, refusal
	}
}

func claiming(by string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		return s.ClaimReview(checkout.ReviewStep{By: by, Reason: "because", Now: now})
	}
}

func deciding(by string, verdict checkout.ReviewVerdict) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		next, event, _, refusal := s.DecideReview(checkout.ReviewStep{By: by, Reason: "ÅÄÖ 🔍", Now: now}, verdict, -1)
		return next, event, refusal
	}
}

// refer commits a session whose order is due that long after it was placed.
func (d *desk) refer(merchant string, due time.Duration) *story {
	d.t.Helper()
	s := begin(d.t, merchant)
	mustCommit(d.t, d.engine, s.created())
	mustCommit(d.t, d.engine, s.take(referring(newID(), checkout.ReviewTerms{Due: due})))
	mustCommit(d.t, d.engine, s.take(ordering(newID())))
	return s
}

// shown is what is listed of a session's order.
func shown(s *story) store.Review {
	review, ok := store.ReviewOf(&s.session)
	if !ok {
		s.t.Fatal("the session has no review")
	}
	return review
}

func (d *desk) list(filter store.ReviewFilter) (found []store.Review, next string) {
	d.t.Helper()
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	found, next, err := d.reviews.Reviews(d.t.Context(), filter)
	if err != nil {
		d.t.Fatalf("Reviews: %v", err)
	}
	return found, next
}

// mustList expects the reviews of these stories, in this order.
func (d *desk) mustList(filter store.ReviewFilter, want ...*story) {
	d.t.Helper()
	var wanted []store.Review
	for _, s := range want {
		wanted = append(wanted, shown(s))
	}
	found, next := d.list(filter)
	if diff := cmp.Diff(wanted, found, exactly); diff != "" || next != "" {
		d.t.Fatalf("%+v: next %q, listed (-want +got):\n%s", filter, next, diff)
	}
}

// mustBeDue expects these to be due at a time of the system.
func (d *desk) mustBeDue(at time.Time, limit int, want ...*story) {
	d.t.Helper()
	due, err := d.reviews.DueReviews(d.t.Context(), at, limit)
	if err != nil {
		d.t.Fatalf("DueReviews: %v", err)
	}
	var wanted []store.Review
	for _, s := range want {
		wanted = append(wanted, shown(s))
	}
	if diff := cmp.Diff(wanted, due, exactly); diff != "" {
		d.t.Fatalf("due (-want +got):\n%s", diff)
	}
}

func (d *desk) mustBeOpen(want int) {
	d.t.Helper()
	if open, err := d.reviews.CountOpenReviews(d.t.Context()); err != nil || open != want {
		d.t.Errorf("%d reviews are open, %v; want %d", open, err, want)
	}
}

var reviewRules = []reviewRule{
	{"a review is listed with what its session says, at every step", func(t *testing.T, d *desk) {
		merchant := newMerchant(t, d.engine)
		s := d.refer(merchant, time.Hour)
		d.mustList(store.ReviewFilter{MerchantID: merchant}, s)
		for _, next := range []step{claiming("anna"), claiming("anna")} {
			mustCommit(t, d.engine, s.take(next))
			d.mustList(store.ReviewFilter{MerchantID: merchant}, s)
			d.mustBeOpen(1)
		}
		mustCommit(t, d.engine, s.take(deciding("anna", checkout.ReviewAccept)))
		d.mustList(store.ReviewFilter{MerchantID: merchant})
		d.mustList(store.ReviewFilter{MerchantID: merchant, Decided: true}, s)
		d.mustBeOpen(0)
		d.mustBeDue(dawn.Add(100*time.Hour), 10)
	}},
	{"who took a step is known of its revision", func(t *testing.T, d *desk) {
		s := d.refer(newMerchant(t, d.engine), time.Hour)
		want := []string{"", "", "", "anna", "Bö Ek", "anna"}
		mustCommit(t, d.engine, s.take(claiming("anna")))
		mustCommit(t, d.engine, s.take(func(session checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
			return session.ClaimReview(checkout.ReviewStep{By: "Bö Ek", Now: now.Add(checkout.ReviewClaimLifetime)})
		}))
		s.now = s.now.Add(2 * checkout.ReviewClaimLifetime)
		mustCommit(t, d.engine, s.take(deciding("anna", checkout.ReviewReject)))
		history, err := d.engine.Revisions(t.Context(), s.session.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var by []string
		for _, revision := range history {
			by = append(by, revision.Event.By)
		}
		if diff := cmp.Diff(want, by); diff != "" || history[5].Event.Reason != "ÅÄÖ 🔍" {
			t.Errorf("by (-want +got):\n%s", diff)
		}
		mustRead(t, d.engine, s.session)
	}},
	{"everything a review has comes back", func(t *testing.T, d *desk) {
		s := d.refer(newMerchant(t, d.engine), time.Hour)
		change := s.take(claiming("anna"))
		order, review := *change.Session.Order, *change.Session.Order.Review
		fill(t, &review)
		order.Review = &review
		change.Session.Order = &order
		mustCommit(t, d.engine, change)
		mustRead(t, d.engine, change.Session)
	}},
	{"a list is of one merchant or of all, the earliest due first", func(t *testing.T, d *desk) {
		one, two := newMerchant(t, d.engine), newMerchant(t, d.engine)
		late, soon, other := d.refer(one, 3*time.Hour), d.refer(one, time.Hour), d.refer(two, 2*time.Hour)
		d.mustList(store.ReviewFilter{}, soon, other, late)
		d.mustList(store.ReviewFilter{MerchantID: one}, soon, late)
		d.mustList(store.ReviewFilter{MerchantID: two}, other)
		d.mustList(store.ReviewFilter{MerchantID: "nobody"})
		d.mustBeOpen(3)
	}},
	{"pages of a list follow each other without a gap, also those due at the same time", func(t *testing.T, d *desk) {
		merchant := newMerchant(t, d.engine)
		for range 7 {
			d.refer(merchant, time.Hour)
		}
		whole, _ := d.list(store.ReviewFilter{})
		for _, of := range []string{"", merchant} {
			var pages []store.Review
			for cursor := ""; ; {
				page, next := d.list(store.ReviewFilter{MerchantID: of, Limit: 3, After: cursor})
				pages = append(pages, page...)
				if cursor = next; cursor == "" {
					break
				}
			}
			if diff := cmp.Diff(whole, pages, exactly); diff != "" || len(pages) != 7 {
				t.Errorf("pages (-whole +pages):\n%s", diff)
			}
		}
		for _, wrong := range []string{"x", "1.x", ".", "x." + newID(), "1." + newID() + "x"} {
			if _, _, err := d.reviews.Reviews(t.Context(), store.ReviewFilter{Limit: 1, After: wrong}); !errors.Is(err, store.ErrCursor) {
				t.Errorf("the cursor %q: %v", wrong, err)
			}
		}
	}},
	{"a review is due by its merchant's clock", func(t *testing.T, d *desk) {
		one, two := newMerchant(t, d.engine), newMerchant(t, d.engine)
		first, second, late := d.refer(one, time.Hour), d.refer(two, 2*time.Hour), d.refer(one, 48*time.Hour)
		due := shown(first).DueAt
		d.mustBeDue(due.Add(-time.Millisecond), 10)
		d.mustBeDue(due, 10, first)
		mustAdvance(t, d.engine, two, time.Hour, time.Hour)
		d.mustBeDue(due.Add(time.Minute), 10, first, second)
		d.mustBeDue(due.Add(time.Minute), 1, first)
		mustCommit(t, d.engine, first.take(deciding("anna", checkout.ReviewReject)))
		d.mustBeDue(due.Add(time.Minute), 10, second)
		d.mustBeDue(due.Add(47*time.Hour), 10, second, late)
	}},
	{"a refused change changes no review", func(t *testing.T, d *desk) {
		s := d.refer(newMerchant(t, d.engine), time.Hour)
		stale := s.fork()
		accepted := s.take(deciding("anna", checkout.ReviewAccept))
		mustAnswer(t, d.engine, []store.Change{accepted, stale.take(deciding("bo", checkout.ReviewReject))}, []error{nil, store.ErrConflict})
		d.mustList(store.ReviewFilter{Decided: true}, s)
	}},
	{"steps of one batch apply in order", func(t *testing.T, d *desk) {
		s := d.refer(newMerchant(t, d.engine), time.Hour)
		mustCommit(t, d.engine, s.take(claiming("anna")), s.take(deciding("anna", checkout.ReviewAccept)))
		d.mustList(store.ReviewFilter{Decided: true}, s)
		d.mustBeOpen(0)
	}},
	{"an order that was not referred has no review", func(t *testing.T, d *desk) {
		s := begin(t, newMerchant(t, d.engine))
		mustCommit(t, d.engine, s.created(), s.take(authorizing(newID())), s.take(ordering(newID())))
		d.mustList(store.ReviewFilter{})
		d.mustList(store.ReviewFilter{Decided: true})
	}},
	{"a limit of reviews must be positive", func(t *testing.T, d *desk) {
		if _, _, err := d.reviews.Reviews(t.Context(), store.ReviewFilter{}); err == nil {
			t.Error("a list of none was taken")
		}
		if _, err := d.reviews.DueReviews(t.Context(), later, 0); err == nil {
			t.Error("none of those that are due were taken")
		}
	}},
	{"deciders at the same time make one decision", func(t *testing.T, d *desk) {
		s := d.refer(newMerchant(t, d.engine), time.Hour)
		var changes []store.Change
		for i := range writers {
			changes = append(changes, s.fork().take(deciding("anna", []checkout.ReviewVerdict{checkout.ReviewAccept, checkout.ReviewReject}[i%2])))
		}
		answers := make([]error, len(changes))
		together(func(i int) { answers[i] = d.engine.Commit(t.Context(), changes[i:i+1])[0] })
		made := slices.Index(answers, nil)
		if made < 0 {
			t.Fatal(answers)
		}
		for i, err := range answers {
			if i != made && !errors.Is(err, store.ErrConflict) {
				t.Errorf("decider %d: %v", i, err)
			}
		}
		s.session = changes[made].Session
		d.mustList(store.ReviewFilter{Decided: true}, s)
	}},
}
