package timeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// Entry is something that happened to a session: an exchange, and the change it
// made, if any.
type Entry struct {
	At            time.Time // on the machine's clock
	Clock         time.Time // the merchant's time, where it is another; else zero
	Actor         string    // one of the actors
	Operation     string
	Status        int
	Known         bool // the exchange is in the log
	CorrelationID string
	Took          time.Duration
	Why           string // of a refusal
	Outcome       Outcome
	OrderID       string

	Revision int64 // that it made; 0 for none
	Event    checkout.EventKind
	Decision string // of an assessment, with its rule, or of a step of a review
	By       string // who took that step
	Token    string // issued, released or used
	Changes  []Change
	More     int // changes that are not shown
	Warnings []string
}

// The actors are who causes what.
const (
	ActorReviewer = "reviewer"
	ActorErasure  = "erasure" // of a person, on request; the event says by whom
	ActorServer   = "server"
	ActorBrowser  = "browser"
	ActorStandIn  = "stand-in for the browser"
	ActorCallback = "callback"
)

func actorOf(operation string) string {
	switch {
	case strings.HasPrefix(operation, "browser_"):
		return ActorBrowser
	case strings.HasSuffix(operation, "_callback"):
		return ActorCallback
	case strings.HasSuffix(operation, "_review") && operation != "read_review":
		return ActorReviewer
	case operation == eventOperations[checkout.EventErased]:
		return ActorErasure
	case slices.Contains([]string{"load", "authorize", "reauthorize", "finalize"}, operation):
		return ActorStandIn
	default:
		return ActorServer
	}
}

// The bounds of a timeline.
const (
	revisionsShown  = 200
	changesShown    = 30
	revisionsAtOnce = 8 // states in memory at a time
)

// Step is a revision, without the content it does not share with the one before.
type Step struct {
	revision int64
	event    checkout.Event
	changes  []Change
	stale    []string // paths that the approval of then does not cover
	approved int64    // revision of that approval
}

// Reader reads the newest revisions of a session up to one, or up to the newest for 0,
// oldest first: the store.
type Reader interface {
	Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error)
}

// Steps reads the newest revisions of a session, oldest first. Only a few states
// are in memory at a time.
func Steps(ctx context.Context, read Reader, sessionID string) (steps []Step, older bool, err error) {
	upTo := int64(0)
	var newer *checkout.Session
	var newerEvent checkout.Event
	var newerProperties Properties
	add := func(before *checkout.Session, beforeProperties *Properties) {
		s := Step{revision: newer.Revision, event: newerEvent}
		if before != nil {
			s.changes = Between(beforeProperties, &newerProperties)
			s.stale, s.approved = staleAfter(before, newer)
		} else if newer.Revision == 1 {
			s.changes = Between(beforeProperties, &newerProperties)
		}
		steps = append(steps, s)
	}
	for len(steps) < revisionsShown {
		revisions, err := read.Revisions(ctx, sessionID, revisionsAtOnce, upTo)
		if err != nil {
			return nil, false, err
		}
		for i := len(revisions) - 1; i >= 0; i-- {
			session := revisions[i].Session
			own := PropertiesOf(&session.Content)
			if newer != nil {
				add(&session, &own)
			}
			newer, newerEvent, newerProperties = &session, revisions[i].Event, own
		}
		if len(revisions) == 0 || newer.Revision == 1 {
			break
		}
		upTo = newer.Revision - 1
	}
	if newer != nil {
		add(nil, &Properties{})
		older = newer.Revision > 1
	}
	slices.Reverse(steps)
	return steps, older, nil
}

// Placed is the revision that placed the order; 0 where it is not among the steps.
func Placed(steps []Step) int64 {
	for i := range steps {
		if steps[i].event.Kind == checkout.EventOrdered {
			return steps[i].revision
		}
	}
	return 0
}

// staleAfter tells what of a new content an approval does not cover that was
// alive before; nothing where the change is an approval itself.
func staleAfter(before, after *checkout.Session) (paths []string, approved int64) {
	a, still := before.Authorization, after.Authorization
	if a == nil || a.Content == nil || still == nil || a.Revision != still.Revision || a.State != still.State ||
		a.State != checkout.AuthorizationLive && a.State != checkout.AuthorizationPreliminary {
		return nil, 0
	}
	for _, v := range checkout.Match(a.Content, &after.Content) {
		paths = append(paths, v.Path)
	}
	return paths, a.Revision
}

// Of puts exchanges and changes on one line, the oldest first.
func Of(exchanges []requestlog.Exchange, steps []Step) []Entry {
	entries := make([]Entry, 0, len(exchanges)+len(steps))
	places := map[string]int{}
	for i := range exchanges {
		e := &exchanges[i]
		places[e.CorrelationID] = len(entries)
		one := Entry{At: e.At, Actor: actorOf(e.Operation), Operation: e.Operation, Status: e.Status, Known: true, CorrelationID: e.CorrelationID, Took: e.Duration, OrderID: e.OrderID}
		if Failed(e) {
			one.Why = Headline(e, e.Violations)
		}
		one.Outcome = OutcomeOf(e)
		entries = append(entries, one)
	}
	for i := range steps {
		s := &steps[i]
		at, known := places[s.event.CorrelationID]
		if !known {
			made, ok := identifier.Time(s.event.CorrelationID)
			if !ok {
				made = s.event.At
			}
			at = len(entries)
			operation := eventOperations[s.event.Kind]
			entries = append(entries, Entry{At: made, Actor: actorOf(operation), Operation: operation, CorrelationID: s.event.CorrelationID})
		}
		entries[at].changed(s)
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.At.Compare(b.At) })
	inOrderOfChanges(entries)
	overwritten(entries)
	approvedLater(entries, steps)
	return entries
}

