package sqlite

import (
	"context"
	"errors"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

// TestAReadThatIsCutShortFindsNothingOut: a caller that hangs up while its
// query begins is not told that the session does not exist.
func TestAReadThatIsCutShortFindsNothingOut(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	created := newSession()
	mustAnswer(t, engine, []store.Change{created}, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	bind := engine.newest(func(r *reader) *statement { return r.session })
	err := engine.find(ctx, created.Session.ID, func(r *reader, id *identifier) *statement {
		hangUp()
		return bind(r, id)
	}, func(*statement) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the read says %v, want %v", err, context.Canceled)
	}
}
