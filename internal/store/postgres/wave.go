package postgres

import "github.com/jackc/pgx/v5/pgtype"

// wave is changes that do not depend on each other, for one statement.
type wave struct {
	rows           []row
	tokens, orders int // how many issue a token, place an order
	callbacks      int // how many put a callback into the outbox
	isAssessed     bool
	reviews        int // how many keep the review of an order up to date
	changed        int // how many keep what is listed of an order up to date
}

func newWave(rows []row) wave {
	w := wave{rows: rows}
	for i := range rows {
		if rows[i].issues {
			w.tokens++
		}
		if rows[i].hasOrder {
			w.orders++
		}
		if rows[i].change.Callback != nil {
			w.callbacks++
		}
		w.isAssessed = w.isAssessed || rows[i].isAssessed()
		if rows[i].reviewed {
			w.reviews++
		}
		if rows[i].changesOrder() {
			w.changed++
		}
	}
	return w
}

// The columns of a parameter array.
type (
	uuids    = pgtype.FlatArray[pgtype.UUID]
	integers = pgtype.FlatArray[pgtype.Int8]
	texts    = pgtype.FlatArray[pgtype.Text]
)

func uuid(id [16]byte, valid bool) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: valid} }
func integer(v int64, valid bool) pgtype.Int8  { return pgtype.Int8{Int64: v, Valid: valid} }
func text(v string, valid bool) pgtype.Text    { return pgtype.Text{String: v, Valid: valid} }

// identity are the columns that say which change a row is.
type identity struct {
	sessions, changes uuids
	revisions         integers
}

func (i *identity) add(r *row) {
	i.sessions = append(i.sessions, uuid(r.session, true))
	i.revisions = append(i.revisions, integer(r.change.Session.Revision, true))
	i.changes = append(i.changes, uuid(r.id, true))
}

func newIdentity(n int) identity {
	return identity{sessions: make(uuids, 0, n), changes: make(uuids, 0, n), revisions: make(integers, 0, n)}
}

// revisions are the parameters of addRevisions.
func (w *wave) revisions() []any {
	n := len(w.rows)
	id := newIdentity(n)
	at, created := make(integers, n), make(integers, n)
	authorized, captured, released, refunded := make(integers, n), make(integers, n), make(integers, n), make(integers, n)
	kinds, correlations, reasons := make(texts, n), make(texts, n), make(texts, n)
	merchants, clientTokens := make(texts, n), make(texts, n)
	tokens, orders := make(uuids, n), make(uuids, n)
	states := make(pgtype.FlatArray[[]byte], n)
	for i := range w.rows {
		r := &w.rows[i]
		session, event := &r.change.Session, &r.change.Event
		first := session.Revision == 1
		id.add(r)
		at[i], kinds[i] = integer(event.At.UnixMilli(), true), text(string(event.Kind), true)
		correlations[i] = text(event.CorrelationID, event.CorrelationID != "")
		reasons[i] = text(event.Reason, event.Reason != "")
		tokens[i], orders[i] = uuid(r.token, r.hasToken), uuid(r.order, r.hasOrder)
		states[i] = r.state
		merchants[i], clientTokens[i] = text(session.MerchantID, first), text(session.ClientToken, first)
		created[i] = integer(session.CreatedAt.UnixMilli(), first)
		if o := session.Order; o != nil {
			authorized[i], captured[i] = integer(int64(o.Ledger.Authorized), true), integer(int64(o.Ledger.Captured), true)
			released[i], refunded[i] = integer(int64(o.Ledger.Released), true), integer(int64(o.Ledger.Refunded), true)
		}
	}
	return []any{id.sessions, id.revisions, id.changes, at, kinds, correlations, tokens, orders,
		reasons, states, merchants, clientTokens, created, authorized, captured, released, refunded}
}

// authorizations are the parameters of addAuthorizations.
func (w *wave) authorizations() []any {
	id, tokens := newIdentity(w.tokens), make(uuids, 0, w.tokens)
	for i := range w.rows {
		if r := &w.rows[i]; r.issues {
			id.add(r)
			tokens = append(tokens, uuid(r.token, true))
		}
	}
	return []any{id.sessions, id.revisions, id.changes, tokens}
}

// placed are the parameters of addOrders.
func (w *wave) placed() []any {
	id, orders, tokens := newIdentity(w.orders), make(uuids, 0, w.orders), make(uuids, 0, w.orders)
	merchants, created := make(texts, 0, w.orders), make(integers, 0, w.orders)
	for i := range w.rows {
		if r := &w.rows[i]; r.hasOrder {
			id.add(r)
			orders, tokens = append(orders, uuid(r.order, true)), append(tokens, uuid(r.orderToken, true))
			merchants = append(merchants, text(r.change.Session.MerchantID, true))
			created = append(created, integer(r.change.Session.Order.CreatedAt.UnixMilli(), true))
		}
	}
	return []any{id.sessions, id.revisions, id.changes, orders, tokens, merchants, created}
}

// keys are the parameters of findWritten.
func (w *wave) keys() []any {
	id := newIdentity(len(w.rows))
	for i := range w.rows {
		id.add(&w.rows[i])
	}
	return []any{id.sessions, id.revisions, id.changes}
}
