package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Orders = (*Engine)(nil)

// The statements that write an order. What is listed has the parameters ?1 to ?9,
// the last of which is the number of the session.
const (
	addOrder = `INSERT INTO orders (authorized, captured, released, refunded, currency, fraud_status, reference1, reference2, session,
		order_id, authorization_token, merchant_id, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`
	setOrder = `UPDATE orders SET authorized = ?1, captured = ?2, released = ?3, refunded = ?4,
		currency = ?5, fraud_status = ?6, reference1 = ?7, reference2 = ?8 WHERE session = ?9`
	fillOrder = setOrder + ` AND fraud_status IS NULL`
)

// bindOrder gives a statement what is listed of an order.
func bindOrder(q *statement, o *store.Order, number int64) *statement {
	return q.integer(1, int64(o.Ledger.Authorized)).integer(2, int64(o.Ledger.Captured)).
		integer(3, int64(o.Ledger.Released)).integer(4, int64(o.Ledger.Refunded)).text(5, o.Currency).text(6, o.FraudStatus).
		optional(7, o.References[0]).optional(8, o.References[1]).integer(9, number)
}

// putOrderOf keeps what is listed of the session's order, when it has one.
func (w *writer) putOrderOf(s *checkout.Session, number int64) error {
	order, ok := store.OrderOf(s)
	if !ok {
		return nil
	}
	if !w.ids.hasOrder {
		return bindOrder(w.setOrder, &order, number).run()
	}
	return bindOrder(w.addOrder, &order, number).blob(10, w.ids.order[:]).blob(11, w.ids.orderToken[:]).
		text(12, order.MerchantID).integer(13, order.PlacedAt.UnixMilli()).run()
}

// orderReader are the statements that read orders.
type orderReader struct {
	all, ofMerchant                    *statement
	referred, referredOfMerchant       *statement
	byReference, byReferenceOfMerchant *statement
	ids, idsOfMerchant                 *statement
	unlisted                           *statement
}

const (
	orderColumns = `SELECT o.order_id, s.session_id, o.merchant_id, o.created_at, o.authorized, o.captured, o.released, o.refunded,
		o.currency, o.fraud_status, o.reference1, o.reference2 FROM `

	// Those between a cursor and a time, the newest first. CROSS JOIN reads the orders
	// first, whatever the planner thinks of sessions.
	orders       = orderColumns + `orders o CROSS JOIN sessions s ON s.number = o.session WHERE `
	newestOrders = `(o.created_at, o.order_id) < (?1, ?2) AND o.created_at >= ?3 ORDER BY o.created_at DESC, o.order_id DESC LIMIT ?4`
)

func (r *orderReader) statements() []preparation {
	// What has a reference or an id is little, and an index of times would find much: + is in none.
	few := strings.ReplaceAll(newestOrders, `o.created_at`, `+o.created_at`)
	referenced := func(column, rest string) string {
		return `SELECT order_id, session_id, merchant_id, created_at, authorized, captured, released, refunded,
			currency, fraud_status, reference1, reference2 FROM (` + orders + `o.` + column + ` = ?6 AND ` + rest + `)`
	}
	either := func(rest string) string {
		return referenced("reference1", rest) + ` UNION ` + referenced("reference2", rest) + ` ORDER BY created_at DESC, order_id DESC LIMIT ?4`
	}
	const ofMerchant = `o.merchant_id = ?5 AND `
	return []preparation{
		{&r.all, orders + newestOrders},
		{&r.ofMerchant, orders + ofMerchant + newestOrders},
		{&r.referred, orders + `o.fraud_status = ?6 AND o.fraud_status <> 'ACCEPTED' AND ` + newestOrders},
		{&r.referredOfMerchant, orders + ofMerchant + `o.fraud_status = ?6 AND o.fraud_status <> 'ACCEPTED' AND ` + newestOrders},
		{&r.byReference, either(few)},
		{&r.byReferenceOfMerchant, either(ofMerchant + newestOrders)},
		{&r.ids, orders + `o.order_id BETWEEN ?6 AND ?7 AND ` + few},
		{&r.idsOfMerchant, orders + `o.order_id BETWEEN ?6 AND ?7 AND +` + ofMerchant + few},
		{&r.unlisted, `SELECT s.number, s.session_id FROM orders o JOIN sessions s ON s.number = o.session WHERE o.fraud_status IS NULL LIMIT ?`},
	}
}

