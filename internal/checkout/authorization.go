package checkout

import (
	"time"

	"github.com/kvitto/kvitto/internal/market"
)

// Authorization is the newest answer of risk for a session: an approval with a
// token, an approval that waits for finalize, or a denial.
type Authorization struct {
	Token     string // empty when preliminary, or denied before any approval
	State     AuthorizationState
	Category  string // payment_method_category, may be empty
	Revision  int64  // of the session it was given for
	CreatedAt time.Time
	ExpiresAt time.Time
	Referred  bool   // the order will be PENDING
	Reason    string // of the decision
	// Content is what was approved. The order must equal it.
	Content *Content
	CallID  string // of the call that led to it, may be empty
	// AssessmentID names the stored assessment that led to it, may be empty.
	AssessmentID string
	// Review is what the review of a referred order begins with.
	Review ReviewTerms
}

// AuthorizationState is where an authorization stands. Expiry is not a state:
// it follows from the clock.
type AuthorizationState string

// The states of an authorization.
const (
	AuthorizationNone        AuthorizationState = ""
	AuthorizationPreliminary AuthorizationState = "preliminary"
	AuthorizationLive        AuthorizationState = "live"
	AuthorizationDenied      AuthorizationState = "denied"
	AuthorizationReleased    AuthorizationState = "released"
	AuthorizationOrdered     AuthorizationState = "ordered"
)

// transitions is the one table of the authorization's life. What is missing is
// refused. A test walks every pair.
var transitions = map[AuthorizationState]map[EventKind]AuthorizationState{
	AuthorizationNone: {
		EventAuthorized: AuthorizationLive,
		EventReferred:   AuthorizationLive,
		EventDeferred:   AuthorizationPreliminary,
		EventDenied:     AuthorizationDenied,
	},
	AuthorizationPreliminary: {
		EventAuthorized: AuthorizationLive,
		EventReferred:   AuthorizationLive,
		EventDeferred:   AuthorizationPreliminary,
		EventDenied:     AuthorizationDenied,
	},
	AuthorizationLive: {
		EventAuthorized:           AuthorizationLive,
		EventReferred:             AuthorizationLive,
		EventDeferred:             AuthorizationPreliminary,
		EventDenied:               AuthorizationDenied,
		EventReleased:             AuthorizationReleased,
		EventOrdered:              AuthorizationOrdered,
		EventCustomerTokenCreated: AuthorizationLive,
	},
	AuthorizationDenied: {
		EventAuthorized: AuthorizationLive,
		EventReferred:   AuthorizationLive,
		EventDeferred:   AuthorizationPreliminary,
		EventDenied:     AuthorizationDenied,
	},
	AuthorizationReleased: {
		EventAuthorized: AuthorizationLive,
		EventReferred:   AuthorizationLive,
		EventDeferred:   AuthorizationPreliminary,
		EventDenied:     AuthorizationDenied,
	},
	AuthorizationOrdered: {},
}

// NextAuthorizationState is the table's answer.
func NextAuthorizationState(from AuthorizationState, event EventKind) (AuthorizationState, bool) {
	next, ok := transitions[from][event]
	return next, ok
}

func (s *Session) authorizationState() AuthorizationState {
	if s.Authorization == nil {
		return AuthorizationNone
	}
	return s.Authorization.State
}

// Denied tells that the newest answer to the session was a denial.
func (s *Session) Denied() bool { return s.authorizationState() == AuthorizationDenied }

// LiveToken is the token that can place an order now, or "".
func (s *Session) LiveToken(now time.Time) string {
	a := s.Authorization
	if a == nil || a.State != AuthorizationLive || !now.Before(a.ExpiresAt) {
		return ""
	}
	return a.Token
}

// Outcome is how an assessment ends.
type Outcome string

// The outcomes of an assessment.
const (
	OutcomeApprove          Outcome = "approve"
	OutcomeDeny             Outcome = "deny"
	OutcomeRefer            Outcome = "refer"
	OutcomeInvalidFields    Outcome = "invalid_fields"    // the customer must mend data
	OutcomeCancel           Outcome = "cancel"            // the customer closed the flow
	OutcomeError            Outcome = "error"             // technical failure
	OutcomeFinalizeRequired Outcome = "finalize_required" // a last step is needed
)

