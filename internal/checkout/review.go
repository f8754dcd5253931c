package checkout

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ReviewTerms say how an order that is referred is reviewed.
type ReviewTerms struct {
	// Due is how long after the order somebody may decide; zero is the default.
	Due time.Duration
	// AtDue is what is decided when nobody did: "accept" or "reject"; empty is the
	// default.
	AtDue ReviewVerdict
}

// The defaults of terms. A review takes at most 24 hours (documented); when
// nobody decided, nothing is risked.
const (
	ReviewDue                 = 24 * time.Hour
	ReviewAtDue ReviewVerdict = ReviewReject
)

// Bounds of what people say of a review, in bytes.
const (
	ReviewerMax     = 255
	ReviewReasonMax = 1000
)

// ReviewClaimLifetime is how long a claim keeps others from deciding. Whoever
// claims again has as long anew.
const ReviewClaimLifetime = 30 * time.Minute

// ReviewVerdict is the end of a review.
type ReviewVerdict string

// The verdicts.
const (
	ReviewAccept ReviewVerdict = "accept"
	ReviewReject ReviewVerdict = "reject"
)

// ReviewState is where the review of an order stands.
type ReviewState string

// The states of a review.
const (
	ReviewNone           ReviewState = ""
	ReviewOpen           ReviewState = "open"
	ReviewClaimed        ReviewState = "claimed"
	ReviewAwaitingSecond ReviewState = "awaiting_second"
	ReviewAccepted       ReviewState = "accepted"
	ReviewRejected       ReviewState = "rejected"
	ReviewStopped        ReviewState = "stopped"
)

// Waits tells whether a verdict is still to come.
func (s ReviewState) Waits() bool {
	return s == ReviewOpen || s == ReviewClaimed || s == ReviewAwaitingSecond
}

// reviewTransitions is the one table of a review's life. What is missing is
// refused. A test walks every pair.
var reviewTransitions = map[ReviewState]map[EventKind]ReviewState{
	ReviewNone: {
		EventOrdered: ReviewOpen,
	},
	ReviewOpen: {
		EventReviewClaimed:   ReviewClaimed,
		EventReviewSupported: ReviewAwaitingSecond,
		EventReviewAccepted:  ReviewAccepted,
		EventReviewRejected:  ReviewRejected,
	},
	ReviewClaimed: {
		EventReviewClaimed:   ReviewClaimed,
		EventReviewReleased:  ReviewOpen,
		EventReviewSupported: ReviewAwaitingSecond,
		EventReviewAccepted:  ReviewAccepted,
		EventReviewRejected:  ReviewRejected,
	},
	ReviewAwaitingSecond: {
		EventReviewReleased: ReviewOpen,
		EventReviewAccepted: ReviewAccepted,
		EventReviewRejected: ReviewRejected,
	},
	ReviewAccepted: {
		EventReviewStopped: ReviewStopped,
	},
	ReviewRejected: {},
	ReviewStopped:  {},
}

// NextReviewState is the table's answer.
func NextReviewState(from ReviewState, event EventKind) (ReviewState, bool) {
	next, ok := reviewTransitions[from][event]
	return next, ok
}

// fraudStatuses are what an order reads while its review is in a state. A
// stopped order reads REJECTED: that is what readers of the notification that
// tells of it look for.
var fraudStatuses = map[ReviewState]string{
	ReviewOpen:           FraudPending,
	ReviewClaimed:        FraudPending,
	ReviewAwaitingSecond: FraudPending,
	ReviewAccepted:       FraudAccepted,
	ReviewRejected:       FraudRejected,
	ReviewStopped:        FraudRejected,
}

// Review is how people and time decide about an order that was referred.
type Review struct {
	State ReviewState
	DueAt time.Time
	AtDue ReviewVerdict // what is decided then

	ClaimedBy string    // who looks at it; empty but in the state claimed
	ClaimedAt time.Time // likewise

	// FirstBy accepted an amount that needs a second person, and stays known
	// after that one's verdict.
	FirstBy     string
	FirstAt     time.Time
	FirstReason string

	DecidedBy string // empty of an automatic decision
	DecidedAt time.Time
	Reason    string
	Automatic bool // time decided

	StoppedBy  string
	StoppedAt  time.Time
	StopReason string

	ChangedBy string // who took the newest step; empty of the order and of time
}

// ReviewStep is what somebody does with a review.
type ReviewStep struct {
	By     string // 1 to ReviewerMax bytes of a line
	Reason string // may be empty, at most ReviewReasonMax bytes
	Now    time.Time
}

