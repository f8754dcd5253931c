package store

import (
	"context"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Errors of an engine. Everything else is a failure of the machine.
var (
	// ErrNotFound: no such session, token, order or merchant.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict: the session is no longer at the revision the change was
	// decided on, or an id of the change is taken. Load again and decide again.
	ErrConflict = errors.New("store: conflict")
	// ErrClosed: the store was closed before the change was taken on.
	ErrClosed = errors.New("store: closed")
)

// Change is everything one accepted command writes; it is committed whole or
// not at all.
type Change struct {
	// Session is the state after the change. Its Revision is one more than the
	// revision the change was decided on; revision 1 creates the session.
	Session checkout.Session
	// Event is what led here, stored beside the state. An
	// Event.AuthorizationToken of an authorized or referred event becomes
	// findable with SessionOfAuthorization; an Event.OrderID with SessionOfOrder.
	Event checkout.Event
	// State is the session written down by record.Append, made on the caller's
	// goroutine so that the single writer does not have to. Engines that store
	// bytes make it themselves when it is nil.
	State []byte
	// Callback, when not nil, is put into the outbox. Its ID, Kind, URL and Body
	// are given, and its DueAt if it is not due at once; the rest follows from the
	// change.
	Callback *Callback
	// Assessment, when not nil, is kept with the change. Its MerchantID, SessionID
	// and Revision follow from the change.
	Assessment *Assessment
	// Subjects are facts that are added with the change, each to another subject.
	Subjects []SubjectChange
	// Report, when not nil, is filled in by the Batcher before it answers.
	Report *CommitReport
}

// CommitReport is how a change was made durable, for traces.
type CommitReport struct {
	Batch int       // changes that shared the transaction; 0 when there was none
	Began time.Time // when the transaction began: the change waited until then
}

// Revision is one entry of a session's history.
type Revision struct {
	Session checkout.Session // the state after the event
	Event   checkout.Event
}

// Engine stores sessions. All methods may be called concurrently. A method
// that returns a session returns the newest committed state.
type Engine interface {
	// Commit makes the changes durable in one transaction and answers for each
	// of them: nil, ErrConflict, an error of its own for a change no state could
	// take (an id that is no lower-case UUID, a ledger that does not add up), or
	// the failure that hit the whole batch. A refused change leaves nothing
	// behind and does not disturb the others.
	// Changes of one batch may touch the same session; they apply in order.
	// Once nil is returned a crash of process or machine cannot lose the change.
	// The context bounds the wait, it does not tear a transaction that started.
	// The slice and the states in it belong to the caller again afterwards.
	Commit(ctx context.Context, changes []Change) []error

	// Session returns the newest state. ErrNotFound.
	Session(ctx context.Context, sessionID string) (checkout.Session, error)
	// SessionOfAuthorization finds the session a token was ever issued for. ErrNotFound.
	SessionOfAuthorization(ctx context.Context, token string) (sessionID string, err error)
	// SessionOfOrder finds the session of an order. ErrNotFound.
	SessionOfOrder(ctx context.Context, orderID string) (sessionID string, err error)
	// Revisions returns the newest revisions of a session up to the revision
	// upTo, at most limit of them, oldest first. A limit or an upTo that is not
	// positive bounds nothing. ErrNotFound.
	Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]Revision, error)

	Tenants
	// EnsureMerchant makes a merchant known, without a name when it was not. It
	// may be called again.
	EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error
	// ClockAdvance is how far a merchant's playground clock was moved, 0 if
	// never. ErrNotFound for a merchant that was never ensured.
	ClockAdvance(ctx context.Context, merchantID string) (time.Duration, error)
	// AdvanceClock moves it further and returns the new sum, durably. ErrNotFound.
	AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error)
	// Secret returns the named secret, storing proposed if there is none yet:
	// every caller gets the same bytes, also after a restart. An empty secret is
	// an error.
	Secret(ctx context.Context, name string, proposed []byte) ([]byte, error)

	// Ping tells whether the store can serve.
	Ping(ctx context.Context) error
	Close() error
}
