package postgres

import (
	"context"
	"io/fs"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// MigrateTo brings the schema to the step of a number only, as the program
// before this one would have.
func MigrateTo(ctx context.Context, url string, number int) error {
	known, err := ownSteps()
	if err != nil {
		return err
	}
	return migrate(ctx, url, known[:number])
}

// MigrateWith uses other files than the program's own.
func MigrateWith(ctx context.Context, url string, files fs.FS) error {
	known, err := steps(files)
	if err != nil {
		return err
	}
	return migrate(ctx, url, known)
}

// MigrationFiles are the program's own.
var MigrationFiles = embedded

// ClosedFor is how long the place behind a deleted session stays closed.
const ClosedFor = closedFor

// PaymentStatements are those on the way of a payment, by name.
var PaymentStatements = map[string]string{
	"add revisions": addRevisions, "add authorizations": addAuthorizations, "add orders": addOrders,
	"find written": findWritten, "find sessions": findSessions, "find revisions": findRevisions,
	"lock subjects": lockSubjects, "add assessed": addAssessed, "find subjects": findSubjects,
	"find tokens": findSessionsOfAuthorizations, "find orders": findSessionsOfOrders,
}

// DueLooks are the statements that every process asks again each second, by name,
// with parameters that find nothing due at the time 1.
var DueLooks = map[string]struct {
	SQL        string
	Parameters string
}{
	"callbacks": {lookForCallbacks, `1, 1, '{}'`},
	"lease":     {leaseCallbacks, `1, 50, '{}', '00000000-0000-0000-0000-000000000001', 2, 8, '{}', '{}'`},
	"leased":    {leasedCallbacks, `'00000000-0000-0000-0000-000000000001', 2`},
	"reviews":   {dueReviews, `1, 50`},
}

// SetRetryFor changes Options.RetryFor of an engine that is open and at rest.
func SetRetryFor(e *Engine, retryFor time.Duration) { e.retryFor = retryFor }

// Ask begins reads of sessions, and returns what waits for their answers.
func Ask(e *Engine, ids []string) (wait func(ctx context.Context) ([]checkout.Session, []error)) {
	asked := make([]*lookup[sessionRow], len(ids))
	for i, id := range ids {
		asked[i] = newLookup[sessionRow]()
		identifier.Parse(id, &asked[i].key)
		e.lookups.sessions.ask(asked[i])
	}
	return func(ctx context.Context) ([]checkout.Session, []error) {
		sessions, errs := make([]checkout.Session, len(ids)), make([]error, len(ids))
		for i, l := range asked {
			found, err := e.lookups.sessions.wait(ctx, l)
			if errs[i] = err; err == nil {
				sessions[i], errs[i] = found.session(ids[i])
			}
		}
		return sessions, errs
	}
}
