package checkout_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

var update = flag.Bool("update", false, "write docs/states.md from the transition table")

// meaning explains every state and event of the picture.
var meaning = map[string]string{
	"none":        "nothing was assessed yet",
	"preliminary": "approved, waits for `finalize`; there is no token",
	"live":        "approved; its token can place the order",
	"denied":      "the newest assessment said no; an order with the earlier token is told `REJECTED`",
	"released":    "cancelled by the merchant before an order",
	"ordered":     "its order was placed; the session is complete",

	"authorized":             "risk approved",
	"referred":               "risk approved, the order will be `PENDING`",
	"deferred":               "risk approved, a later `finalize` completes it",
	"denied event":           "risk denied",
	"released event":         "`DELETE /payments/v1/authorizations/{token}`",
	"ordered event":          "`POST /payments/v1/authorizations/{token}/order`",
	"customer_token_created": "`POST /payments/v1/authorizations/{token}/customer-token`",

	"open":            "nobody looks at it",
	"claimed":         "somebody looks at it; for 30 minutes nobody else decides",
	"awaiting_second": "somebody accepted it; the amount needs a second person",
	"accepted":        "the order reads `ACCEPTED`",
	"rejected":        "the order reads `REJECTED`",
	"stopped":         "the acceptance was taken back; the order reads `REJECTED`",

	"review none":      "there is no order, or it was not referred",
	"review ordered":   "an order was placed with a referred authorization",
	"review_claimed":   "somebody looks at it",
	"review_released":  "whoever claimed it, or accepted it first, takes that back",
	"review_supported": "the first of two people accepted it",
	"review_accepted":  "somebody accepted it, or the second of two, or time did",
	"review_rejected":  "somebody rejected it, or time did",
	"review_stopped":   "somebody took the acceptance back",
}

// table is one table of transitions for the page.
type table[S ~string] struct {
	states   []S
	events   []checkout.EventKind
	next     func(S, checkout.EventKind) (S, bool)
	ofReview bool
}

func (p *table[S]) name(state S) string {
	if state == "" {
		return "none"
	}
	return string(state)
}

// moving are the events that lead from somewhere to somewhere.
func (p *table[S]) moving() []checkout.EventKind {
	return slices.DeleteFunc(slices.Clone(p.events), func(e checkout.EventKind) bool {
		return !slices.ContainsFunc(p.states, func(s S) bool { _, ok := p.next(s, e); return ok })
	})
}

// statesPage is docs/states.md as the tables say it.
func statesPage(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	page.WriteString(`# States of an authorization

<!-- Generated from the tables in internal/checkout/authorization.go and review.go. Do not edit; run:
     go test ./internal/checkout -run TestStatesPicture -update -->

A session knows its newest authorization only. Each assessment (authorize,
reauthorize or finalize in the browser) replaces it, and with it the token: the
newest token of a session is the only live one.

Expiry is not a state. A token is live for 60 minutes after it was issued, and a
session takes changes for 48 hours after its last update; both follow from the
clock. Nothing leaves ` + "`ordered`" + `: the session is complete.

`)
	authorizations := &table[checkout.AuthorizationState]{states: states(t), events: events(t), next: checkout.NextAuthorizationState}
	authorizations.write(t, &page)
	page.WriteString(`
# States of a review

An order that is placed with a referred authorization is ` + "`PENDING`" + ` until its
review ends. Each step is a revision of the session that says who took it and
why. See [reviews.md](reviews.md).

`)
	reviews := &table[checkout.ReviewState]{states: reviewStates(t), events: events(t), next: checkout.NextReviewState, ofReview: true}
	reviews.write(t, &page)
	return page.String()
}

func (p *table[S]) write(t *testing.T, page *strings.Builder) {
	t.Helper()
	page.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> none\n")
	for _, from := range p.states {
		labels := map[S][]string{}
		for _, event := range p.moving() {
			if to, ok := p.next(from, event); ok {
				labels[to] = append(labels[to], string(event))
			}
		}
		for _, to := range p.states {
			if len(labels[to]) > 0 {
				fmt.Fprintf(page, "    %s --> %s: %s\n", p.name(from), p.name(to), strings.Join(labels[to], ", "))
			}
		}
		if len(labels) == 0 {
			fmt.Fprintf(page, "    %s --> [*]\n", p.name(from))
		}
	}
	page.WriteString("```\n\n")
	p.writeMeanings(t, page)
	p.writeTable(page)
}

func (p *table[S]) writeMeanings(t *testing.T, page *strings.Builder) {
	t.Helper()
	page.WriteString("| state | meaning |\n|---|---|\n")
	for _, state := range p.states {
		name := p.name(state)
		if p.ofReview && state == "" {
			name = "review none"
		}
		fmt.Fprintf(page, "| %s | %s |\n", p.name(state), explain(t, name))
	}
	page.WriteString("\n| event | what happened |\n|---|---|\n")
	for _, event := range p.moving() {
		name := string(event)
		if slices.Contains(p.states, S(event)) {
			name += " event"
		}
		if p.ofReview && event == checkout.EventOrdered {
			name = "review " + name
		}
		fmt.Fprintf(page, "| %s | %s |\n", event, explain(t, name))
	}
}

func (p *table[S]) writeTable(page *strings.Builder) {
	page.WriteString("\nThe state after an event, by the state before it; `-` is refused and changes nothing.\n\n| from |")
	for _, event := range p.moving() {
		fmt.Fprintf(page, " %s |", event)
	}
	page.WriteString("\n|---|" + strings.Repeat("---|", len(p.moving())) + "\n")
	for _, from := range p.states {
		fmt.Fprintf(page, "| %s |", p.name(from))
		for _, event := range p.moving() {
			cell := "-"
			if to, ok := p.next(from, event); ok {
				cell = p.name(to)
			}
			fmt.Fprintf(page, " %s |", cell)
		}
		page.WriteString("\n")
	}
}

func explain(t *testing.T, name string) string {
	t.Helper()
	if meaning[name] == "" {
		t.Fatalf("say what %q means", name)
	}
	return meaning[name]
}

// TestStatesPicture keeps docs/states.md the picture of the table.
func TestStatesPicture(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "states.md")
	want := statesPage(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/states.md is not the picture of the table; run with -update (-table +file):\n%s", diff)
	}
}
