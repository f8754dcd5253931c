package portal

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// scope is the stores as one viewer sees them. It stands between every page and
// what pages read and do, so that no page can forget it: another merchant's thing
// is as unknown as one that is not there, and the door is told whose things are
// looked at.
type scope struct {
	all     Options
	viewer  account.Viewer
	request *http.Request
	// shown is the session that was read last and may be seen: a session stays with
	// its merchant.
	shown *string
}

var (
	_ Log         = scope{}
	_ Sessions    = scope{}
	_ Orders      = scope{}
	_ Reviews     = scope{}
	_ Deciding    = scope{}
	_ Assessments = scope{}
	_ Callbacks   = scope{}
	_ Clock       = scope{}
	_ Rules       = scope{}
	_ Replays     = scope{}
	_ Keys        = scope{}
	_ Secrets     = scope{}
	_ Retention   = scope{}
	_ Erasing     = scope{}
)

func (s scope) looked(merchantID string) error {
	return s.all.Door.Looked(s.request, s.viewer, merchantID)
}

// Search implements Log. Who sees one merchant searches that one, whatever was
// asked for; another one has no exchanges.
func (s scope) Search(ctx context.Context, query requestlog.Query) (requestlog.Page, error) {
	if !s.viewer.OfOperator() {
		if !query.AllMerchants && query.MerchantID != s.viewer.MerchantID {
			return requestlog.Page{}, nil
		}
		query.AllMerchants, query.MerchantID = false, s.viewer.MerchantID
	}
	found, err := s.all.Log.Search(ctx, query)
	if err != nil {
		return requestlog.Page{}, err
	}
	for i := range found.Exchanges {
		merchant := found.Exchanges[i].MerchantID
		if !s.viewer.Sees(merchant) {
			return requestlog.Page{}, errWall
		}
		if err := s.looked(merchant); err != nil {
			return requestlog.Page{}, err
		}
	}
	return found, nil
}

// Tally implements Log. Who sees one merchant has what was counted of that one; of
// another one there is nothing, as of one that nobody knows.
func (s scope) Tally(ctx context.Context, query requestlog.TallyQuery) (requestlog.Summary, error) {
	if !s.viewer.OfOperator() {
		if !query.AllMerchants && query.MerchantID != s.viewer.MerchantID {
			return requestlog.Summary{}, nil
		}
		query.AllMerchants, query.MerchantID = false, s.viewer.MerchantID
	}
	found, err := s.all.Log.Tally(ctx, query)
	if err != nil {
		return requestlog.Summary{}, err
	}
	if !query.AllMerchants {
		if err := s.looked(query.MerchantID); err != nil {
			return requestlog.Summary{}, err
		}
	}
	for _, c := range append(found.Causes, found.Others) { // each names the newest exchange
		if c.Count == 0 {
			continue
		}
		if !s.viewer.Sees(c.MerchantID) {
			return requestlog.Summary{}, errWall
		}
		if err := s.looked(c.MerchantID); err != nil {
			return requestlog.Summary{}, err
		}
	}
	return found, nil
}

// Find implements Log.
func (s scope) Find(ctx context.Context, merchantID, correlationID string) (requestlog.Exchange, error) {
	if !s.viewer.Sees(merchantID) {
		return requestlog.Exchange{}, requestlog.ErrNotFound
	}
	found, err := s.all.Log.Find(ctx, merchantID, correlationID)
	if err == nil {
		err = s.looked(found.MerchantID)
	}
	return found, err
}

// OfSession implements Log.
func (s scope) OfSession(ctx context.Context, merchantID, sessionID string, bounds requestlog.Bounds) ([]requestlog.Exchange, error) {
	if !s.viewer.Sees(merchantID) {
		return nil, nil // as of a session that nobody knows
	}
	if err := s.looked(merchantID); err != nil {
		return nil, err
	}
	return s.all.Log.OfSession(ctx, merchantID, sessionID, bounds)
}

// Stats implements Log. They are of all merchants, and for who sees all.
func (s scope) Stats() requestlog.Stats {
	if !s.viewer.OfOperator() {
		return requestlog.Stats{}
	}
	return s.all.Log.Stats()
}

// Session implements Sessions.
func (s scope) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	session, err := s.all.Sessions.Session(ctx, sessionID)
	if err != nil {
		return checkout.Session{}, err
	}
	if !s.viewer.Sees(session.MerchantID) {
		return checkout.Session{}, store.ErrNotFound
	}
	if err := s.looked(session.MerchantID); err != nil {
		return checkout.Session{}, err
	}
	*s.shown = sessionID
	return s.unnamed(session), nil
}

// SessionOfAuthorization implements Sessions.
func (s scope) SessionOfAuthorization(ctx context.Context, token string) (string, error) {
	sessionID, err := s.all.Sessions.SessionOfAuthorization(ctx, token)
	return s.seen(ctx, sessionID, err)
}

