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
}

// statesPage is docs/states.md as the table says it.
func statesPage(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	page.WriteString(`# States of an authorization

<!-- Generated from the table in internal/checkout/authorization.go. Do not edit; run:
     go test ./internal/checkout -run TestStatesPicture -update -->

A session knows its newest authorization only. Each assessment (authorize,
reauthorize or finalize in the browser) replaces it, and with it the token: the
newest token of a session is the only live one.

Expiry is not a state. A token is live for 60 minutes after it was issued, and a
session takes changes for 48 hours after its last update; both follow from the
clock. Nothing leaves ` + "`ordered`" + `: the session is complete.

` + "```mermaid\nstateDiagram-v2\n    [*] --> none\n")
	moving := slices.DeleteFunc(events(t), func(e checkout.EventKind) bool {
		return !slices.ContainsFunc(states(t), func(s checkout.AuthorizationState) bool {
			_, ok := checkout.NextAuthorizationState(s, e)
			return ok
		})
	})
	for _, from := range states(t) {
		labels := map[checkout.AuthorizationState][]string{}
		for _, event := range moving {
			if to, ok := checkout.NextAuthorizationState(from, event); ok {
				labels[to] = append(labels[to], string(event))
			}
		}
		for _, to := range states(t) {
			if len(labels[to]) > 0 {
				fmt.Fprintf(&page, "    %s --> %s: %s\n", stateName(from), stateName(to), strings.Join(labels[to], ", "))
			}
		}
		if len(labels) == 0 {
			fmt.Fprintf(&page, "    %s --> [*]\n", stateName(from))
		}
	}
	page.WriteString("```\n\n")
	writeMeanings(t, &page, moving)
	writeTable(t, &page, moving)
	return page.String()
}

func writeMeanings(t *testing.T, page *strings.Builder, moving []checkout.EventKind) {
	t.Helper()
	page.WriteString("| state | meaning |\n|---|---|\n")
	for _, state := range states(t) {
		fmt.Fprintf(page, "| %s | %s |\n", stateName(state), explain(t, stateName(state)))
	}
	page.WriteString("\n| event | what happened |\n|---|---|\n")
	for _, event := range moving {
		name := string(event)
		if slices.Contains(states(t), checkout.AuthorizationState(event)) {
			name += " event"
		}
		fmt.Fprintf(page, "| %s | %s |\n", event, explain(t, name))
	}
}

func writeTable(t *testing.T, page *strings.Builder, moving []checkout.EventKind) {
	t.Helper()
	page.WriteString("\nThe state after an event, by the state before it; `-` is refused and changes nothing.\n\n| from |")
	for _, event := range moving {
		fmt.Fprintf(page, " %s |", event)
	}
	page.WriteString("\n|---|" + strings.Repeat("---|", len(moving)) + "\n")
	for _, from := range states(t) {
		fmt.Fprintf(page, "| %s |", stateName(from))
		for _, event := range moving {
			to, ok := checkout.NextAuthorizationState(from, event)
			cell := "-"
			if ok {
				cell = stateName(to)
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
