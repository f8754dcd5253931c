package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kvitto/kvitto/client"
)

// chapter is one step of the story that `kvitto try` tells. tell returns why
// the server did not do what the story says.
type chapter struct {
	title string
	tell  func(*story, context.Context) error
}

// chapters are the story, in its order.
var chapters = []chapter{
	{"A cart with a shirt: create a session", (*story).create},
	{"Two pairs of socks, and shipping: update the session", (*story).update},
	{"A mistake: express shipping with its tax on top of a price that contains it", (*story).mistake},
	{"Express shipping with the tax as explained", (*story).mend},
	{"What the server has now: read the session", (*story).read},
	{"The customer approves in the browser: authorize", (*story).authorize},
	{"After the approval, a third pair of socks: update the session", (*story).change},
	{"A mistake: order the new cart with the approval of the old one", (*story).mismatch},
	{"The customer approves the new cart: reauthorize", (*story).reauthorize},
	{"Place the order", (*story).place},
	{"The answer was lost on the way: place the order again", (*story).again},
	{"A mistake: place it once more with another reference", (*story).differently},
}

// story is the telling: what was learnt so far, and what there is to show of
// the step that runs.
type story struct {
	client   *client.Client
	recorder *recorder
	step     int            // that runs, from 1
	stepOf   map[string]int // of a correlation id
	shown    []shown        // of this step

	sessionID, token, orderID string
	refusal                   string // correlation id of the last one
}

// shown is an exchange of the step with the lines that matter.
type shown struct {
	seen
	code  string // error_code of a refusal
	notes []note
}

// note is a labelled piece of text, of one or more lines.
type note struct{ label, text string }

// show takes over the exchange that has just ended.
func (s *story) show() *shown {
	last := s.recorder.exchanges[len(s.recorder.exchanges)-1]
	s.stepOf[last.CorrelationID] = s.step
	s.shown = append(s.shown, shown{seen: last})
	return &s.shown[len(s.shown)-1]
}

func (x *shown) note(label, format string, args ...any) {
	x.notes = append(x.notes, note{label, fmt.Sprintf(format, args...)})
}

func (x *shown) sent(o order) {
	reference := ""
	if o.MerchantReference1 != "" {
		reference = ", merchant_reference1 " + o.MerchantReference1
	}
	x.note("sent", "%s, order_amount %d, order_tax_amount %d%s",
		count(len(o.OrderLines), "line"), o.OrderAmount, o.OrderTaxAmount, reference)
}

// refused wants err to be a refusal with the status, and shows it with its
// explanation.
func (s *story) refused(ctx context.Context, err error, status int, body order) (client.Exchange, error) {
	var refusal *client.Error
	if !errors.As(err, &refusal) || refusal.Status != status {
		return client.Exchange{}, unexpected(err, "the answer should have been "+strconv.Itoa(status))
	}
	s.refusal = refusal.CorrelationID
	x := s.show()
	x.code = refusal.Code
	x.sent(body)
	x.note("answered", "%s", strings.Join(refusal.Messages, "; "))
	exchange, err := s.client.Explain(ctx, refusal.CorrelationID)
	if err != nil {
		return exchange, err
	}
	s.show()
	if len(exchange.Violations) == 0 {
		return exchange, errors.New("the explanation names no rule")
	}
	return exchange, nil
}

// unexpected is err, or the sentence when there was no error.
func unexpected(err error, sentence string) error {
	if err == nil {
		return errors.New(sentence)
	}
	return fmt.Errorf("%s: %w", sentence, err)
}

func (s *story) create(ctx context.Context) error {
	body := cart{}.order()
	session, err := s.client.CreateSession(ctx, body)
	if err != nil {
		return err
	}
	s.sessionID = session.SessionID
	x := s.show()
	x.sent(body)
	x.note("session_id", "%s", session.SessionID)
	names := make([]string, 0, len(session.PaymentMethodCategories))
	for _, category := range session.PaymentMethodCategories {
		names = append(names, category.Identifier)
	}
	x.note("offered", "%s", strings.Join(names, ", "))
	if session.SessionID == "" || session.ClientToken == "" {
		return errors.New("the answer has no session_id or no client_token")
	}
	return nil
}

func (s *story) updateWith(ctx context.Context, c cart) error {
	body := c.order()
	if _, err := s.client.UpdateSession(ctx, s.sessionID, body); err != nil {
		return err
	}
	s.show().sent(body)
	return nil
}

func (s *story) update(ctx context.Context) error {
	return s.updateWith(ctx, cart{socks: 2, shipping: shippingPrice, shippingTax: shippingTax})
}

