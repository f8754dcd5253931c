package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Orders = (*Engine)(nil)

const (
	// addListedOrders is addOrders where the schema has the columns of the list.
	addListedOrders = `INSERT INTO orders (order_id, session_id, authorization_token, change_id, merchant_id, created_at,
			revision, authorized, captured, released, refunded, currency, fraud_status, reference1, reference2)
		SELECT c.order_id, c.session_id, c.authorization_token, c.change_id, c.merchant_id, c.created_at,
			c.revision, c.authorized, c.captured, c.released, c.refunded, c.currency, c.fraud_status, c.reference1, c.reference2
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[],
			$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[])
			AS c (session_id, revision, change_id, order_id, authorization_token, merchant_id, created_at,
			authorized, captured, released, refunded, currency, fraud_status, reference1, reference2)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)
		AND c.change_id IS DISTINCT FROM (SELECT o.change_id FROM orders o WHERE o.order_id = c.order_id)`

	listedOrder = `SET revision = c.revision, authorized = c.authorized, captured = c.captured, released = c.released,
		refunded = c.refunded, currency = c.currency, fraud_status = c.fraud_status, reference1 = c.reference1, reference2 = c.reference2`

	// setOrders keeps what is listed. A revision that is not the newest any more
	// changes nothing: an attempt may come late.
	setOrders = `UPDATE orders o ` + listedOrder + ` FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
			$8::text[], $9::text[], $10::text[], $11::text[])
			AS c (session_id, revision, change_id, authorized, captured, released, refunded, currency, fraud_status, reference1, reference2)
		WHERE o.session_id = c.session_id AND (o.revision IS NULL OR o.revision < c.revision)
		AND c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)`

	// Those between a cursor and a time, the newest first.
	orders = `SELECT o.order_id, o.session_id, o.merchant_id, o.created_at, coalesce(o.authorized, 0), coalesce(o.captured, 0),
		coalesce(o.released, 0), coalesce(o.refunded, 0), coalesce(o.currency, ''), coalesce(o.fraud_status, ''),
		coalesce(o.reference1, ''), coalesce(o.reference2, '') FROM orders o WHERE `
	newestOrders = `(o.created_at, o.order_id) < ($1, $2) AND o.created_at >= $3 ORDER BY o.created_at DESC, o.order_id DESC LIMIT $4`
)

// The lists of orders, by what their index is asked for.
var orderLists = struct {
	all, ofMerchant, referred, referredOfMerchant          string
	byReference, byReferenceOfMerchant, ids, idsOfMerchant string
}{
	all:                   orders + newestOfAll,
	ofMerchant:            orders + `o.merchant_id = $5 AND ` + newestOrders,
	referred:              orders + `o.fraud_status = $5 AND o.fraud_status <> 'ACCEPTED' AND ` + newestOrders,
	referredOfMerchant:    orders + `o.merchant_id = $5 AND o.fraud_status = $6 AND o.fraud_status <> 'ACCEPTED' AND ` + newestOrders,
	byReference:           eitherReference(newestOrders),
	byReferenceOfMerchant: eitherReference(`o.merchant_id = $6 AND ` + newestOrders),
	ids:                   orders + `o.order_id BETWEEN $5 AND $6 AND ` + fewOrders,
	idsOfMerchant:         orders + `o.order_id BETWEEN $5 AND $6 AND o.merchant_id || '' = $7 AND ` + fewOrders,
}

// fewOrders are those of ids: an index of times would find many, and a difference is in
// none.
var fewOrders = strings.ReplaceAll(newestOrders, `o.created_at`, `o.created_at - 0`)

func eitherReference(rest string) string {
	return `(` + orders + `o.reference1 = $5 AND ` + rest + `) UNION (` + orders + `o.reference2 = $5 AND ` + rest +
		`) ORDER BY created_at DESC, order_id DESC LIMIT $4`
}

// newestOfAll names the time as the index of all orders does.
var newestOfAll = strings.ReplaceAll(newestOrders, `o.created_at`, `o.created_at + 0`)

// listOf is the query of a filter, with what its index is asked for.
func listOf(f *store.OrderFilter) (query string, parameters []any) {
	referred := f.FraudStatus != "" && f.FraudStatus != checkout.FraudAccepted
	low, high, _ := f.IDs()
	switch {
	case f.OrderID != "" && f.MerchantID != "":
		return orderLists.idsOfMerchant, []any{low, high, f.MerchantID}
	case f.OrderID != "":
		return orderLists.ids, []any{low, high}
	case f.Reference != "" && f.MerchantID != "":
		return orderLists.byReferenceOfMerchant, []any{f.Reference, f.MerchantID}
	case f.Reference != "":
		return orderLists.byReference, []any{f.Reference}
	case referred && f.MerchantID != "":
		return orderLists.referredOfMerchant, []any{f.MerchantID, f.FraudStatus}
	case referred:
		return orderLists.referred, []any{f.FraudStatus}
	case f.MerchantID != "":
		return orderLists.ofMerchant, []any{f.MerchantID}
	default:
		return orderLists.all, nil
	}
}