// SessionOfOrder implements Sessions.
func (s scope) SessionOfOrder(ctx context.Context, orderID string) (string, error) {
	sessionID, err := s.all.Sessions.SessionOfOrder(ctx, orderID)
	return s.seen(ctx, sessionID, err)
}

// seen is the id of a session that was found, when the viewer sees the session.
func (s scope) seen(ctx context.Context, sessionID string, err error) (string, error) {
	if err == nil {
		_, err = s.Session(ctx, sessionID)
	}
	if err != nil {
		return "", err
	}
	return sessionID, nil
}

// Revisions implements Sessions.
func (s scope) Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error) {
	if *s.shown != sessionID {
		if _, err := s.Session(ctx, sessionID); err != nil {
			return nil, err
		}
	}
	revisions, err := s.all.Sessions.Revisions(ctx, sessionID, limit, upTo)
	for i := range revisions {
		s.unname(&revisions[i])
	}
	return revisions, err
}

// Merchants implements Sessions.
func (s scope) Merchants(ctx context.Context) ([]store.Merchant, error) {
	all, err := s.all.Sessions.Merchants(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m store.Merchant) bool { return !s.viewer.Sees(m.ID) }), nil
}

// AssessmentsInFull implements Assessments. Rules are the operator's: a merchant's
// people see what was decided, and not by which rule.
func (s scope) AssessmentsInFull(ctx context.Context, caller service.Caller, sessionID string) ([]service.KeptAssessment, error) {
	if !s.viewer.OfOperator() {
		return nil, nil
	}
	found, err := s.all.Assessments.AssessmentsInFull(ctx, caller, sessionID)
	if err == nil && len(found) > 0 {
		err = s.looked(caller.MerchantID)
	}
	return found, err
}

// Callbacks implements Callbacks.
func (s scope) Callbacks(ctx context.Context, filter store.CallbackFilter) ([]store.Callback, error) {
	if !s.viewer.Sees(filter.MerchantID) {
		return nil, nil
	}
	found, err := s.all.Callbacks.Callbacks(ctx, filter)
	if err == nil && len(found) > 0 {
		err = s.looked(filter.MerchantID)
	}
	return found, err
}

// CallbacksHeld implements Callbacks.
func (s scope) CallbacksHeld(ctx context.Context, merchantID string) (bool, error) {
	if !s.viewer.Sees(merchantID) {
		return false, nil
	}
	return s.all.Callbacks.CallbacksHeld(ctx, merchantID)
}

// knows is store.ErrNotFound for a merchant whom the viewer does not see.
func (s scope) knows(ctx context.Context, merchantID string) error {
	known, err := s.Merchants(ctx)
	if err == nil && !slices.ContainsFunc(known, func(m store.Merchant) bool { return m.ID == merchantID }) {
		err = store.ErrNotFound
	}
	return err
}

// HoldCallbacks implements Callbacks. store.ErrNotFound.
func (s scope) HoldCallbacks(ctx context.Context, merchantID string, hold bool) error {
	if err := s.knows(ctx, merchantID); err != nil {
		return err
	}
	action := "let callbacks go"
	if hold {
		action = "held callbacks"
	}
	if err := s.all.Door.Acts(s.request, s.viewer, action, "", merchantID); err != nil {
		return err
	}
	return s.all.Callbacks.HoldCallbacks(ctx, merchantID, hold)
}

// StepCallback implements Callbacks.
func (s scope) StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, now time.Time) error {
	if !s.viewer.Sees(merchantID) || !identifier.Parse(callbackID, new([16]byte)) {
		return store.ErrNotFound
	}
	// What is written down names a thing that is there.
	found, err := s.all.Callbacks.Callbacks(ctx, store.CallbackFilter{MerchantID: merchantID, CallbackID: callbackID, Limit: 1})
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := s.all.Door.Acts(s.request, s.viewer, string(step)+" callback", callbackID, merchantID); err != nil {
		return err
	}
	return s.all.Callbacks.StepCallback(ctx, merchantID, callbackID, step, now)
}

// Now implements Clock.
func (s scope) Now(ctx context.Context, merchantID string) (time.Time, error) {
	if !s.viewer.Sees(merchantID) {
		return time.Time{}, store.ErrNotFound
	}
	return s.all.Clock.Now(ctx, merchantID)
}

// Advanced implements Clock.
func (s scope) Advanced(ctx context.Context, merchantID string) (time.Duration, error) {
	if !s.viewer.Sees(merchantID) {
		return 0, store.ErrNotFound
	}
	return s.all.Clock.Advanced(ctx, merchantID)
}

// Advance implements Clock.
func (s scope) Advance(ctx context.Context, merchantID string, by time.Duration) error {
	if !s.viewer.Sees(merchantID) {
		return store.ErrNotFound
	}
	return s.all.Clock.Advance(ctx, merchantID, by)
}