// check refuses a step that nobody takes or whose texts have no bounds.
func (c ReviewStep) check() *Refusal {
	if strings.TrimSpace(c.By) == "" || len(c.By) > ReviewerMax || !utf8.ValidString(c.By) || strings.ContainsFunc(c.By, unicode.IsControl) {
		return refuseValues([]Violation{{Path: "by", Rule: RuleFormat, Stage: StageFields, Sent: printable(c.By),
			Expected: fmt.Sprintf("a line of 1 to %d bytes that names who does this", ReviewerMax)}})
	}
	if len(c.Reason) > ReviewReasonMax || !utf8.ValidString(c.Reason) || strings.ContainsRune(c.Reason, 0) {
		return refuseValues([]Violation{{Path: "reason", Rule: RuleLength, Stage: StageFields, Sent: fmt.Sprintf("%d bytes", len(c.Reason)),
			Expected: fmt.Sprintf("text of at most %d bytes", ReviewReasonMax)}})
	}
	return nil
}

// printable is a text that may be shown and is short.
func printable(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), ReviewerMax)], "\uFFFD")
}

// newReview is the review that an order with a referred authorization begins.
// What its own terms do not say follows from the usual ones, then the defaults.
func newReview(terms, usual ReviewTerms, placed time.Time) *Review {
	for _, t := range []ReviewTerms{usual, {Due: ReviewDue, AtDue: ReviewAtDue}} {
		if terms.Due <= 0 {
			terms.Due = t.Due
		}
		if terms.AtDue == "" {
			terms.AtDue = t.AtDue
		}
	}
	return &Review{State: ReviewOpen, DueAt: placed.Add(terms.Due), AtDue: terms.AtDue}
}

// ClaimReview tells the others that somebody looks at it. One that another
// looks at can be claimed when that claim has lapsed.
func (s Session) ClaimReview(step ReviewStep) (Session, Event, *Refusal) {
	if refusal := s.reviewable(step, EventReviewClaimed); refusal != nil {
		return s, Event{}, refusal
	}
	return s.reviewed(EventReviewClaimed, step, func(r *Review) { r.ClaimedBy, r.ClaimedAt = step.By, step.Now })
}

// ReleaseReview gives a claim back, or takes the first of two verdicts back.
func (s Session) ReleaseReview(step ReviewStep) (Session, Event, *Refusal) {
	if refusal := s.reviewable(step, EventReviewReleased); refusal != nil {
		return s, Event{}, refusal
	}
	if r := s.Order.Review; r.State == ReviewAwaitingSecond && r.FirstBy != step.By {
		return s, Event{}, refuse(KindOperationNotAllowed, "only "+r.FirstBy+", who accepted it first, can take that back")
	}
	return s.reviewed(EventReviewReleased, step, func(r *Review) { r.FirstBy, r.FirstAt, r.FirstReason = "", time.Time{}, "" })
}

// DecideReview ends the review. An acceptance of an order above the limit, in
// minor units of its currency, waits for a second person; a limit below zero is
// none. A rejection needs no second: nothing is risked by it, so that a second
// person who differs ends in a rejection too. The same verdict by the same
// person again changes nothing: changed is false.
func (s Session) DecideReview(step ReviewStep, verdict ReviewVerdict, fourEyesAbove int64) (next Session, event Event, changed bool, refusal *Refusal) {
	kind := EventReviewRejected
	if verdict == ReviewAccept {
		kind = EventReviewAccepted
	}
	if s.saidBefore(step, verdict) {
		return s, Event{}, false, nil
	}
	if refusal := s.reviewable(step, kind); refusal != nil {
		return s, Event{}, false, refusal
	}
	review := s.Order.Review
	first := review.State != ReviewAwaitingSecond
	switch {
	case kind == EventReviewAccepted && first && fourEyesAbove >= 0 && int64(s.Order.Ledger.Authorized) > fourEyesAbove:
		next, event, refusal = s.reviewed(EventReviewSupported, step, func(r *Review) {
			r.FirstBy, r.FirstAt, r.FirstReason = step.By, step.Now, step.Reason
		})
	default:
		next, event, refusal = s.reviewed(kind, step, func(r *Review) {
			r.DecidedBy, r.DecidedAt, r.Reason = step.By, step.Now, step.Reason
		})
	}
	return next, event, refusal == nil, refusal
}

