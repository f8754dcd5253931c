package store

import (
	"context"
	"time"
)

// FactBytes is the size of one fact, and FactsMax how many of them are kept of a
// subject, the newest.
const (
	FactBytes = 48
	FactsMax  = 100
)

// SubjectKey is a keyed hash of what somebody is recognised by: an e-mail
// address, a phone number, a device.
type SubjectKey [16]byte

// Subject is what is remembered of a key. The store does not know what the facts
// say.
type Subject struct {
	Key     SubjectKey
	Version int64     // counts the facts that were ever added; 0 when there was none
	FirstAt time.Time // of the first fact
	LastAt  time.Time // of the newest
	Orders  int64     // facts that were added as orders
	Facts   []byte    // the newest first, FactBytes each, at most FactsMax of them
}

// AnyVersion as SubjectChange.Expected conditions nothing.
const AnyVersion int64 = -1

// SubjectChange adds a fact to a subject.
type SubjectChange struct {
	Key SubjectKey
	// Expected is the version that the change was decided on. When the subject
	// has another one, the whole Change is ErrConflict and leaves nothing behind.
	Expected int64
	At       time.Time
	Order    bool // counts as an order
	Fact     [FactBytes]byte
	// Facts, when there are any, are all that is kept then, the newest first, the
	// new one among them: for a change that drops an older fact. They are two at
	// least and FactsMax at most, and the change is on condition of a version.
	Facts []byte
}

// Written is the new fact alone, which goes before those that are there, or all
// that is kept: it is longer then.
func (c *SubjectChange) Written() []byte {
	if len(c.Facts) > FactBytes {
		return c.Facts
	}
	return c.Fact[:]
}

// Subjects reads what is remembered; Change.Subjects adds to it.
type Subjects interface {
	// Subjects returns a subject for each key, in their order; one that nothing
	// is known of has the version 0. What it returns was committed.
	Subjects(ctx context.Context, keys []SubjectKey) ([]Subject, error)
	// DeleteSubjects deletes up to limit subjects whose newest fact is older than
	// before, and tells how many. An engine may have kept a place for a key whose
	// facts were refused; it goes with the others and counts.
	DeleteSubjects(ctx context.Context, before time.Time, limit int) (deleted int, err error)
}
