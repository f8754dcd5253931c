package portal

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// entry is something that happened to a session: an exchange, and the change it
// made, if any.
type entry struct {
	At            time.Time // on the machine's clock
	Clock         string    // the merchant's time, where it is another
	Actor         string    // server, browser, stand-in or callback
	Operation     string
	Status        int
	Known         bool // the exchange is in the log
	CorrelationID string
	Took          time.Duration
	Why           string // of a refusal
	Outcome       browserOutcome
	Decided       *decided // nil where nothing was assessed
	OrderID       string

	Revision int64 // that it made; 0 for none
	Event    checkout.EventKind
	Decision string // of an assessment, with its rule, or of a step of a review
	By       string // who took that step
	Token    string // issued, released or used
	Changes  []change
	More     int // changes that are not shown
	Warnings []string
}

// actors are who causes what.
const (
	actorReviewer = "reviewer"
	actorServer   = "server"
	actorBrowser  = "browser"
	actorStandIn  = "stand-in for the browser"
	actorCallback = "callback"
)

func actorOf(operation string) string {
	switch {
	case strings.HasPrefix(operation, "browser_"):
		return actorBrowser
	case strings.HasSuffix(operation, "_callback"):
		return actorCallback
	case strings.HasSuffix(operation, "_review"):
		return actorReviewer
	case slices.Contains([]string{"load", "authorize", "reauthorize", "finalize"}, operation):
		return actorStandIn
	default:
		return actorServer
	}
}

// The bounds of a timeline.
const (
	revisionsShown = 200
	changesShown   = 30
	sessionBody    = 16 << 10 // bytes of one explanation, or body, that is read with it
	sessionBodies  = 2 << 20  // of all of them
)

// step is a revision, without the content it does not share with the one before.
type step struct {
	revision int64
	event    checkout.Event
	changes  []change
	stale    []string // paths that the approval of then does not cover
	approved int64    // revision of that approval
}

// steps reads the newest revisions of a session, oldest first. Only a few states
// are in memory at a time.
func (p *portal) steps(ctx context.Context, sessionID string) (steps []step, older bool, err error) {
	upTo := int64(0)
	var newer *checkout.Session
	var newerEvent checkout.Event
	var newerProperties properties
	add := func(before *checkout.Session, beforeProperties *properties) {
		s := step{revision: newer.Revision, event: newerEvent}
		if before != nil {
			s.changes = changesBetween(beforeProperties, &newerProperties)
			s.stale, s.approved = staleAfter(before, newer)
		} else if newer.Revision == 1 {
			s.changes = changesBetween(beforeProperties, &newerProperties)
		}
		steps = append(steps, s)
	}
	for len(steps) < revisionsShown {
		revisions, err := p.Sessions.Revisions(ctx, sessionID, revisionsAtOnce, upTo)
		if err != nil {
			return nil, false, err
		}
		for i := len(revisions) - 1; i >= 0; i-- {
			session := revisions[i].Session
			own := propertiesOf(&session.Content)
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
		add(nil, &properties{})
		older = newer.Revision > 1
	}
	slices.Reverse(steps)
	return steps, older, nil
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

// timeline puts exchanges and changes on one line, the oldest first.
func timeline(exchanges []requestlog.Exchange, steps []step) []entry {
	entries := make([]entry, 0, len(exchanges)+len(steps))
	places := map[string]int{}
	for i := range exchanges {
		e := &exchanges[i]
		places[e.CorrelationID] = len(entries)
		one := entry{At: e.At, Actor: actorOf(e.Operation), Operation: e.Operation, Status: e.Status, Known: true, CorrelationID: e.CorrelationID, Took: e.Duration, OrderID: e.OrderID}
		if failed(e) {
			one.Why = headline(e, e.Violations)
		}
		one.Outcome = outcomeOf(e)
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
			entries = append(entries, entry{At: made, Actor: actorOf(operation), Operation: operation, CorrelationID: s.event.CorrelationID})
		}
		entries[at].changed(s)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.At.Compare(b.At) })
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

func (e *entry) changed(s *step) {
	e.Revision, e.Event, e.Decision, e.By, e.Token = s.revision, s.event.Kind, s.event.Reason, s.event.By, s.event.AuthorizationToken
	if s.event.OrderID != "" {
		e.OrderID = s.event.OrderID
	}
	if s.revision > 1 {
		e.Changes = s.changes[:min(len(s.changes), changesShown)]
		e.More = len(s.changes) - len(e.Changes)
	}
	if drift := s.event.At.Sub(e.At); drift > time.Minute || drift < -time.Minute {
		e.Clock = moment(s.event.At)
	}
}

// inOrderOfChanges lets the changes stand in the order in which they were made:
// of two requests at the same time the later one may have been the first to change.
func inOrderOfChanges(entries []entry) {
	var at []int
	var changes []entry
	for i := range entries {
		if entries[i].Revision > 0 {
			at, changes = append(at, i), append(changes, entries[i])
		}
	}
	slices.SortStableFunc(changes, func(a, b entry) int { return int(a.Revision - b.Revision) })
	for i := range at {
		entries[at[i]] = changes[i]
	}
}

// overwritten warns of a change whose request was sent before the one it wrote
// over was answered: whoever sent it could not know what it took away.
func overwritten(entries []entry) {
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
				later.Warnings = append(later.Warnings, "This request was sent before revision "+valueText(earlier.Revision, true)+
					" was answered, and wrote over what that had set: "+strings.Join(shared, ", ")+". Two tabs or workers update the session at the same time; let one wait for the other.")
			}
		}
	}
}

func sharedPaths(a, b []change) (paths []string) {
	for i := range a {
		if slices.ContainsFunc(b, func(c change) bool { return c.Path == a[i].Path }) {
			paths = append(paths, a[i].Path)
		}
	}
	return paths
}

// approvedLater warns of changes after the last approval: an order of them is
// refused.
func approvedLater(entries []entry, steps []step) {
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
				entries[j].Warnings = append(entries[j].Warnings, "The customer approved revision "+valueText(s.approved, true)+
					", and this differs from it in "+strings.Join(s.stale, ", ")+": an order of it is refused. Reauthorize.")
			}
		}
	}
}