func (s *story) mistake(ctx context.Context) error {
	body := cart{socks: 2, shipping: expressPrice, shippingTax: expressTaxOnTop}.order()
	_, err := s.client.UpdateSession(ctx, s.sessionID, body)
	exchange, err := s.refused(ctx, err, http.StatusBadRequest, body)
	if err != nil {
		return err
	}
	v := exchange.Violations[0]
	x := &s.shown[len(s.shown)-1]
	x.note("why", "%s: sent %s, expected %s\n%s", v.Path, v.SentText(), v.ExpectedText(), v.Hint)
	if v.Rule != "line_tax" || v.ExpectedText() != fmt.Sprintf("%d ± 1", expressTax) {
		return errors.New("the explanation should expect the tax contained in the price")
	}
	return nil
}

func (s *story) mend(ctx context.Context) error {
	return s.updateWith(ctx, express(2, ""))
}

func (s *story) read(ctx context.Context) error {
	session, err := s.client.ReadSession(ctx, s.sessionID)
	if err != nil {
		return err
	}
	x := s.show()
	x.note("status", "%s until %s", session.Status, session.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC"))
	x.note("cart", "%s, order_amount %d, order_tax_amount %d",
		count(len(session.OrderLines), "line"), session.OrderAmount, session.OrderTaxAmount)
	want := express(2, "").order()
	if session.Status != "incomplete" || session.OrderAmount != want.OrderAmount || len(session.OrderLines) != len(want.OrderLines) {
		return fmt.Errorf("the session should be incomplete with %d lines and order_amount %d", len(want.OrderLines), want.OrderAmount)
	}
	return nil
}

func (s *story) authorize(ctx context.Context) error {
	result, err := s.client.Authorize(ctx, s.sessionID, client.BrowserCall{PaymentMethodCategory: "pay_later", Outcome: client.Approve})
	return s.approved(result, err)
}

// approved shows an approval and keeps its token.
func (s *story) approved(result client.BrowserResult, err error) error {
	if err != nil {
		return err
	}
	x := s.show()
	x.note("approved", "%t", result.Approved)
	x.note("token", "%s", result.AuthorizationToken)
	if !result.Approved || result.AuthorizationToken == "" || result.AuthorizationToken == s.token {
		return errors.New("there should be an approval with a new token")
	}
	s.token = result.AuthorizationToken
	return nil
}

func (s *story) change(ctx context.Context) error {
	return s.updateWith(ctx, express(3, ""))
}

func (s *story) mismatch(ctx context.Context) error {
	body := express(3, "").order()
	_, err := s.client.PlaceOrder(ctx, s.token, body)
	exchange, err := s.refused(ctx, err, http.StatusConflict, body)
	if err != nil {
		return err
	}
	s.compare(exchange, "authorized", "since")
	for _, v := range exchange.Violations {
		if v.SentBy == nil || v.ExpectedBy == nil || s.stepOf[v.SentBy.CorrelationID] != s.step || s.stepOf[v.ExpectedBy.CorrelationID] == 0 {
			return fmt.Errorf("the explanation of %s should name both requests", v.Path)
		}
	}
	return nil
}

func (s *story) reauthorize(ctx context.Context) error {
	result, err := s.client.Reauthorize(ctx, s.sessionID, client.BrowserCall{Outcome: client.Approve})
	return s.approved(result, err)
}

func (s *story) place(ctx context.Context) error {
	return s.placed(ctx, func(o client.Order) error {
		s.orderID = o.OrderID
		if o.OrderID == "" || o.FraudStatus != "ACCEPTED" {
			return errors.New("there should be an order_id and fraud_status ACCEPTED")
		}
		return nil
	})
}

func (s *story) again(ctx context.Context) error {
	return s.placed(ctx, func(o client.Order) error {
		if o.OrderID != s.orderID {
			return errors.New("it should be the same order")
		}
		s.shown[len(s.shown)-1].note("so", "the same order: a repeated call never makes a second one")
		return nil
	})
}

// placed places the order, shows the answer and lets judge look at it.
func (s *story) placed(ctx context.Context, judge func(client.Order) error) error {
	body := express(3, "1001").order()
	o, err := s.client.PlaceOrder(ctx, s.token, body)
	if err != nil {
		return err
	}
	x := s.show()
	x.sent(body)
	x.note("order_id", "%s", o.OrderID)
	x.note("status", "%s, paid by %s in %s", o.FraudStatus,
		o.AuthorizedPaymentMethod.Type, count(o.AuthorizedPaymentMethod.NumberOfDays, "day"))
	return judge(o)
}

func (s *story) differently(ctx context.Context) error {
	body := express(3, "1002").order()
	_, err := s.client.PlaceOrder(ctx, s.token, body)
	exchange, err := s.refused(ctx, err, http.StatusConflict, body)
	if err != nil {
		return err
	}
	s.compare(exchange, "first order", "in")
	if v := exchange.Violations[0]; len(exchange.Violations) != 1 || v.Path != "merchant_reference1" {
		return errors.New("the explanation should name merchant_reference1 alone")
	}
	return nil
}
