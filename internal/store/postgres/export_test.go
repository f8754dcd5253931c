package postgres

import (
	"context"
	"io/fs"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// SchemaBefore is the oldest schema that this program works on.
const SchemaBefore = schemaBefore

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

// OrderLists are the lists of orders, by name, with parameters for the first 20 of
// those of the test, and how many rows the query may read for them.
var OrderLists = map[string]struct {
	SQL        string
	Parameters string
	Read       int
}{
	"all":               {orderLists.all, newest20, 21},
	"of_merchant":       {orderLists.ofMerchant, newest20 + `, 'm'`, 21},
	"rejected":          {orderLists.referred, newest20 + `, 'REJECTED'`, 21},
	"rejected_merchant": {orderLists.referredOfMerchant, newest20 + `, 'm', 'REJECTED'`, 21},
	// A bitmap reads each row in the index and in the table.
	"reference":        {orderLists.byReference, newest20 + `, 'R'`, 40},
	"reference_many":   {orderLists.byReferenceOfMerchant, newest20 + `, 'M', 'm'`, 21},
	"reference_others": {orderLists.byReferenceOfMerchant, newest20 + `, 'M', 'other'`, 0},
	"ids_merchant":     {orderLists.idsOfMerchant, newest20 + `, '00000000-0000-0000-0000-000000000000', '00000000-ffff-ffff-ffff-ffffffffffff', 'm'`, 0},
	"compared":         {comparedOrders, `9223372036854775807, '00000000-0000-0000-0000-000000000000', 20`, 21},
	"ids":              {orderLists.ids, newest20 + `, '00000000-0000-0000-0000-000000000000', '00000000-ffff-ffff-ffff-ffffffffffff'`, 0},
}

const newest20 = `9223372036854775807, '00000000-0000-0000-0000-000000000000', 0, 21`

// OrderStatements are those that keep the list, on the way of a payment.
var OrderStatements = map[string]string{"add_listed_orders": addListedOrders, "set_orders": setOrders, "fill_orders": fillOrders}

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
