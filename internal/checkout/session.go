package checkout

import "time"

// SessionLifetime is how long a session lives after its last update. Source:
// documentation of update session.
const SessionLifetime = 48 * time.Hour

// AuthorizationLifetime is how long an authorization token can be used.
const AuthorizationLifetime = 60 * time.Minute

// Session is one payment in the making. A Session value is immutable: commands
// return a new one. Everything a pointer or slice in it reaches is shared and
// must not be written.
type Session struct {
	// Set at creation and never changed.
	ID          string
	MerchantID  string
	ClientToken string
	CreatedAt   time.Time

	Revision  int64 // counts the accepted changes, from 1
	UpdatedAt time.Time
	ExpiresAt time.Time
	Content   Content // what the shop stated, on its server or its page
	// Collected is what the customer added in the purchase flow: properties of
	// billing_address and customer that the shop had not stated. Nil when there
	// are none. An order is compared with what was stated; see Known for both.
	Collected *Content

	Authorization *Authorization // the newest, whatever became of it
	CustomerToken *CustomerToken
	Order         *Order
	// ErasedAt is when a person's data was erased from it; zero when it never was.
	ErasedAt time.Time
}

// Complete tells whether an order was placed.
func (s *Session) Complete() bool { return s.Order != nil }

// Expired tells whether the session has ended without an order.
func (s *Session) Expired(now time.Time) bool {
	return !s.Complete() && !now.Before(s.ExpiresAt)
}

// Intent is what the session is for, "buy" when nothing was said.
func (s *Session) Intent() string { return s.Content.intent() }

func (c *Content) intent() string {
	if c.Intent.Value == "" {
		return IntentBuy
	}
	return c.Intent.Value
}

// CustomerToken lets a merchant charge the customer again.
type CustomerToken struct {
	ID                 string
	AuthorizationToken string
	CreatedAt          time.Time
	Description        string
}

// Event is what happened to a session in one accepted change; it is stored
// beside the state it led to.
type Event struct {
	Kind               EventKind
	At                 time.Time
	CorrelationID      string
	AuthorizationToken string // issued, released or used by this event
	OrderID            string
	Reason             string // of a risk decision or a step of a review
	By                 string // who took a step of a review; empty of time
}

// EventKind names a change of a session.
type EventKind string

// The changes of a session.
const (
	EventCreated              EventKind = "created"
	EventUpdated              EventKind = "updated"
	EventLoaded               EventKind = "loaded"
	EventAuthorized           EventKind = "authorized"
	EventReferred             EventKind = "referred"
	EventDeferred             EventKind = "deferred" // approved, waits for finalize
	EventDenied               EventKind = "denied"
	EventReleased             EventKind = "released"
	EventOrdered              EventKind = "ordered"
	EventCustomerTokenCreated EventKind = "customer_token_created"
	EventReviewClaimed        EventKind = "review_claimed"
	EventReviewReleased       EventKind = "review_released"
	EventReviewSupported      EventKind = "review_supported" // accepted, waits for a second person
	EventReviewAccepted       EventKind = "review_accepted"
	EventReviewRejected       EventKind = "review_rejected"
	EventReviewStopped        EventKind = "review_stopped"
	EventErased               EventKind = "erased" // the data of a person, on request
)

// Create makes the first revision of a session, or says what is wrong with it.
// problems are what decoding found: properties of the wrong type.
func Create(id, merchantID string, patch Content, problems []Violation, now time.Time) (Session, Event, *Refusal) {
	content := withDefaults(Content{}.Merge(patch))
	if violations := Validate(OperationCreate, &content, problems); len(violations) > 0 {
		return Session{}, Event{}, refuseValues(violations)
	}
	session := Session{
		ID: id, MerchantID: merchantID, CreatedAt: now,
		Revision: 1, UpdatedAt: now, ExpiresAt: now.Add(SessionLifetime),
		Content: content,
	}
	return session, Event{Kind: EventCreated, At: now}, nil
}

// withDefaults sets what the published schema gives a default. Readers expect
// these three in every session (recorded client behaviour).
func withDefaults(c Content) Content {
	if c.AcquiringChannel.Value == "" {
		c.AcquiringChannel = TextOf("ECOMMERCE")
	}
	if c.Intent.Value == "" {
		c.Intent = TextOf(IntentBuy)
	}
	if c.Locale.Value == "" {
		c.Locale = TextOf("en-US")
	}
	return c
}

// Update merges a patch into the session. The merged content must be valid; an
// empty patch is an update too and extends the session's life.
func (s Session) Update(patch Content, problems []Violation, now time.Time) (Session, Event, *Refusal) {
	if refusal := s.open(now); refusal != nil {
		return s, Event{}, refusal
	}
	next, refusal := s.withContent(patch, problems, now)
	if refusal != nil {
		return s, Event{}, refusal
	}
	return next, Event{Kind: EventUpdated, At: now}, nil
}

// Viewable refuses a session that has expired.
func (s *Session) Viewable(now time.Time) *Refusal {
	if ended := s.endedByErasure(); ended != "" {
		return refuse(KindSessionNotFound, ended)
	}
	if s.Expired(now) {
		return refuse(KindSessionNotFound, "the session expired at "+s.ExpiresAt.UTC().Format(time.RFC3339)+", 48 hours after its last update")
	}
	return nil
}

// open refuses what a completed or expired session cannot do.
func (s *Session) open(now time.Time) *Refusal {
	if s.Complete() {
		return refuse(KindSessionCompleted, "order "+s.Order.ID+" was placed for this session")
	}
	return s.Viewable(now)
}

// withContent is the next revision with the patch merged in.
func (s Session) withContent(patch Content, problems []Violation, now time.Time) (Session, *Refusal) {
	content := withDefaults(s.Content.Merge(patch))
	if violations := Validate(OperationUpdate, &content, problems); len(violations) > 0 {
		return s, refuseValues(violations)
	}
	s.Content = content
	s.Revision++
	s.UpdatedAt = now
	s.ExpiresAt = now.Add(SessionLifetime)
	return s, nil
}
