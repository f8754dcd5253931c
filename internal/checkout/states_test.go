package checkout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// constants lists the values of a string type's constants in the order of the
// source, so that a new state or event cannot be forgotten here.
func constants[T ~string](t *testing.T, typeName string) []T {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var values []T
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			name, typed := spec.Type.(*ast.Ident)
			literal, isLiteral := spec.Values[0].(*ast.BasicLit)
			if typed && isLiteral && name.Name == typeName {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, T(value))
			}
			return true
		})
	}
	if len(values) < 2 {
		t.Fatalf("no constants of type %s found", typeName)
	}
	return values
}

func states(t *testing.T) []checkout.AuthorizationState {
	return constants[checkout.AuthorizationState](t, "AuthorizationState")
}

func events(t *testing.T) []checkout.EventKind { return constants[checkout.EventKind](t, "EventKind") }

// expectedTransition says in rules what the table says in rows.
func expectedTransition(from checkout.AuthorizationState, event checkout.EventKind) (checkout.AuthorizationState, bool) {
	assessed := map[checkout.EventKind]checkout.AuthorizationState{
		checkout.EventAuthorized: checkout.AuthorizationLive,
		checkout.EventReferred:   checkout.AuthorizationLive,
		checkout.EventDeferred:   checkout.AuthorizationPreliminary,
		checkout.EventDenied:     checkout.AuthorizationDenied,
	}
	if next, ok := assessed[event]; ok && from != checkout.AuthorizationOrdered {
		return next, true // until the order anything may be assessed again
	}
	if from != checkout.AuthorizationLive {
		return "", false // only a token can be released, ordered with, tokenized
	}
	switch event {
	case checkout.EventReleased:
		return checkout.AuthorizationReleased, true
	case checkout.EventOrdered:
		return checkout.AuthorizationOrdered, true
	case checkout.EventCustomerTokenCreated:
		return checkout.AuthorizationLive, true
	default:
		return "", false
	}
}

func TestEveryTransitionOfAnAuthorization(t *testing.T) {
	t.Parallel()
	for _, from := range states(t) {
		for _, event := range events(t) {
			t.Run(fmt.Sprintf("%s %s", stateName(from), event), func(t *testing.T) {
				t.Parallel()
				got, ok := checkout.NextAuthorizationState(from, event)
				if want, allowed := expectedTransition(from, event); got != want || ok != allowed {
					t.Errorf("%s + %s = %q, %v; want %q, %v", stateName(from), event, got, ok, want, allowed)
				}
			})
		}
	}
	if next, ok := checkout.NextAuthorizationState("unheard of", checkout.EventAuthorized); ok {
		t.Errorf("an unknown state goes to %q", next)
	}
}

// reach drives a session into a state by commands alone. The token is the
// newest that was ever issued.
func reach(t *testing.T, state checkout.AuthorizationState) (d *desk, token string) {
	t.Helper()
	content := swedish()
	content.Intent = text(checkout.IntentBuyAndTokenize)
	d = open(t, content)
	switch state {
	case checkout.AuthorizationPreliminary:
		d.deferred()
	case checkout.AuthorizationLive:
		token = d.approve()
	case checkout.AuthorizationDenied:
		token = d.approve()
		d.authorize(checkout.OutcomeDeny, checkout.Content{})
	case checkout.AuthorizationReleased:
		token = d.approve()
		accepted(t, d.release(token))
	case checkout.AuthorizationOrdered:
		token = d.approve()
		_, refusal := d.order(token, swedish())
		accepted(t, refusal)
	case checkout.AuthorizationNone:
	}
	if got := authorizationState(d.session); got != state {
		t.Fatalf("reached %q, want %q", got, state)
	}
	return d, token
}

func authorizationState(s checkout.Session) checkout.AuthorizationState {
	if s.Authorization == nil {
		return checkout.AuthorizationNone
	}
	return s.Authorization.State
}

// command is what makes an event happen; nil for an event that is not one of
// an authorization.
func (d *desk) command(event checkout.EventKind, token string) func() *checkout.Refusal {
	assess := func(outcome checkout.Outcome, autoFinalize bool) func() *checkout.Refusal {
		return func() (refusal *checkout.Refusal) {
			call := d.call(outcome, checkout.Content{})
			call.AutoFinalize = autoFinalize
			d.session, _, _, refusal = d.session.Authorize(call)
			return refusal
		}
	}
	switch event {
	case checkout.EventAuthorized:
		return assess(checkout.OutcomeApprove, true)
	case checkout.EventReferred:
		return assess(checkout.OutcomeRefer, true)
	case checkout.EventDeferred:
		return assess(checkout.OutcomeApprove, false)
	case checkout.EventDenied:
		return assess(checkout.OutcomeDeny, true)
	case checkout.EventReleased:
		return func() *checkout.Refusal { return d.release(token) }
	case checkout.EventOrdered:
		return func() *checkout.Refusal {
			replayed, refusal := d.order(token, swedish())
			if replayed {
				return &checkout.Refusal{Kind: checkout.KindTokenConsumed, Reason: "the first order again, not a new one"}
			}
			return refusal
		}
	case checkout.EventCustomerTokenCreated:
		return func() *checkout.Refusal {
			_, refusal := d.tokenize(token, checkout.Content{})
			return refusal
		}
	default:
		return nil
	}
}

// TestCommandsFollowTheTable: what a session does with a command in a state is
// what the table says; a refused command leaves it as it was.
func TestCommandsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, from := range states(t) {
		for _, event := range events(t) {
			d, token := reach(t, from)
			run := d.command(event, token)
			if run == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", stateName(from), event), func(t *testing.T) {
				t.Parallel()
				d.t = t
				before := copied(d.session)
				want, allowed := checkout.NextAuthorizationState(from, event)
				refusal := run()
				if (refusal == nil) != allowed {
					t.Fatalf("refusal %v, the table allows: %v", refusal, allowed)
				}
				if !allowed {
					requireSame(t, "a refused command changed the session", before, d.session)
					return
				}
				if got := authorizationState(d.session); got != want {
					t.Fatalf("state %q, want %q", got, want)
				}
			})
		}
	}
}

// TestLoadAndUpdateNeverMoveAnAuthorization: the two changes that are not in
// the table.
func TestLoadAndUpdateNeverMoveAnAuthorization(t *testing.T) {
	t.Parallel()
	patch := checkout.Content{MerchantReference1: text("4711")}
	for _, from := range states(t) {
		d, _ := reach(t, from)
		before := copied(d.session.Authorization)
		updated, _, _ := d.session.Update(patch, nil, d.now)
		requireSame(t, "update in "+stateName(from), before, updated.Authorization)
		loaded, _, _, _ := d.session.Load(d.call(checkout.OutcomeApprove, patch))
		requireSame(t, "load in "+stateName(from), before, loaded.Authorization)
	}
}

func stateName(s checkout.AuthorizationState) string {
	if s == checkout.AuthorizationNone {
		return "none"
	}
	return string(s)
}