// listing are the columns of what is listed of orders.
type listing struct {
	authorized, captured, released, refunded integers
	currencies, statuses                     texts
	references                               [2]texts
}

func (l *listing) add(o *store.Order) {
	l.authorized, l.captured = append(l.authorized, integer(int64(o.Ledger.Authorized), true)), append(l.captured, integer(int64(o.Ledger.Captured), true))
	l.released, l.refunded = append(l.released, integer(int64(o.Ledger.Released), true)), append(l.refunded, integer(int64(o.Ledger.Refunded), true))
	l.currencies, l.statuses = append(l.currencies, text(o.Currency, true)), append(l.statuses, text(o.FraudStatus, true))
	for i, reference := range o.References {
		l.references[i] = append(l.references[i], text(reference, reference != ""))
	}
}

func (l *listing) parameters() []any {
	return []any{l.authorized, l.captured, l.released, l.refunded, l.currencies, l.statuses, l.references[0], l.references[1]}
}

// placedListed are the parameters of addListedOrders.
func (w *wave) placedListed() []any {
	var listed listing
	for i := range w.rows {
		if w.rows[i].hasOrder {
			listed.add(&w.rows[i].listed)
		}
	}
	return append(w.placed(), listed.parameters()...)
}

// changedOrders are the parameters of setOrders.
func (w *wave) changedOrders() []any {
	var listed listing
	id := newIdentity(w.changed)
	for i := range w.rows {
		if r := &w.rows[i]; r.changesOrder() {
			id.add(r)
			listed.add(&r.listed)
		}
	}
	return append([]any{id.sessions, id.revisions, id.changes}, listed.parameters()...)
}

// readOrder takes what is listed of the session's order.
func (r *row) readOrder() error {
	r.listed, r.ordered = store.OrderOf(&r.change.Session)
	for _, text := range []string{r.listed.Currency, r.listed.FraudStatus, r.listed.References[0], r.listed.References[1]} {
		if !storable(text) {
			return errText
		}
	}
	return nil
}

// changesOrder tells that the change is of a session whose order was placed before.
func (r *row) changesOrder() bool { return r.ordered && !r.hasOrder }

// Orders is store.Orders'.
func (e *Engine) Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error) {
	if filter.Limit < 1 {
		return nil, "", errors.New("postgres: a limit must be positive")
	}
	after, err := filter.Cursor()
	if err != nil {
		return nil, "", err
	}
	if _, _, ok := filter.IDs(); !ok && filter.OrderID != "" || !storable(filter.MerchantID) || !storable(filter.Reference) || !storable(filter.FraudStatus) {
		return nil, "", nil
	}
	query, asked := listOf(&filter)
	if err := e.noteOrders(ctx); err != nil {
		return nil, "", err
	}
	if !e.listsOrders.Load() {
		query = onSchemaBefore.Replace(query)
	}
	page := store.OrderPage{Filter: &filter}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		page = store.OrderPage{Filter: &filter}
		rows, err := conn.Query(ctx, query, append([]any{after.PlacedAt, after.OrderID, filter.Since(), filter.Rows()}, asked...)...)
		made := false
		return eachRow(rows, err, func(rows pgx.Rows) error {
			order, err := scanOrder(rows)
			made = made || err == nil && !page.Add(&order)
			return err
		})
	})
	if err != nil {
		return nil, "", err
	}
	return page.Found, page.Next, nil
}

// onSchemaBefore leaves out what the schema before does not have: orders are listed
// without it, as those are that are not filled in yet.
var onSchemaBefore = strings.NewReplacer(`o.authorized`, `NULL::bigint`, `o.captured`, `NULL::bigint`, `o.released`, `NULL::bigint`,
	`o.refunded`, `NULL::bigint`, `o.currency`, `NULL::text`, `o.fraud_status`, `NULL::text`, `o.reference1`, `NULL::text`, `o.reference2`, `NULL::text`)

func scanOrder(rows pgx.Rows) (o store.Order, err error) {
	var order, session pgtype.UUID
	var placed, authorized, captured, released, refunded int64
	err = rows.Scan(&order, &session, &o.MerchantID, &placed, &authorized, &captured, &released, &refunded,
		&o.Currency, &o.FraudStatus, &o.References[0], &o.References[1])
	o.OrderID, o.SessionID, o.PlacedAt = textOf(order), textOf(session), timeOf(placed)
	o.Ledger = checkout.Ledger{
		Authorized: money.Amount(authorized), Captured: money.Amount(captured), Released: money.Amount(released), Refunded: money.Amount(refunded),
	}
	return o, err
}
