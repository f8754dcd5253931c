package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// writeTimeout bounds a transaction that has started and no longer follows its
// caller's context. It ends SQLite's own work and waits between two steps; a
// system call that hangs ends when the system says so.
const writeTimeout = 30 * time.Second

// Commit makes the changes durable in one transaction with one fsync. Beside
// the answers of store.Engine a change may get an error of its own: an id that
// is no UUID, or amounts the schema refuses.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) []error {
	answers := make([]error, len(changes))
	if len(changes) == 0 {
		return answers
	}
	err := e.write(ctx, func(w *writer) error { return w.commitBatch(changes, answers) })
	if err != nil {
		for i := range answers {
			answers[i] = err
		}
	}
	return answers
}

// write runs one transaction. It waits for the writing place as long as the
// context lasts; from there on it is detached from it. After a failure nobody
// knows what reached the disk: the connection is replaced and the pending heads
// are read again, so that the next transaction starts from what is really
// there. Readers are shown the state before the failed transaction until then.
func (e *Engine) write(ctx context.Context, transaction func(*writer) error) error {
	if err := e.takeWriting(ctx); err != nil {
		return err
	}
	defer e.giveWriting()
	if err := e.broken.err(); err != nil {
		return err
	}
	if e.writer == nil {
		if err := e.openWriter(); err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.writeTimeout)
	defer cancel()
	e.writer.conn.bound(bounded)
	err := transaction(e.writer)
	if err == nil {
		e.writer.conn.bound(context.Background())
		return nil
	}
	e.broken.note(err)
	if isInterrupted(err) {
		err = fmt.Errorf("not done after %v: %w", e.writeTimeout, err)
	}
	err = fmt.Errorf("sqlite: write: %w", errors.Join(withCode(err), e.writer.abandon()))
	_ = e.writer.conn.close() // it has failed already; what matters is err
	e.writer = nil
	return err
}

// commitBatch writes the changes and fills in their answers. The error is what
// hit the whole batch.
func (w *writer) commitBatch(changes []store.Change, answers []error) error {
	done, err := w.attempt(changes, answers)
	if err != nil || done {
		return err
	}
	if err := w.rollback.run(); err != nil {
		return err
	}
	return w.attemptEach(changes, answers)
}

// attempt expects every change to fit, or to be found not to fit before it is
// written: a stale revision, by far the most frequent conflict, is. done is
// false when a change has to be undone alone; the transaction is then open.
func (w *writer) attempt(changes []store.Change, answers []error) (done bool, err error) {
	clear(w.batch)
	if err := w.begin.run(); err != nil {
		return false, err
	}
	for i := range changes {
		clean, err := w.put(&changes[i])
		if err == nil {
			continue
		}
		if answers[i], err = answerOf(err); err != nil {
			return false, err
		}
		if !clean {
			return false, nil
		}
	}
	return true, w.finish(len(changes))
}

// attemptEach puts a savepoint before every change. It costs three statements
// more per change and is needed when a token or order id is taken.
func (w *writer) attemptEach(changes []store.Change, answers []error) error {
	clear(w.batch)
	if err := w.begin.run(); err != nil {
		return err
	}
	for i := range changes {
		if err := w.savepoint.run(); err != nil {
			return err
		}
		clean, err := w.put(&changes[i])
		if answers[i], err = answerOf(err); err != nil {
			return err
		}
		if !clean {
			if err := w.undo.run(); err != nil {
				return err
			}
		}
		if err := w.release.run(); err != nil {
			return err
		}
	}
	return w.finish(len(changes))
}

// answerOf tells the answer for one change from the failure of the batch.
func answerOf(err error) (answer, failure error) {
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, store.ErrConflict), isTaken(err):
		return store.ErrConflict, nil
	case isRefused(err):
		return fmt.Errorf("sqlite: the change contradicts the schema: %w", err), nil
	case errors.Is(err, errIdentifier), errors.Is(err, errOrder), errors.Is(err, errLedger), errors.Is(err, errSubjectTwice):
		return err, nil
	default:
		return nil, err
	}
}
