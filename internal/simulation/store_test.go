package simulation_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// Faults of the store, as the service sees them.
var (
	errStore   = errors.New("simulation: the store failed")
	errUnknown = errors.New("simulation: the connection broke, the outcome is unknown")
	errDead    = errors.New("simulation: the process is dead")
)

// lie is a promise that the store breaks, to see that it is found.
type lie verdict

// The lies.
const (
	forgets      lie = "forgets what it has confirmed"
	tearsBatches lie = "writes the first change of a transaction only"
	showsThePast lie = "shows the state before the newest"
)

// journal is what the store applied, in order, until the scheduler reads it.
type journal struct {
	mu      sync.Mutex
	applied []store.Change
}

func (j *journal) add(change *store.Change) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.applied = append(j.applied, *change)
}

func (j *journal) take() []store.Change {
	j.mu.Lock()
	defer j.mu.Unlock()
	taken := j.applied
	j.applied = nil
	return taken
}

// commit applies changes to the store and writes down those it took. What the
// store keeps has been through its written form, as in a file.
func (s *simulation) commit(changes []store.Change) []error {
	changes = slices.Clone(changes)
	for i := range changes {
		session := &changes[i].Session
		kept := checkout.Session{ID: session.ID, MerchantID: session.MerchantID, ClientToken: session.ClientToken, CreatedAt: session.CreatedAt}
		if err := record.Decode(changes[i].State, &kept); err != nil {
			return all(changes, err)
		}
		*session = kept
	}
	answers := s.store.Commit(context.Background(), changes)
	for i := range changes {
		if answers[i] == nil {
			s.journal.add(&changes[i])
		} else if errors.Is(answers[i], store.ErrConflict) {
			s.madeBy(&changes[i]).conflicts++
			s.auditor.met["conflict of two processes"]++
		}
	}
	return answers
}

// view is the store as one process sees it.
type view struct {
	store.Engine
	simulation *simulation
	process    *process
}

// look stops before a read and, when that is slow, after it.
func look[T any](ctx context.Context, v *view, read func(context.Context) (T, error)) (T, error) {
	var nothing T
	at := &stop{place: atRead, process: v.process, call: callOf(ctx)}
	decided := v.simulation.gate.stop(at)
	switch decided {
	case died:
		return nothing, errDead
	case failBefore:
		return nothing, errStore
	}
	found, err := read(ctx)
	if decided == slow && v.simulation.gate.stop(&stop{place: atReadDone, process: v.process, call: at.call}) == died {
		return nothing, errDead
	}
	return found, err
}

func (v *view) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	return look(ctx, v, func(ctx context.Context) (checkout.Session, error) {
		if v.simulation.lie == showsThePast {
			revisions, err := v.Engine.Revisions(ctx, sessionID, 2, 0)
			if err != nil {
				return checkout.Session{}, err
			}
			return revisions[0].Session, nil
		}
		return v.Engine.Session(ctx, sessionID)
	})
}

func (v *view) SessionOfAuthorization(ctx context.Context, token string) (string, error) {
	return look(ctx, v, func(ctx context.Context) (string, error) { return v.Engine.SessionOfAuthorization(ctx, token) })
}

func (v *view) Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error) {
	return look(ctx, v, func(ctx context.Context) ([]store.Revision, error) {
		return v.Engine.Revisions(ctx, sessionID, limit, upTo)
	})
}

func (v *view) EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error {
	_, err := look(ctx, v, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, v.Engine.EnsureMerchant(ctx, merchantID, now)
	})
	return err
}

// AdvanceClock does not stop: its caller holds a lock. What befalls it was
// drawn with the call.
func (v *view) AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error) {
	called := callOf(ctx)
	if called.request.fault == failBefore {
		called.faulted = true
		return 0, errStore
	}
	sum, err := v.Engine.AdvanceClock(ctx, merchantID, by)
	if err == nil {
		v.simulation.auditor.advanced[merchantID] = sum
	}
	if err == nil && called.request.fault == failAfter {
		called.faulted = true
		return 0, errUnknown
	}
	return sum, err
}

// Commit is a transaction of the batcher.
func (v *view) Commit(_ context.Context, changes []store.Change) []error {
	own := slices.Clone(changes)
	for i := range own { // the states are the batcher's again as well
		own[i].State = bytes.Clone(own[i].State)
	}
	decided := v.simulation.gate.stop(&stop{place: atCommit, process: v.process, changes: own})
	if decided == proceed {
		decided = verdict(v.simulation.lie)
	}
	switch decided {
	case verdict(forgets):
		return v.committed(own, all(own, nil))
	case verdict(tearsBatches):
		v.simulation.commit(own[:1])
		return v.committed(own, all(own, nil))
	case died:
		return all(own, errDead)
	case failBefore:
		return all(own, errStore)
	case applyLater:
		return all(own, errUnknown)
	case conflict:
		answers := append([]error{store.ErrConflict}, v.simulation.commit(own[1:])...)
		return v.committed(own, answers)
	case failAfter:
		v.simulation.commit(own)
		return v.committed(own, all(own, errUnknown))
	default:
		return v.committed(own, v.simulation.commit(own))
	}
}

// committed stops between the end of a transaction and its answer.
func (v *view) committed(changes []store.Change, answers []error) []error {
	if v.simulation.gate.stop(&stop{place: atCommitted, process: v.process, changes: changes}) == died {
		return all(changes, errDead)
	}
	return answers
}

func all(changes []store.Change, err error) []error {
	return slices.Repeat([]error{err}, len(changes))
}

// committer stops between the batcher and the service, so that the callers of
// one transaction go on one after the other.
type committer struct {
	simulation *simulation
	process    *process
}

func (c committer) Commit(ctx context.Context, change store.Change) error {
	called := callOf(ctx)
	called.correlation = change.Event.CorrelationID
	err := c.process.batcher.Commit(ctx, change)
	if c.simulation.gate.stop(&stop{place: atAnswer, process: c.process, call: called}) == died {
		return errDead
	}
	return err
}