// Decision is what risk says of a session's content.
type Decision struct {
	Outcome       Outcome
	InvalidFields []string // paths, for OutcomeInvalidFields
	Reason        string   // for explanations
	// Review says how the order of OutcomeRefer is reviewed; the zero value is the
	// default.
	Review ReviewTerms
	// AssessmentID names the stored assessment, may be empty.
	AssessmentID string
}

// Final is the decision where no later step can follow: what asks for one is an
// approval.
func (d Decision) Final() Decision {
	if d.Outcome == OutcomeFinalizeRequired {
		d.Outcome = OutcomeApprove
	}
	return d
}

// Browser is one call of the browser SDK.
type Browser struct {
	Patch        Content     // the call's data argument
	Problems     []Violation // what decoding the data found
	Category     string      // payment_method_category, may be empty
	Categories   []string    // payment_method_categories; one is the same as Category
	AutoFinalize bool        // false asks for a later finalize
	// CollectShippingAddress asks for the address in the result.
	CollectShippingAddress bool
	Decide                 func(*Content) Decision
	NewToken               func() string
	Now                    time.Time
	// CallID is the same for a call and its repetition, and for all requests of
	// the purchase flow that belong to it. May be empty.
	CallID string
	// Flow is how far the customer has come; nil is a call without a customer.
	Flow *Flow
	// Person stands for the customer of a call without one: it finds who buys in
	// a country, and fills in what nobody stated. Nil fills in nothing.
	Person func(country string) *Content

	repeated   bool // reauthorize or finalize: something was agreed to before
	finalizing bool
}

// BrowserResult is what the SDK hands to its callback.
type BrowserResult struct {
	ShowForm           bool
	Approved           bool
	AuthorizationToken string
	FinalizeRequired   bool
	InvalidFields      []string
	Violations         []Violation // why the fields are invalid, where a rule says so
	// CollectedShippingAddress is where the order goes, where it was asked for.
	CollectedShippingAddress *Address
	// Ask is the question the customer has to answer first. Then nothing else is
	// said and nothing was changed.
	Ask *Ask
	// Changed tells whether the session has a new revision to be stored.
	Changed bool
	// Repeated: this is the result of an earlier call with the same id.
	Repeated bool
}

// Load shows the widget: it merges data and answers whether it can be shown.
// It gives no authorization and ends none.
func (s Session) Load(call Browser) (Session, Event, BrowserResult, *Refusal) {
	next, result, refusal := s.merged(call)
	if refusal != nil || len(result.InvalidFields) > 0 {
		return s, Event{}, result, refusal
	}
	known := next.Known()
	decision := call.Decide(&known)
	result = BrowserResult{ShowForm: true, Changed: next.Revision != s.Revision}
	switch decision.Outcome {
	case OutcomeDeny, OutcomeError:
		result.ShowForm = false
	case OutcomeInvalidFields:
		return s, Event{}, BrowserResult{ShowForm: true, InvalidFields: decision.InvalidFields}, nil
	case OutcomeApprove, OutcomeRefer, OutcomeCancel, OutcomeFinalizeRequired:
	}
	if !result.Changed {
		return s, Event{}, result, nil
	}
	return next, Event{Kind: EventLoaded, At: call.Now, Reason: decision.Reason}, result, nil
}

// Authorize assesses the session with the call's data merged in. An approval
// gives a new token, pinned to this content; it ends any earlier one. Where the
// customer has to be asked something first, that is all the answer.
func (s Session) Authorize(call Browser) (Session, Event, BrowserResult, *Refusal) {
	if call.Category == "" && len(call.Categories) == 1 {
		call.Category = call.Categories[0]
	}
	if call.Flow != nil && call.Flow.Answers.Cancelled {
		return s, Event{}, s.cancelled(&call), s.open(call.Now)
	}
	next, result, refusal := s.merged(call)
	if refusal != nil || len(result.InvalidFields) > 0 {
		return s, Event{}, result, refusal
	}
	if result, ok := s.answeredBefore(&next, &call); ok {
		return s, Event{}, result, nil
	}
	before := s
	if s.anotherPerson(&next) {
		// Nothing that the one before said or agreed to is this one's.
		before.Authorization, next.Collected = nil, nil
	}
	if call.Flow != nil {
		conversation := conversation{session: &before, known: next.Known(), collected: next.Collected, call: &call}
		if ask := conversation.next(); ask != nil {
			return s, Event{}, BrowserResult{Ask: ask}, nil
		}
		next.Collected, call.Category = conversation.collected, conversation.category
	}
	if call.Flow == nil && call.Person != nil {
		next.Collected = next.addedBy(call.Person)
	}
	known := next.Known()
	if call.Flow == nil {
		call.Category = s.chosenWithoutCustomer(&call, &known)
	}
	decision := call.Decide(&known)
	switch decision.Outcome {
	case OutcomeInvalidFields:
		return s, Event{}, BrowserResult{ShowForm: true, InvalidFields: decision.InvalidFields}, nil
	case OutcomeCancel:
		return s, Event{}, BrowserResult{ShowForm: true}, nil
	case OutcomeError:
		return s, Event{}, BrowserResult{}, nil
	case OutcomeApprove, OutcomeRefer, OutcomeDeny, OutcomeFinalizeRequired:
	}
	kind := eventOf(decision.Outcome, call.AutoFinalize)
	return s.assessed(next, kind, decision, call)
}