// eventOperations are what made a change whose exchange is not in the log.
var eventOperations = map[checkout.EventKind]string{
	checkout.EventCreated: "create_session", checkout.EventUpdated: "update_session", checkout.EventLoaded: "browser_load",
	checkout.EventAuthorized: "browser_authorize", checkout.EventReferred: "browser_authorize", checkout.EventDeferred: "browser_authorize",
	checkout.EventDenied: "browser_authorize", checkout.EventReleased: "cancel_authorization", checkout.EventOrdered: "create_order",
	checkout.EventCustomerTokenCreated: "create_customer_token",
	checkout.EventReviewClaimed:        "claim_review", checkout.EventReviewReleased: "release_review", checkout.EventReviewSupported: "accept_review",
	checkout.EventReviewAccepted: "accept_review", checkout.EventReviewRejected: "reject_review", checkout.EventReviewStopped: "stop_review",
	checkout.EventErased: "erase_person",
}

// Effect is a change alone, after the one before it if that is known.
func Effect(at time.Time, before []store.Revision, made *store.Revision) Entry {
	s := Step{revision: made.Session.Revision, event: made.Event}
	if len(before) == 1 {
		older, newer := PropertiesOf(&before[0].Session.Content), PropertiesOf(&made.Session.Content)
		s.changes = Between(&older, &newer)
	}
	changed := Entry{At: at}
	changed.changed(&s)
	return changed
}

func (e *Entry) changed(s *Step) {
	e.Revision, e.Event, e.Decision, e.By, e.Token = s.revision, s.event.Kind, s.event.Reason, s.event.By, s.event.AuthorizationToken
	if s.event.OrderID != "" {
		e.OrderID = s.event.OrderID
	}
	if s.revision > 1 {
		e.Changes = s.changes[:min(len(s.changes), changesShown)]
		e.More = len(s.changes) - len(e.Changes)
	}
	if drift := s.event.At.Sub(e.At); drift > time.Minute || drift < -time.Minute {
		e.Clock = s.event.At
	}
}

// inOrderOfChanges lets the changes stand in the order in which they were made:
// of two requests at the same time the later one may have been the first to change.
func inOrderOfChanges(entries []Entry) {
	var at []int
	var changes []Entry
	for i := range entries {
		if entries[i].Revision > 0 {
			at, changes = append(at, i), append(changes, entries[i])
		}
	}
	slices.SortStableFunc(changes, func(a, b Entry) int { return int(a.Revision - b.Revision) })
	for i := range at {
		entries[at[i]] = changes[i]
	}
}

// overwritten warns of a change whose request was sent before the one it wrote
// over was answered: whoever sent it could not know what it took away.
func overwritten(entries []Entry) {
	for i := range entries {
		later := &entries[i]
		if later.Event != checkout.EventUpdated && later.Event != checkout.EventLoaded || !later.Known {
			continue
		}
		for j := range entries[:i] {
			earlier := &entries[j]
			if earlier.Revision < 2 || !earlier.Known || !earlier.At.Add(earlier.Took).After(later.At) {
				continue
			}
			if shared := sharedPaths(earlier.Changes, later.Changes); len(shared) > 0 {
				later.Warnings = append(later.Warnings, "This request was sent before revision "+ValueText(earlier.Revision, true)+
					" was answered, and wrote over what that had set: "+strings.Join(shared, ", ")+". Two tabs or workers update the session at the same time; let one wait for the other.")
			}
		}
	}
}

func sharedPaths(a, b []Change) (paths []string) {
	for i := range a {
		if slices.ContainsFunc(b, func(c Change) bool { return c.Path == a[i].Path }) {
			paths = append(paths, a[i].Path)
		}
	}
	return paths
}

// approvedLater warns of changes after the last approval: an order of them is
// refused.
func approvedLater(entries []Entry, steps []Step) {
	last := int64(0) // newest approval
	for i := range steps {
		switch steps[i].event.Kind {
		case checkout.EventAuthorized, checkout.EventReferred, checkout.EventDeferred, checkout.EventDenied, checkout.EventReleased, checkout.EventOrdered:
			last = steps[i].revision
		case checkout.EventCreated, checkout.EventUpdated, checkout.EventLoaded, checkout.EventCustomerTokenCreated, checkout.EventReviewClaimed,
			checkout.EventReviewReleased, checkout.EventReviewSupported, checkout.EventReviewAccepted, checkout.EventReviewRejected, checkout.EventReviewStopped,
			checkout.EventErased:
		}
	}
	for i := range steps {
		s := &steps[i]
		if len(s.stale) == 0 || s.revision < last {
			continue
		}
		for j := range entries {
			if entries[j].Revision == s.revision {
				entries[j].Warnings = append(entries[j].Warnings, "The customer approved revision "+ValueText(s.approved, true)+
					", and this differs from it in "+strings.Join(s.stale, ", ")+": an order of it is refused. Reauthorize.")
			}
		}
	}
}
