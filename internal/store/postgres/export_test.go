package postgres

import (
	"context"
	"io/fs"
	"time"
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
	"find written": findWritten, "find session": findSession, "find revisions": findRevisions,
	"find token": findSessionOfAuthorization, "find order": findSessionOfOrder,
}

// SetRetryFor changes Options.RetryFor of an engine that is open and at rest.
func SetRetryFor(e *Engine, retryFor time.Duration) { e.retryFor = retryFor }
