package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// orderPage is an order with all that happened to it.
type orderPage struct {
	*checkout.Order
	SessionID  string
	MerchantID string
	Country    string
	Currency   string
	Class      string // of the fraud status
	Status     checkout.OrderStatus
	Lines      []orderLine
	Addresses  []orderAddress
	Review     *reviewCard // nil where the order was not referred
	Decided    *decided    // how the payment was decided; nil where it is not kept
	Entries    []sessionEntry
	Callbacks  []callbackRow
	Held       bool
	Done       string
	Problem    string // why a step was not taken
}

// Sums are the amounts of the order, without those that are nothing mostly.
func (o *orderPage) Sums() []orderSum {
	l := o.Ledger
	sums := []orderSum{{"Amount", moneyText(l.Authorized, o.Currency)}, {"Captured", moneyText(l.Captured, o.Currency)}, {"To be captured", moneyText(l.Remaining(), o.Currency)}}
	if l.Released > 0 {
		sums = append(sums, orderSum{"Released", moneyText(l.Released, o.Currency)})
	}
	if l.Refunded > 0 {
		sums = append(sums, orderSum{"Refunded", moneyText(l.Refunded, o.Currency)})
	}
	return sums
}

// orderSum is one of the sums of an order.
type orderSum struct{ Label, Amount string }

// orderLine is a line of an order.
type orderLine struct {
	*checkout.Line
	Price, Total, Tax string
}

// orderAddress is an address of an order, in its own properties.
type orderAddress struct {
	Label string
	Rows  []choice
}

const orderLinesShown = 200

func (p *portal) order(w http.ResponseWriter, r *http.Request) error {
	return p.showOrder(w, r, http.StatusOK, reviewDoneTexts[r.URL.Query().Get("done")], "")
}

// showOrder shows the order of the address, with what was done to it or why that was
// not.
func (p *portal) showOrder(w http.ResponseWriter, r *http.Request, status int, done, problem string) error {
	ctx, id := r.Context(), r.PathValue("order_id")
	sessionID, err := p.Sessions.SessionOfOrder(ctx, id)
	var session checkout.Session
	if err == nil {
		session, err = p.Sessions.Session(ctx, sessionID)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && session.Order == nil {
		return &missing{What: "order", ID: id, Advice: "An order has the id that the answer to place order gave it; it is found by the whole of it."}
	} else if err != nil {
		return err
	}
	shown := orderOf(&session)
	shown.Done, shown.Problem = done, problem
	for _, fill := range []func(context.Context, *orderPage, *checkout.Session) error{p.fillReview, p.fillHistory} {
		if err := fill(ctx, shown, &session); err != nil {
			return err
		}
	}
	if shown.Callbacks, shown.Held, err = p.callbacksOf(ctx, &session); err != nil {
		return err
	}
	return p.show(w, status, "order", page{Title: "Order " + shortID(id), Current: "orders", Body: shown})
}

// orderOf is what the order itself says.
func orderOf(s *checkout.Session) *orderPage {
	o := s.Order
	shown := &orderPage{Order: o, SessionID: s.ID, MerchantID: s.MerchantID, Country: o.Content.EffectiveCountry(), Currency: o.Content.PurchaseCurrency.Value,
		Class: fraudClasses[o.FraudStatus], Status: o.Ledger.Status()}
	for i := range o.Content.OrderLines[:min(len(o.Content.OrderLines), orderLinesShown)] {
		line := &o.Content.OrderLines[i]
		shown.Lines = append(shown.Lines, orderLine{line, decimals(line.UnitPrice), decimals(line.TotalAmount), decimals(line.TotalTaxAmount)})
	}
	for _, a := range []struct {
		label   string
		address *checkout.Address
	}{{"Billing address", o.Content.BillingAddress}, {"Shipping address", o.Content.ShippingAddress}} {
		if rows := addressRows(a.address); len(rows) > 0 {
			shown.Addresses = append(shown.Addresses, orderAddress{a.label, rows})
		}
	}
	return shown
}

// decimals is an amount of a line, which has the order's currency; empty where
// nothing was said.
func decimals(amount checkout.Integer) string {
	if !amount.Set {
		return ""
	}
	return moneyText(money.Amount(amount.Value), "")
}

func addressRows(address *checkout.Address) (rows []choice) {
	if address == nil {
		return nil
	}
	for _, field := range checkout.AddressFields {
		if text := field.At(address).Value; text != "" {
			rows = append(rows, choice{text, field.Name})
		}
	}
	return rows
}

// fillReview adds how it was decided and how the review stands.
func (p *portal) fillReview(ctx context.Context, shown *orderPage, session *checkout.Session) error {
	if session.Order.Review != nil {
		now, err := p.Clock.Now(ctx, session.MerchantID)
		if err != nil {
			return err
		}
		shown.Review = p.reviewCardOf(session, now)
	}
	if session.Authorization == nil {
		return nil
	}
	assessed, err := p.decidedIn(ctx, session.MerchantID, session.ID)
	for _, d := range assessed {
		if d.ID == session.Authorization.AssessmentID {
			shown.Decided = d
		}
	}
	return err
}

// fillHistory adds what happened from the order on, oldest first.
func (p *portal) fillHistory(ctx context.Context, shown *orderPage, session *checkout.Session) error {
	exchanges, err := p.Log.OfSession(ctx, session.MerchantID, session.ID, requestlog.Bounds{Count: sessionMax, Body: sessionBody, Bodies: sessionBodies})
	if err != nil {
		return err
	}
	steps, _, err := timeline.Steps(ctx, p.Sessions, session.ID)
	if err != nil {
		return err
	}
	placed := timeline.Placed(steps)
	for _, happened := range timeline.Of(exchanges, steps) {
		if happened.OrderID == session.Order.ID || happened.Revision > 0 && happened.Revision >= placed {
			shown.Entries = append(shown.Entries, sessionEntry{Entry: happened})
		}
	}
	return nil
}