// Reauthorize is Authorize for an order that changed after an approval. It is
// always final: a review page has no later step, so a decision that asks for
// one is an approval here.
func (s Session) Reauthorize(call Browser) (Session, Event, BrowserResult, *Refusal) {
	call.AutoFinalize, call.repeated = true, true
	decide := call.Decide
	call.Decide = func(c *Content) Decision { return decide(c).Final() }
	if call.Category == "" && len(call.Categories) == 0 && s.Authorization != nil {
		call.Category = s.Authorization.Category
	}
	return s.Authorize(call)
}

// Finalize completes an authorization that said finalize_required. Without one
// there is nothing to finalize and the answer is a technical no; but a call that
// comes again, because its answer was lost or a button was pressed twice, gets
// the answer of the first.
func (s Session) Finalize(call Browser) (Session, Event, BrowserResult, *Refusal) {
	if refusal := s.open(call.Now); refusal != nil {
		return s, Event{}, BrowserResult{}, refusal
	}
	if call.Flow != nil && call.Flow.Answers.Cancelled {
		return s, Event{}, s.cancelled(&call), nil
	}
	if s.authorizationState() != AuthorizationPreliminary {
		return s, Event{}, s.finalizedBefore(call), nil
	}
	call.finalizing = true
	return s.Reauthorize(call)
}

// finalizedBefore is the answer to a finalize when nothing waits for one: the
// live approval if it is of this very content and risk still agrees, else a no.
func (s Session) finalizedBefore(call Browser) BrowserResult {
	token := s.LiveToken(call.Now)
	next, result, refusal := s.merged(call)
	if refusal == nil && len(result.InvalidFields) == 0 {
		if result, ok := s.answeredBefore(&next, &call); ok {
			return result
		}
	}
	if token == "" || refusal != nil || len(result.InvalidFields) > 0 || len(requestDifferences(s.Authorization.Content, &next.Content, false)) > 0 {
		return BrowserResult{}
	}
	known := next.Known()
	switch call.Decide(&known).Outcome {
	case OutcomeApprove, OutcomeRefer, OutcomeFinalizeRequired:
	case OutcomeDeny, OutcomeInvalidFields, OutcomeCancel, OutcomeError:
		return BrowserResult{}
	}
	result = BrowserResult{ShowForm: true, Approved: true, AuthorizationToken: token}
	if call.CollectShippingAddress {
		result.CollectedShippingAddress = known.shippingAddress()
	}
	return result
}

func eventOf(outcome Outcome, autoFinalize bool) EventKind {
	switch {
	case outcome == OutcomeDeny:
		return EventDenied
	case outcome == OutcomeFinalizeRequired || !autoFinalize:
		return EventDeferred
	case outcome == OutcomeRefer:
		return EventReferred
	default:
		return EventAuthorized
	}
}

// merged lays the call's data over the session. Bad data is told to the shop
// as invalid fields and changes nothing.
func (s Session) merged(call Browser) (Session, BrowserResult, *Refusal) {
	if refusal := s.open(call.Now); refusal != nil {
		return s, BrowserResult{}, refusal
	}
	if call.Patch.Empty() && len(call.Problems) == 0 {
		return s, BrowserResult{}, nil
	}
	next, refusal := s.withContent(call.Patch, call.Problems, call.Now)
	if refusal != nil {
		result := BrowserResult{ShowForm: true, Violations: refusal.Violations}
		for _, violation := range FirstStage(refusal.Violations) {
			result.InvalidFields = append(result.InvalidFields, violation.Path)
		}
		return s, result, nil
	}
	return next, BrowserResult{}, nil
}

