package store

import (
	"context"
	"time"
)

// Person is somebody who signs in. What the role allows and what the
// credentials say is for package account.
type Person struct {
	ID          string // a UUID that begins with its time
	MerchantID  string // "" belongs to the operator
	Email       string // in lower case, one person's in the whole store
	Name        string // what people call them
	Role        string
	CreatedAt   time.Time // milliseconds, UTC, as all times here
	DisabledAt  time.Time // since when they cannot sign in; zero while they can
	Version     int64     // counts the changes, from 1
	Credentials []byte    // a document
}

// PeopleFilter says which people are listed, by id.
type PeopleFilter struct {
	Everybody  bool   // of every merchant and of the operator
	MerchantID string // else of this one; "" is the operator
	After      string // ids after this one; "" begins
	Limit      int    // at least 1
}

// People stores who may sign in.
type People interface {
	// AddPerson adds a person of version 1. ErrNotFound for an unknown merchant,
	// ErrConflict when the id or the e-mail address is taken.
	AddPerson(ctx context.Context, person Person) error
	// AddFirstPerson adds a person of the operator's while there is nobody, in one
	// step. ErrConflict when there is somebody, and for all but one of those who come
	// under the same id at the same time.
	AddFirstPerson(ctx context.Context, person Person) error
	// ChangePerson writes name, role, DisabledAt and credentials on condition that
	// the person is at the version before. ErrNotFound, ErrConflict.
	ChangePerson(ctx context.Context, person Person) error
	// Person returns the person of an id. ErrNotFound.
	Person(ctx context.Context, personID string) (Person, error)
	// PersonByEmail returns the person of an e-mail address. ErrNotFound.
	PersonByEmail(ctx context.Context, email string) (Person, error)
	People(ctx context.Context, filter PeopleFilter) ([]Person, error)
}

// SecretHash is the SHA-256 of a secret that somebody holds, or of the name of
// what attempts are counted for.
type SecretHash [32]byte

// Ticket is what the holder of a secret may do until it expires: a session, a
// link that is good once, a ceremony under way. The secret is stored nowhere.
type Ticket struct {
	Hash      SecretHash
	Kind      string
	PersonID  string // "" when it is nobody's yet
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Document  []byte // the store does not know what it says
}

// Attempts are how often something was tried that may be a guess.
type Attempts struct {
	Count int64
	At    time.Time // of the newest; zero when there was none
}

// SignIns stores tickets and attempts.
type SignIns interface {
	// AddTicket adds a ticket. ErrConflict when the hash is taken.
	AddTicket(ctx context.Context, ticket Ticket) error
	// Ticket returns a ticket, also one that has expired. ErrNotFound.
	Ticket(ctx context.Context, hash SecretHash) (Ticket, error)
	// TakeTicket deletes a ticket and returns it: of several who take it one gets
	// it, the others ErrNotFound.
	TakeTicket(ctx context.Context, hash SecretHash) (Ticket, error)
	// TouchTicket notes when the ticket was seen and when it expires now. ErrNotFound.
	TouchTicket(ctx context.Context, hash SecretHash, seenAt, expiresAt time.Time) error
	// TicketsOf returns the newest tickets of a person and a kind, newest first, at
	// most limit.
	TicketsOf(ctx context.Context, personID, kind string, limit int) ([]Ticket, error)
	// DropTickets deletes the tickets of a person ("" are nobody's) and a kind, but
	// for one that may be kept.
	DropTickets(ctx context.Context, personID, kind string, keep SecretHash) error
	// DeleteExpiredTickets deletes up to limit tickets that expired before, and
	// tells how many.
	DeleteExpiredTickets(ctx context.Context, before time.Time, limit int) (deleted int, err error)

	// Attempts returns how often; the zero value when never.
	Attempts(ctx context.Context, key SecretHash) (Attempts, error)
	// SetAttempts writes how often on condition that the count is expected, so that
	// attempts at the same time are counted one by one. ErrConflict.
	SetAttempts(ctx context.Context, key SecretHash, expected int64, made Attempts) error
	// ForgetAttempts begins at none again.
	ForgetAttempts(ctx context.Context, key SecretHash) error
	// DeleteAttempts deletes up to limit counts whose newest attempt was before, and
	// tells how many.
	DeleteAttempts(ctx context.Context, before time.Time, limit int) (deleted int, err error)
}

// AuditEntry is one thing that somebody did or looked at.
type AuditEntry struct {
	ID         string    // a UUID
	At         time.Time // milliseconds, UTC
	PersonID   string    // "" when it was nobody who signed in
	Person     string    // e-mail address, as it was
	Action     string
	Subject    string // what it was done to
	MerchantID string // whose thing that is; "" is the operator's
	Address    string // where the request came from
}

// AuditFilter says which entries are listed, the newest first.
type AuditFilter struct {
	Everything bool   // of every merchant and of the operator
	MerchantID string // else of this one; "" is the operator
	// BeforeAt and BeforeID are of the last entry of the page before; zero begins.
	BeforeAt time.Time
	BeforeID string
	Limit    int // at least 1
}

// Audit stores what was done. Entries are only added, and deleted when they have
// had their time.
type Audit interface {
	// AddAudit adds an entry. ErrConflict when the id is taken.
	AddAudit(ctx context.Context, entry AuditEntry) error
	AuditEntries(ctx context.Context, filter AuditFilter) ([]AuditEntry, error)
	// DeleteAudit deletes up to limit entries from before a time, and tells how many.
	DeleteAudit(ctx context.Context, before time.Time, limit int) (deleted int, err error)
}
