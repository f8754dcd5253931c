package store

import "context"

// Erasing replaces what is stored of somebody. The store does not know what a
// replacement says. What is not there any more is left out, which is no error, and
// doing it twice is doing it once: whoever was interrupted begins again.
//
// What is replaced was read before, and somebody else may be erased from it meanwhile,
// by another process too. So each replacement comes with what was read, in the same
// order and number: where something else is stored by now it is left as it is and the
// error is ErrConflict. Others of the call may be replaced; read it anew.
type Erasing interface {
	// SessionsAfter lists up to limit sessions from the cursor on ("" begins). next is
	// "" at the end. Sessions that are made meanwhile may be missed.
	SessionsAfter(ctx context.Context, cursor string, limit int) (sessionIDs []string, next string, err error)
	// RewriteRevisions replaces the states of revisions of a session and the reasons
	// of their events, in one transaction, and the references that are listed of its
	// order. Nothing else of them changes.
	RewriteRevisions(ctx context.Context, sessionID string, read, revisions []Revision) error
	// RewriteCallbacks replaces URL, Body and Answer by ID, also while somebody
	// delivers one: what becomes of that is written as ever. URL and Answer are what
	// is compared.
	RewriteCallbacks(ctx context.Context, read, callbacks []Callback) error
	// RewriteAssessments replaces Subjects and Document by ID. Document is what is
	// compared.
	RewriteAssessments(ctx context.Context, read, assessments []Assessment) error
	// ForgetSubjects deletes what is remembered of the keys, and tells of how many
	// something was.
	ForgetSubjects(ctx context.Context, keys []SubjectKey) (forgotten int, err error)
	// Purge sees to it that what was replaced or deleted through this interface is not
	// left in the files, as far as the engine can. Whole also takes what anything else
	// has left there: it writes the store anew, nothing else is written meanwhile, and
	// it needs as much room again.
	Purge(ctx context.Context, whole bool) error
}