// assessed records the decision on the merged session.
func (s Session) assessed(next Session, kind EventKind, decision Decision, call Browser) (Session, Event, BrowserResult, *Refusal) {
	state, ok := NextAuthorizationState(s.authorizationState(), kind)
	if !ok {
		return s, Event{}, BrowserResult{}, refuse(KindSessionCompleted, "the authorization cannot change any more")
	}
	next.Revision = s.Revision + 1
	next.UpdatedAt = call.Now
	content := next.Content
	authorization := &Authorization{
		State: state, Category: call.Category, Revision: next.Revision, Reason: decision.Reason,
		CreatedAt: call.Now, ExpiresAt: call.Now.Add(AuthorizationLifetime),
		Referred: kind == EventReferred, Content: &content, CallID: call.CallID,
		AssessmentID: decision.AssessmentID, Review: decision.Review,
	}
	event := Event{Kind: kind, At: call.Now, Reason: decision.Reason}
	result := BrowserResult{ShowForm: true, Approved: true, Changed: true}
	switch state {
	case AuthorizationLive:
		authorization.Token = call.NewToken()
		event.AuthorizationToken = authorization.Token
		result.AuthorizationToken = authorization.Token
	case AuthorizationPreliminary:
		result.FinalizeRequired = true
	case AuthorizationDenied:
		// The earlier token, if any, stays known: an order with it is told
		// "rejected" and not "unknown".
		if s.Authorization != nil {
			authorization.Token = s.Authorization.Token
		}
		result = BrowserResult{Changed: true}
	case AuthorizationNone, AuthorizationReleased, AuthorizationOrdered:
	}
	if call.CollectShippingAddress && result.Approved {
		known := next.Known()
		result.CollectedShippingAddress = known.shippingAddress()
	}
	next.Authorization = authorization
	return next, event, result, nil
}

// Release ends the live authorization before an order. Source: cancel
// authorization; every failure of it has one message.
func (s Session) Release(token string, now time.Time) (Session, Event, *Refusal) {
	a := s.Authorization
	if a == nil || a.Token != token {
		return s, Event{}, refuse(KindAuthorizationNotDeletable, "a newer authorization replaced this token")
	}
	state, ok := NextAuthorizationState(a.State, EventReleased)
	if !ok {
		return s, Event{}, refuse(KindAuthorizationNotDeletable, "the authorization is "+string(a.State))
	}
	if !now.Before(a.ExpiresAt) {
		return s, Event{}, refuse(KindAuthorizationNotDeletable, "the authorization expired at "+a.ExpiresAt.UTC().Format(time.RFC3339))
	}
	released := *a
	released.State = state
	s.Authorization = &released
	s.Revision++
	s.UpdatedAt = now
	return s, Event{Kind: EventReleased, At: now, AuthorizationToken: token}, nil
}

// usable says whether the token can still become an order or a customer token.
func (s *Session) usable(token string, now time.Time) (*Authorization, *Refusal) {
	a := s.Authorization
	switch {
	case a == nil || a.Token != token || token == "":
		if s.Complete() {
			return nil, refuse(KindSessionCompleted, "order "+s.Order.ID+" was placed with a newer authorization")
		}
		return nil, refuse(KindAuthorizationNotFound, "a newer authorization replaced this token")
	case a.State == AuthorizationDenied:
		return nil, refuse(KindRejected, "the newest assessment denied the payment: "+a.Reason)
	case s.endedByErasure() != "":
		return nil, refuse(KindAuthorizationNotFound, s.endedByErasure())
	case a.State == AuthorizationReleased:
		return nil, refuse(KindAuthorizationNotFound, "the authorization was cancelled")
	case a.State != AuthorizationLive:
		return nil, refuse(KindTokenConsumed, "the authorization is "+string(a.State))
	case !now.Before(a.ExpiresAt):
		return nil, refuse(KindAuthorizationNotFound,
			"the token expired at "+a.ExpiresAt.UTC().Format(time.RFC3339)+", 60 minutes after it was issued")
	}
	return a, nil
}

// Market is the market whose rules apply to the content.
func (c *Content) Market() market.Market {
	m, _ := market.Lookup(c.EffectiveCountry())
	return m
}
