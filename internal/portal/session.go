package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
	"github.com/kvitto/kvitto/internal/wire"
)

// sessionPage is the life of a session.
type sessionPage struct {
	checkout.Session
	Amount    string
	Country   string
	State     string
	Class     string
	Expiry    string
	Token     tokenState
	Entries   []sessionEntry
	Older     bool // there are earlier changes
	Warnings  int
	Refused   []refusedOrder
	Callbacks []callbackRow
	Held      bool
	Now       listing
	Clock     string // the merchant's time, where it was moved
}

// sessionEntry is what happened, with how it was decided.
type sessionEntry struct {
	timeline.Entry
	Decided *decided // nil where nothing was assessed
}

// tokenState is what can be done with the newest authorization.
type tokenState struct{ Token, Says, Class string }

// refusedOrder is an order that was refused for what it says.
type refusedOrder struct {
	requestlog.Exchange
	Mismatch mismatch
	Headline string
}

const refusedShown = 3

// What is read with a session of its exchanges, in bytes.
const (
	sessionBody   = 16 << 10 // of one explanation, or body
	sessionBodies = 2 << 20  // of all of them
)

func (p *portal) session(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("session_id")
	session, err := p.Sessions.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &missing{What: "session", ID: id, Advice: "A session without an order is deleted some time after it expired, and a request that was refused makes none."}
	} else if err != nil {
		return err
	}
	exchanges, err := p.Log.OfSession(ctx, session.MerchantID, id, requestlog.Bounds{Count: sessionMax, Body: sessionBody, Bodies: sessionBodies})
	if err != nil {
		return err
	}
	steps, older, err := timeline.Steps(ctx, p.Sessions, id)
	if err != nil {
		return err
	}
	shown := sessionPage{Session: session, Amount: amountText(&session.Content), Country: session.Content.EffectiveCountry(), Older: older}
	assessed, err := p.decidedIn(ctx, session.MerchantID, id)
	if err != nil {
		return err
	}
	for _, happened := range timeline.Of(exchanges, steps) {
		shown.Entries = append(shown.Entries, sessionEntry{happened, assessed[happened.CorrelationID]})
		shown.Warnings += len(happened.Warnings)
	}
	if err := p.describe(ctx, &shown); err != nil {
		return err
	}
	if err := p.refusedOrders(ctx, &shown, exchanges); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "session", page{Title: "Session " + shortID(id), Current: "logs", Body: &shown})
}

// refusedOrders are the newest orders that were not what was approved.
func (p *portal) refusedOrders(ctx context.Context, shown *sessionPage, exchanges []requestlog.Exchange) error {
	for i := len(exchanges) - 1; i >= 0 && len(shown.Refused) < refusedShown; i-- {
		e := exchanges[i]
		if !timeline.IsMismatch(&e) {
			continue
		}
		if e.LeftOut {
			whole, err := p.Log.Find(ctx, e.MerchantID, e.CorrelationID)
			if err != nil {
				return err
			}
			e = whole
		}
		if m, ok := mismatchOf(e.Violations, &shown.Content, "Session now"); ok {
			shown.Refused = append(shown.Refused, refusedOrder{e, m, timeline.Headline(&e, e.Violations)})
		}
	}
	return nil
}

// describe says where the session stands at its merchant's time.
func (p *portal) describe(ctx context.Context, shown *sessionPage) error {
	s := &shown.Session
	now, err := p.Clock.Now(ctx, s.MerchantID)
	if err != nil {
		return err
	}
	advanced, err := p.Clock.Advanced(ctx, s.MerchantID)
	if err != nil {
		return err
	}
	if advanced > 0 {
		shown.Clock = moment(now)
	}
	switch {
	case s.Complete():
		shown.State, shown.Class = "complete: order "+s.Order.ID, "good"
	case s.Expired(now):
		shown.State, shown.Class = "expired", "refused"
	default:
		shown.State, shown.Class = "incomplete", "waiting"
		shown.Expiry = ago(s.ExpiresAt, now)
	}
	shown.Token = tokenOf(s, now)
	shown.Now = listBody("now", "The session as it is", wire.AppendContent(nil, &s.Content), nil)
	shown.Callbacks, shown.Held, err = p.callbacksOf(ctx, s)
	return err
}

// callbacksOf are the callbacks of a session, and whether its merchant's are held.
func (p *portal) callbacksOf(ctx context.Context, s *checkout.Session) (rows []callbackRow, held bool, err error) {
	if held, err = p.Callbacks.CallbacksHeld(ctx, s.MerchantID); err != nil {
		return nil, false, err
	}
	found, err := p.Callbacks.Callbacks(ctx, store.CallbackFilter{MerchantID: s.MerchantID, SessionID: s.ID, Limit: callbacksShown})
	if err != nil {
		return nil, false, err
	}
	rows, err = callbackRows(found)
	return rows, held, err
}

// tokenOf says what the newest authorization is good for.
func tokenOf(s *checkout.Session, now time.Time) tokenState {
	a := s.Authorization
	if a == nil {
		return tokenState{Says: "none: the customer has approved nothing yet"}
	}
	state := tokenState{Token: a.Token}
	switch a.State {
	case checkout.AuthorizationLive:
		state.Says, state.Class = "live until "+second(a.ExpiresAt)+" ("+ago(a.ExpiresAt, now)+")", "good"
		if !now.Before(a.ExpiresAt) {
			state.Says, state.Class = "expired at "+second(a.ExpiresAt)+", 60 minutes after it was issued", "refused"
		} else if a.Referred {
			state.Says += ", the order will be PENDING"
		}
	case checkout.AuthorizationPreliminary:
		state.Says, state.Class = "not issued yet: finalize has to be called", "waiting"
	case checkout.AuthorizationDenied:
		state.Says, state.Class = "denied: "+a.Reason, "refused"
	case checkout.AuthorizationReleased:
		state.Says, state.Class = "cancelled by the shop", "refused"
	case checkout.AuthorizationOrdered:
		state.Says = "used up by the order"
	case checkout.AuthorizationNone:
	}
	return state
}

// amountText is the order's amount for people.
func amountText(c *checkout.Content) string {
	return moneyText(money.Amount(c.OrderAmount.Value), c.PurchaseCurrency.Value)
}

// moneyText is an amount for people. Every market's currency has two decimals.
func moneyText(amount money.Amount, currency string) string {
	sign := ""
	if amount < 0 {
		amount, sign = -amount, "-"
	}
	return strings.TrimSpace(fmt.Sprintf("%s%d.%02d %s", sign, amount/100, amount%100, currency))
}
