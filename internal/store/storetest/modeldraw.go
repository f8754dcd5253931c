package storetest

import (
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// draft is a change that a run will commit.
type draft struct {
	change store.Change
	label  string
	broken bool // its ledger does not hold
}

// drawBatch draws changes that build on each other as if all were accepted,
// and among them some that were decided on a state that is not the newest.
func (p *row) drawBatch(t *rapid.T) []draft {
	view := map[string]checkout.Session{}
	drafts := make([]draft, rapid.IntRange(1, 6).Draw(t, "changes"))
	for i := range drafts {
		id := pick(t, "session", p.sessions)
		history, err := p.model.Revisions(t.Context(), id, 0, 0)
		newest, known := view[id]
		if err == nil && !known {
			newest, known = history[len(history)-1].Session, true
		}
		on := "newest"
		if known {
			on = rapid.SampledFrom([]string{"newest", "newest", "newest", "newest", "committed", "stale", "future", "nothing"}).Draw(t, "on")
		}
		switch {
		case !known || on == "nothing":
			drafts[i] = p.drawCreation(t, id)
			if !known {
				view[id] = drafts[i].change.Session
			}
		case on == "newest":
			drafts[i] = p.drawStep(t, newest)
			if !drafts[i].broken {
				view[id] = drafts[i].change.Session
			}
		case on == "future":
			newest.Revision++
			drafts[i] = p.drawStep(t, newest)
		case len(history) == 0: // created in this batch: nothing older is known
			drafts[i] = p.drawCreation(t, id)
		case on == "committed":
			drafts[i] = p.drawStep(t, history[len(history)-1].Session)
		default:
			drafts[i] = p.drawStep(t, history[rapid.IntRange(0, len(history)-1).Draw(t, "revision")].Session)
		}
		drafts[i].label = on + ": " + drafts[i].label
	}
	return drafts
}

// drawCreation is a session with the domain's cart or, half of the time, with
// any content at all: the store does not judge it.
func (p *row) drawCreation(t *rapid.T, id string) draft {
	session, event, refusal := checkout.Create(id, p.merchants[0], cart(), nil, dawn)
	if refusal != nil {
		t.Fatalf("the domain refused the test's cart: %+v", refusal)
	}
	if rapid.Bool().Draw(t, "any content") {
		session.Content = anyContent.Draw(t, "content")
	}
	if rapid.Bool().Draw(t, "the customer added something") {
		collected := anyContent.Draw(t, "collected")
		session.Collected = &collected
	}
	return draft{change: store.Change{Session: session, Event: event}, label: "create"}
}

// drawStep is one step on from a state. Where the domain refuses it, the
// session is touched instead.
func (p *row) drawStep(t *rapid.T, from checkout.Session) draft {
	name := rapid.SampledFrom([]string{
		"update", "authorize", "authorize", "refer", "defer", "deny", "release", "tokenize", "order", "order",
		"second order", "capture", "break the ledger",
	}).Draw(t, "step")
	now := from.UpdatedAt.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "milliseconds later")) * time.Millisecond)
	next, event, refusal := p.stepNamed(t, name, &from)(from, now)
	if refusal != nil {
		name += ", refused"
		next, event, _ = touching(from, now)
	}
	if a := next.Authorization; a != nil && rapid.Bool().Draw(t, "the call has an id") {
		called := *a
		called.CallID = rapid.String().Draw(t, "call id")
		next.Authorization = &called
	}
	event.CorrelationID = rapid.StringMatching(`[0-9a-f-]{0,36}`).Draw(t, "correlation id")
	return draft{
		change: store.Change{Session: next, Event: event},
		label:  name, broken: next.Order != nil && !next.Order.Ledger.Holds(),
	}
}

func (p *row) stepNamed(t *rapid.T, name string, from *checkout.Session) step {
	switch name {
	case "update":
		return updating(rapid.String().Draw(t, "reference"))
	case "authorize":
		return authorizing(pick(t, "token", p.tokens))
	case "refer":
		return assessing(checkout.OutcomeRefer, true, pick(t, "token", p.tokens))
	case "defer":
		return assessing(checkout.OutcomeApprove, false, "")
	case "deny":
		return assessing(checkout.OutcomeDeny, true, "")
	case "release":
		return releasing()
	case "tokenize":
		return tokenizing(newID())
	case "order":
		return ordering(pick(t, "order", p.orders))
	}
	if from.Order == nil {
		return touching
	}
	switch name {
	case "second order":
		return forcingOrder(tokenOf(from), pick(t, "order", p.orders))
	case "capture":
		return capturing(1)
	default:
		return withLedger(func(l checkout.Ledger) checkout.Ledger {
			l.Refunded = l.Captured + 1
			return l
		})
	}
}

// touching is a change that alters nothing but the revision.
func touching(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
	s.Revision++
	s.UpdatedAt = now
	return s, checkout.Event{Kind: checkout.EventLoaded, At: now}, nil
}

// anyContent has every property absent, empty or filled with anything. What is
// absent has no value: the domain makes no other.
var anyContent = rapid.MakeCustom[checkout.Content](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
	reflect.TypeFor[checkout.Text](): rapid.Custom(func(t *rapid.T) checkout.Text {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Text{}
		}
		return checkout.TextOf(rapid.String().Draw(t, "text"))
	}).AsAny(),
	reflect.TypeFor[checkout.Integer](): rapid.Custom(func(t *rapid.T) checkout.Integer {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Integer{}
		}
		return checkout.IntegerOf(rapid.Int64().Draw(t, "integer"))
	}).AsAny(),
	reflect.TypeFor[checkout.Boolean](): rapid.Custom(func(t *rapid.T) checkout.Boolean {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Boolean{}
		}
		return checkout.BooleanOf(rapid.Bool().Draw(t, "boolean"))
	}).AsAny(),
	reflect.TypeFor[[]checkout.Line](): rapid.Custom(anyLines).AsAny(),
}})

// anyLines is no list, an empty one or a few lines.
func anyLines(t *rapid.T) []checkout.Line {
	lines := []checkout.Line{
		{Name: checkout.TextOf(rapid.String().Draw(t, "name")), Quantity: checkout.IntegerOf(rapid.Int64().Draw(t, "quantity"))},
		{Subscription: &checkout.Subscription{Interval: checkout.TextOf("MONTH")}},
		{ProductIdentifiers: &checkout.ProductIdentifiers{Size: checkout.TextOf(rapid.String().Draw(t, "size"))}, Type: checkout.TextOf("")},
	}
	n := rapid.IntRange(-1, len(lines)).Draw(t, "lines")
	if n < 0 {
		return nil
	}
	return slices.Clip(lines[:n])
}