// of is the statement for the filter, with what its index is asked for.
func (r *orderReader) of(f *store.OrderFilter) *statement {
	low, high, _ := f.IDs()
	switch {
	case f.OrderID != "" && f.MerchantID != "":
		return r.idsOfMerchant.text(5, f.MerchantID).blob(6, low[:]).blob(7, high[:])
	case f.OrderID != "":
		return r.ids.blob(6, low[:]).blob(7, high[:])
	case f.Reference != "" && f.MerchantID != "":
		return r.byReferenceOfMerchant.text(5, f.MerchantID).text(6, f.Reference)
	case f.Reference != "":
		return r.byReference.text(6, f.Reference)
	case f.FraudStatus != "" && f.FraudStatus != checkout.FraudAccepted && f.MerchantID != "":
		return r.referredOfMerchant.text(5, f.MerchantID).text(6, f.FraudStatus)
	case f.FraudStatus != "" && f.FraudStatus != checkout.FraudAccepted:
		return r.referred.text(6, f.FraudStatus)
	case f.MerchantID != "":
		return r.ofMerchant.text(5, f.MerchantID)
	default:
		return r.all
	}
}

// Orders is store.Orders'.
func (e *Engine) Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error) {
	if filter.Limit < 1 {
		return nil, "", fmt.Errorf("sqlite: the limit %d is not positive", filter.Limit)
	}
	after, err := filter.Cursor()
	if err != nil {
		return nil, "", err
	}
	if _, _, ok := filter.IDs(); !ok && filter.OrderID != "" {
		return nil, "", nil
	}
	page := store.OrderPage{Filter: &filter}
	err = e.read(ctx, func(r *reader) error {
		q := r.orders.of(&filter).integer(1, after.PlacedAt).blob(2, after.OrderID[:]).integer(3, filter.Since()).integer(4, int64(filter.Rows()))
		for q.row() {
			if order := scanOrder(q); !page.Add(&order) {
				break
			}
		}
		return q.reset()
	})
	if err != nil {
		return nil, "", err
	}
	return page.Found, page.Next, nil
}

func scanOrder(q *statement) store.Order {
	return store.Order{
		OrderID: identifierText(q.columnBlob(0)), SessionID: identifierText(q.columnBlob(1)), MerchantID: q.columnText(2), PlacedAt: q.columnTime(3),
		Ledger: checkout.Ledger{
			Authorized: money.Amount(q.columnInteger(4)), Captured: money.Amount(q.columnInteger(5)),
			Released: money.Amount(q.columnInteger(6)), Refunded: money.Amount(q.columnInteger(7)),
		},
		Currency: q.columnText(8), FraudStatus: q.columnText(9), References: [2]string{q.columnText(10), q.columnText(11)},
	}
}

// FillOrders is store.Orders'. What is there is found by reading, beside the
// writers; a change that comes meanwhile is newer and stays.
func (e *Engine) FillOrders(ctx context.Context, limit int) (filled int, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	numbers := map[string]int64{} // of sessions
	err = e.read(ctx, func(r *reader) error {
		q := r.orders.unlisted.integer(1, int64(limit))
		for q.row() {
			numbers[identifierText(q.columnBlob(1))] = q.columnInteger(0)
		}
		return q.reset()
	})
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	var missing []store.Order
	for id := range numbers {
		session, err := e.Session(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		if order, ok := store.OrderOf(&session); ok {
			missing = append(missing, order)
		}
	}
	err = e.write(ctx, func(w *writer) error {
		if err := w.begin.run(); err != nil {
			return err
		}
		for i := range missing {
			if err := bindOrder(w.fillOrder, &missing[i], numbers[missing[i].SessionID]).run(); err != nil {
				return err
			}
		}
		return w.commit.run()
	})
	if err != nil {
		return 0, err
	}
	return len(missing), nil
}
