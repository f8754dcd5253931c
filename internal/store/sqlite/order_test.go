package sqlite

import (
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

// fillWithOrders makes 20,000 orders: one of four is the merchant m's, one of a
// hundred was rejected, one of a thousand has the reference R, one of twenty, all of
// them of m, the reference M.
const fillWithOrders = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO sessions (number, session_id, merchant_id, client_token, created_at)
	SELECT i, randomblob(16), iif(i % 4 = 0, 'm', 'other'), '', i FROM n;
	INSERT INTO orders (session, order_id, authorization_token, merchant_id, created_at, authorized, captured, released, refunded,
		currency, fraud_status, reference1, reference2)
	SELECT number, randomblob(16), randomblob(16), merchant_id, created_at, 100, 0, 0, 0,
		'SEK', iif(number % 100 = 0, 'REJECTED', 'ACCEPTED'), iif(number % 1000 = 0, 'R', 'S' || number), iif(number % 20 = 0, 'M', NULL) FROM sessions`

// TestAListOfOrdersReadsWhatItShows: SQLite's steps are counted, a row takes some
// twenty, and nothing is sorted but what a reference of all merchants or an id finds.
// The numbers are without statistics, as in a store that is in use.
func TestAListOfOrdersReadsWhatItShows(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	if err := engine.writer.conn.exec(fillWithOrders); err != nil {
		t.Fatal(err)
	}
	const few = 3000 // of 400,000 and more
	from, to := time.UnixMilli(5000), time.UnixMilli(15_000)
	for name, filter := range map[string]store.OrderFilter{
		"all":                          {},
		"of a merchant":                {MerchantID: "m"},
		"of a merchant, in a time":     {MerchantID: "m", From: from, To: to},
		"rejected":                     {FraudStatus: checkout.FraudRejected},
		"rejected, of a merchant":      {FraudStatus: checkout.FraudRejected, MerchantID: "m"},
		"accepted":                     {FraudStatus: checkout.FraudAccepted},
		"with a status":                {Status: checkout.OrderAuthorized, MerchantID: "m"},
		"with a reference":             {Reference: "R"},
		"with a reference of nobody's": {Reference: "T"},
		"with a reference of many":     {Reference: "M", MerchantID: "m"},
		"with a reference of others":   {Reference: "M", MerchantID: "other"},
		"with an id of a merchant":     {OrderID: "00000000-0000", MerchantID: "m"},
		"with an id of nobody's":       {OrderID: "00000000-0000"},
	} {
		filter.Limit = 20
		after, err := filter.Cursor()
		if err != nil {
			t.Fatal(err)
		}
		err = engine.read(t.Context(), func(r *reader) error {
			q := r.orders.of(&filter).integer(1, after.PlacedAt).blob(2, after.OrderID[:]).integer(3, filter.Since()).integer(4, int64(filter.Rows()))
			page := store.OrderPage{Filter: &filter}
			for q.row() {
				if order := scanOrder(q); !page.Add(&order) {
					break
				}
			}
			if steps := q.stmt.Status(sqlite3.STMTSTATUS_VM_STEP, true); steps == 0 || steps > few {
				t.Errorf("%s: %d steps for %d orders, want at most %d", name, steps, len(page.Found), few)
			}
			if scanned := q.stmt.Status(sqlite3.STMTSTATUS_FULLSCAN_STEP, true); scanned > filter.Rows() {
				t.Errorf("%s: %d rows were read in the order of a table", name, scanned)
			}
			return q.reset()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOrdersFromBeforeAreFilledIn: in portions, and a newer change stays.
func TestOrdersFromBeforeAreFilledIn(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	now := time.UnixMilli(1).UTC()
	var want []store.Order
	for i, id := range []string{"0190a1b2-0000-4000-8000-000000000001", "0190a1b2-0000-4000-8000-000000000002", "0190a1b2-0000-4000-8000-000000000003"} {
		s := checkout.Session{ID: id, MerchantID: "m", Revision: 1, CreatedAt: now, UpdatedAt: now}
		s.Content.PurchaseCurrency, s.Content.MerchantReference2 = checkout.TextOf("SEK"), checkout.TextOf("R")
		created := store.Change{Session: s, Event: checkout.Event{Kind: checkout.EventCreated, At: now}}
		s.Revision = 2
		s.Order = &checkout.Order{ID: id, AuthorizationToken: id, Content: s.Content,
			FraudStatus: checkout.FraudAccepted, Ledger: checkout.NewLedger(money.Amount(100))}
		s.Order.CreatedAt = now.Add(time.Duration(-i) * time.Millisecond)
		placed := store.Change{Session: s, Event: checkout.Event{Kind: checkout.EventOrdered, At: now, OrderID: id, AuthorizationToken: id}}
		for _, err := range engine.Commit(t.Context(), []store.Change{created, placed}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		order, _ := store.OrderOf(&s)
		want = append(want, order)
	}
	if err := engine.writer.conn.exec(`UPDATE orders SET currency = NULL, fraud_status = NULL, reference1 = NULL, reference2 = NULL`); err != nil {
		t.Fatal(err)
	}
	if found, _, err := engine.Orders(t.Context(), store.OrderFilter{MerchantID: "m", Limit: 10}); err != nil || len(found) != 3 || found[0].FraudStatus != "" {
		t.Fatalf("before: %+v, %v", found, err)
	}
	for _, filled := range []int{2, 1, 0} {
		if n, err := engine.FillOrders(t.Context(), 2); n != filled || err != nil {
			t.Fatalf("%d were filled in, %v; want %d", n, err, filled)
		}
	}
	found, _, err := engine.Orders(t.Context(), store.OrderFilter{Reference: "R", Limit: 10})
	if err != nil || len(found) != len(want) {
		t.Fatalf("after: %+v, %v", found, err)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("after: %+v, want %+v", found[i], want[i])
		}
	}
}
