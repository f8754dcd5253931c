package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

// AuditKept is how long what people did is kept.
const AuditKept = 400 * 24 * time.Hour

// System is who acts in a terminal of the operator's.
var System = Viewer{Email: "the command line", Role: RoleAdmin}

const (
	actionMax  = 64 // bytes of an entry
	subjectMax = 512
)

// writable tells whether a text of an entry is one line of a bounded length.
func writable(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

var errNote = errors.New("account: an audit entry is a short line without control characters")

// Note writes down what somebody does, before it is done to a thing. merchantID is
// whose it is.
func (a *Accounts) Note(ctx context.Context, by Viewer, from From, action, subject, merchantID string) error {
	if !writable(action, actionMax) || !writable(subject, subjectMax) || !writable(merchantID, subjectMax) {
		return errNote
	}
	now := a.now()
	return a.Store.AddAudit(ctx, store.AuditEntry{
		ID: a.NewID(now), At: now, PersonID: by.PersonID, Person: by.Email, Action: action, Subject: subject,
		MerchantID: merchantID, Address: from.Address,
	})
}

// looks remembers which looks were written down, so that the store is asked once.
type looks struct {
	*lru.Cache[string, struct{}]
}

const looksRemembered = 4096

func newLooks() (looks, error) {
	cache, err := lru.New[string, struct{}](looksRemembered)
	return looks{cache}, err
}

// Looked writes down that somebody of the operator looks at a merchant's things,
// once in an hour for each person and merchant, whichever process they ask. A
// merchant's own people may look unseen. Nothing is to be shown after an error.
func (a *Accounts) Looked(ctx context.Context, viewer Viewer, from From, merchantID string) error {
	if !viewer.OfOperator() || merchantID == "" {
		return nil
	}
	now := a.now()
	key := fmt.Sprintf("look\x00%s\x00%s\x00%d", viewer.PersonID, merchantID, now.Unix()/3600)
	if a.looks.Contains(key) {
		return nil
	}
	sum := sha256.Sum256([]byte(key))
	err := a.Store.AddAudit(ctx, store.AuditEntry{
		ID: identifier.Format([16]byte(sum[:16])), At: now, PersonID: viewer.PersonID, Person: viewer.Email, Action: "looked",
		MerchantID: merchantID, Address: from.Address,
	})
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	a.looks.Add(key, struct{}{})
	return nil
}

// AuditCursor is where a page of the audit goes on; the zero value begins.
type AuditCursor struct {
	At time.Time
	ID string
}

// AuditEntries are what was done to what the viewer sees, the newest first.
// ErrForbidden.
func (a *Accounts) AuditEntries(ctx context.Context, viewer Viewer, before AuditCursor, limit int) ([]store.AuditEntry, error) {
	if !viewer.May(ReadAudit) {
		return nil, ErrForbidden
	}
	if !before.At.IsZero() && !identifier.Parse(before.ID, new([16]byte)) {
		return nil, ErrUnknown
	}
	entries, err := a.Store.AuditEntries(ctx, store.AuditFilter{
		Everything: viewer.OfOperator(), MerchantID: viewer.MerchantID, BeforeAt: before.At, BeforeID: before.ID, Limit: limit,
	})
	if err != nil || viewer.OfOperator() {
		return entries, err
	}
	return entries, a.hideOperators(ctx, viewer, entries)
}

// TheOperator is who a merchant's people are told of in place of the operator's
// people: that somebody looked or acted is their business, who that is and where
// they work is not.
const TheOperator = "the operator"

// hideOperators takes out of entries for a merchant's people who is none of them.
func (a *Accounts) hideOperators(ctx context.Context, viewer Viewer, entries []store.AuditEntry) error {
	own := map[string]bool{"": false} // the command line is the operator's
	for i := range entries {
		entry := &entries[i]
		if _, asked := own[entry.PersonID]; !asked {
			person, err := a.Store.Person(ctx, entry.PersonID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			own[entry.PersonID] = err == nil && person.MerchantID == viewer.MerchantID
		}
		if !own[entry.PersonID] {
			entry.PersonID, entry.Person, entry.Address = "", TheOperator, ""
		}
	}
	return nil
}

const (
	sweepStep = 500
	// attemptsKept is far longer than any wait: whoever guesses codes must not begin
	// anew by waiting.
	attemptsKept = 90 * 24 * time.Hour
)

// Sweep deletes what has had its time.
func (a *Accounts) Sweep(ctx context.Context) error {
	now := a.now()
	for _, sweep := range []struct {
		delete func(context.Context, time.Time, int) (int, error)
		before time.Time
	}{
		{a.Store.DeleteExpiredTickets, now}, {a.Store.DeleteAttempts, now.Add(-attemptsKept)}, {a.Store.DeleteAudit, now.Add(-AuditKept)},
	} {
		for deleted := sweepStep; deleted == sweepStep; {
			var err error
			if deleted, err = sweep.delete(ctx, sweep.before, sweepStep); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}