// saidBefore tells a verdict that is there already.
func (s *Session) saidBefore(step ReviewStep, verdict ReviewVerdict) bool {
	if s.Order == nil || s.Order.Review == nil {
		return false
	}
	r := s.Order.Review
	switch r.State {
	case ReviewAwaitingSecond:
		return verdict == ReviewAccept && r.FirstBy == step.By
	case ReviewAccepted:
		return verdict == ReviewAccept && !r.Automatic && (r.DecidedBy == step.By || r.FirstBy == step.By)
	case ReviewRejected:
		return verdict == ReviewReject && !r.Automatic && r.DecidedBy == step.By
	case ReviewNone, ReviewOpen, ReviewClaimed, ReviewStopped:
	}
	return false
}

// StopReview takes an acceptance back: the shop must not ship.
func (s Session) StopReview(step ReviewStep) (next Session, event Event, changed bool, refusal *Refusal) {
	if s.Order != nil && s.Order.Review != nil && s.Order.Review.State == ReviewStopped && s.Order.Review.StoppedBy == step.By {
		return s, Event{}, false, nil
	}
	if refusal := s.reviewable(step, EventReviewStopped); refusal != nil {
		return s, Event{}, false, refusal
	}
	next, event, refusal = s.reviewed(EventReviewStopped, step, func(r *Review) {
		r.StoppedBy, r.StoppedAt, r.StopReason = step.By, step.Now, step.Reason
	})
	return next, event, refusal == nil, refusal
}

// automaticReason is of a decision by time.
const automaticReason = "nobody decided in time"

// ReviewAtDue decides what nobody did in time. Before that, and after a
// decision, it changes nothing: changed is false.
func (s Session) ReviewAtDue(now time.Time) (next Session, event Event, changed bool) {
	if s.Order == nil || s.Order.Review == nil || !s.Order.Review.State.Waits() || now.Before(s.Order.Review.DueAt) {
		return s, Event{}, false
	}
	kind := EventReviewRejected
	if s.Order.Review.AtDue == ReviewAccept {
		kind = EventReviewAccepted
	}
	next, event, refusal := s.reviewed(kind, ReviewStep{Reason: automaticReason, Now: now}, func(r *Review) {
		r.DecidedAt, r.Reason, r.Automatic = now, automaticReason, true
	})
	return next, event, refusal == nil
}

// reviewable refuses a step that the review's state or another's claim does not
// allow.
func (s *Session) reviewable(step ReviewStep, kind EventKind) *Refusal {
	if refusal := step.check(); refusal != nil {
		return refusal
	}
	if s.Order == nil || s.Order.Review == nil {
		return refuse(KindOperationNotAllowed, "the order was not referred: there is no review")
	}
	r := s.Order.Review
	if _, ok := NextReviewState(r.State, kind); !ok {
		return refuse(KindOperationNotAllowed, "the review is "+strings.ReplaceAll(string(r.State), "_", " "))
	}
	if r.State == ReviewClaimed && r.ClaimedBy != step.By && step.Now.Before(r.ClaimedAt.Add(ReviewClaimLifetime)) {
		return refuse(KindOperationNotAllowed, r.ClaimedBy+" has claimed the review, until "+
			r.ClaimedAt.Add(ReviewClaimLifetime).UTC().Format(time.RFC3339)+" unless it is released before")
	}
	return nil
}

// reviewed is the session after a step that the table allows.
func (s Session) reviewed(kind EventKind, step ReviewStep, note func(*Review)) (Session, Event, *Refusal) {
	state, ok := NextReviewState(s.Order.Review.State, kind)
	if !ok {
		return s, Event{}, refuse(KindOperationNotAllowed, "the review is "+string(s.Order.Review.State))
	}
	order, review := *s.Order, *s.Order.Review
	review.State, review.ChangedBy = state, step.By
	review.ClaimedBy, review.ClaimedAt = "", time.Time{}
	note(&review)
	order.Review, order.FraudStatus = &review, fraudStatuses[state]
	if state == ReviewAccepted && order.Content.AutoCapture.Value && order.Ledger.Captured == 0 {
		// What would have been captured when the order was placed. A capture of the
		// whole sum cannot be refused.
		order.Ledger, _ = order.Ledger.Capture(order.Ledger.Authorized)
	}
	s.Order = &order
	s.Revision++
	s.UpdatedAt = step.Now
	return s, Event{Kind: kind, At: step.Now, Reason: step.Reason, By: step.By}, nil
}

// ReviewedBy is who took the step that led to this state; empty when the event
// was none of a review. It is how a stored event knows its By.
func (s *Session) ReviewedBy(kind EventKind) string {
	if s.Order == nil || s.Order.Review == nil {
		return ""
	}
	switch kind {
	case EventReviewClaimed, EventReviewReleased, EventReviewSupported, EventReviewAccepted, EventReviewRejected, EventReviewStopped:
		return s.Order.Review.ChangedBy
	default:
		return ""
	}
}
