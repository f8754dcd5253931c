package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// readingRules: what was written is what is read, to the last property.
var readingRules = []rule{
	{"a created session reads back as it was written", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		mustRead(t, engine, s.session)
	}},
	{"the newest state is read after every kind of change", newestState},
	{"the history lists every state with its event, oldest first", fullHistory},
	{"a history has nothing of other sessions", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		one, two := begin(t, merchant), begin(t, merchant)
		ofOne := []store.Change{one.created(), one.take(updating("one"))}
		ofTwo := []store.Change{two.created(), two.take(updating("two"))}
		mustCommit(t, engine, ofOne[0], ofTwo[0], ofOne[1], ofTwo[1])
		mustHaveHistory(t, engine, one.session.ID, revisionsOf(ofOne...))
		mustHaveHistory(t, engine, two.session.ID, revisionsOf(ofTwo...))
	}},
	{"a session and an event with every property filled read back whole", everyProperty},
	{"an absent and an empty property are told apart", func(t *testing.T, engine store.Engine) {
		mustKeep(t, engine, func(s *checkout.Session) {
			s.Content = checkout.Content{
				Design: checkout.TextOf(""), OrderAmount: checkout.IntegerOf(0), AutoCapture: checkout.BooleanOf(false),
				Attachment: &checkout.Attachment{}, BillingAddress: &checkout.Address{City: checkout.TextOf("")},
				Customer: &checkout.Customer{}, MerchantURLs: &checkout.MerchantURLs{}, Options: &checkout.Options{},
				CustomPaymentMethodIDs: []string{""},
				OrderLines: []checkout.Line{{}, {
					TaxRate: checkout.IntegerOf(0), Subscription: &checkout.Subscription{}, ProductIdentifiers: &checkout.ProductIdentifiers{},
				}},
			}
		})
	}},
	{"an absent and an empty list are told apart", func(t *testing.T, engine store.Engine) {
		mustKeep(t, engine, func(s *checkout.Session) {
			s.Content.OrderLines, s.Content.CustomPaymentMethodIDs = []checkout.Line{}, []string{}
		})
		mustKeep(t, engine, func(s *checkout.Session) {
			s.Content.OrderLines, s.Content.CustomPaymentMethodIDs = nil, nil
		})
	}},
	{"the extremes of numbers and texts are kept", func(t *testing.T, engine store.Engine) {
		mustKeep(t, engine, func(s *checkout.Session) {
			s.Content.OrderAmount = checkout.IntegerOf(math.MaxInt64)
			s.Content.OrderTaxAmount = checkout.IntegerOf(math.MinInt64)
			s.Content.MerchantData = checkout.TextOf(strings.Repeat("ö€𝄞\"\\\n\t\u2028", 4000))
			s.Content.MerchantReference1 = checkout.TextOf("\x01\x1f\x7f ' ; -- %s {} null")
		})
	}},
	{"a thousand order lines are kept in their order", func(t *testing.T, engine store.Engine) {
		mustKeep(t, engine, func(s *checkout.Session) {
			s.Content.OrderLines = nil
			for i := range int64(checkout.LinesMax) {
				s.Content.OrderLines = append(s.Content.OrderLines, line("Bulle", i, i*i, -i))
			}
		})
	}},
	{"times are kept to the millisecond, in UTC", func(t *testing.T, engine store.Engine) {
		mustKeep(t, engine, func(s *checkout.Session) {
			s.CreatedAt = time.Date(2024, time.February, 29, 23, 59, 59, 999_000_000, time.UTC)
			s.UpdatedAt = time.Date(2026, time.October, 25, 1, 30, 0, 1_000_000, time.UTC)
			s.ExpiresAt = time.Date(2099, time.December, 31, 0, 0, 0, 0, time.UTC)
		})
	}},
	{"what was approved is kept beside a content that went on", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created(), s.take(authorizing(newID())), s.take(updating("after the approval")))
		if approved := s.session.Authorization.Content.MerchantReference1; approved == s.session.Content.MerchantReference1 {
			t.Fatalf("both contents have the reference %v: this test shows nothing", approved)
		}
		mustRead(t, engine, s.session)
	}},
}

// mustKeep writes a session with an alteration of any kind and reads it back.
func mustKeep(t *testing.T, engine store.Engine, alter func(*checkout.Session)) {
	t.Helper()
	s := begin(t, newMerchant(t, engine))
	alter(&s.session)
	mustCommit(t, engine, s.created())
	mustRead(t, engine, s.session)
}

// everyProperty fills the revision that places an order: it has them all.
func everyProperty(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	changes := []store.Change{s.created(), s.take(authorizing(newID())), s.take(ordering(newID()))}
	placing := &changes[2]
	fillSession(t, &placing.Session)
	fillEvent(t, &placing.Event)
	mustCommit(t, engine, changes...)
	mustHaveHistory(t, engine, s.session.ID, revisionsOf(changes...))
}

func newestState(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	mustCommit(t, engine, s.created())
	for _, next := range lifeSteps() {
		mustCommit(t, engine, s.take(next))
		mustRead(t, engine, s.session)
	}
}

func fullHistory(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	changes := []store.Change{s.created()}
	mustCommit(t, engine, changes...)
	for _, next := range lifeSteps() {
		changes = append(changes, s.take(next))
		mustCommit(t, engine, changes[len(changes)-1])
	}
	mustHaveHistory(t, engine, s.session.ID, revisionsOf(changes...))
	for limit := 1; limit <= len(changes)+1; limit++ {
		got, err := engine.Revisions(t.Context(), s.session.ID, limit, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := revisionsOf(changes...)
		want = want[max(0, len(want)-limit):]
		if diff := cmp.Diff(want, got, exactly); diff != "" {
			t.Fatalf("the %d newest revisions differ (-written +read):\n%s", limit, diff)
		}
	}
	got, err := engine.Revisions(t.Context(), s.session.ID, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(revisionsOf(changes...)[2:4], got, exactly); diff != "" {
		t.Fatalf("the two revisions up to the fourth differ (-written +read):\n%s", diff)
	}
}

// lifeSteps take a session through every kind of change of the domain.
func lifeSteps() []step {
	return []step{
		updating("first"),
		assessing(checkout.OutcomeApprove, false, ""),
		assessing(checkout.OutcomeDeny, true, ""),
		authorizing(newID()),
		releasing(),
		assessing(checkout.OutcomeRefer, true, newID()), authorizing(newID()), // RunReviews has orders that were referred
		tokenizing(newID()),
		ordering(newID()),
		capturing(900),
	}
}
