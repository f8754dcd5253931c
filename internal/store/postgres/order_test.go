package postgres_test

import (
	"regexp"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// fillWithOrders makes 20,000 orders: one of four is the merchant m's, one of a
// hundred was rejected, one of a thousand has the reference R, one of twenty, all of
// them of m, the reference M.
const fillWithOrders = `INSERT INTO orders (order_id, session_id, authorization_token, change_id, merchant_id, created_at,
		revision, authorized, captured, released, refunded, currency, fraud_status, reference1, reference2)
	SELECT ('11' || substr(md5(n::text), 3))::uuid, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), CASE WHEN n % 4 = 0 THEN 'm' ELSE 'other' END, n,
		2, 100, 0, 0, 0, 'SEK', CASE WHEN n % 100 = 0 THEN 'REJECTED' ELSE 'ACCEPTED' END, CASE WHEN n % 1000 = 0 THEN 'R' ELSE 'S' || n END,
		CASE WHEN n % 20 = 0 THEN 'M' END
	FROM generate_series(1, 20000) n`

// TestAListOfOrdersReadsWhatItShows, with the plans that a connection makes for any
// parameters, before and after statistics.
func TestAListOfOrdersReadsWhatItShows(t *testing.T) {
	t.Parallel()
	conn := observe(t, migrated(t))
	execute(t, conn, `SET plan_cache_mode = force_generic_plan`)
	execute(t, conn, fillWithOrders)
	look := func(when string) {
		for name, list := range postgres.OrderLists {
			name = "list_" + name
			execute(t, conn, "PREPARE "+name+" AS "+list.SQL)
			plan := analyze(t, conn, name, list.Parameters)
			if read := rowsRead(t, plan); read > list.Read {
				t.Errorf("%s, %s: %d rows are read, want at most %d\n%s", name, when, read, list.Read, plan)
			}
			execute(t, conn, "DEALLOCATE "+name)
		}
		for name, sql := range postgres.OrderStatements {
			execute(t, conn, "PREPARE "+name+" AS "+sql)
			if plan := explain(t, conn, name, parametersOf(sql)); regexp.MustCompile(`Seq Scan on \w+`).MatchString(plan) {
				t.Errorf("%s, %s:\n%s", name, when, plan)
			}
			execute(t, conn, "DEALLOCATE "+name)
		}
	}
	look("without statistics")
	execute(t, conn, `ANALYZE orders`)
	look("with statistics")
}

// TestOrdersOfTheSchemaBeforeAreFilledIn when it is migrated, by a server that began
// on it.
func TestOrdersOfTheSchemaBeforeAreFilledIn(t *testing.T) {
	t.Parallel()
	url := migratedTo(t, postgres.SchemaBefore)
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	place := func() store.Order {
		s := newTale()
		created := s.next(checkout.EventCreated)
		s.goOn(created)
		placed := s.next(checkout.EventOrdered)
		placed.Session.Order.FraudStatus = checkout.FraudPending
		mustCommit(t, engine, created, placed)
		order, _ := store.OrderOf(&placed.Session)
		return order
	}
	before := place()
	fill := func(want int) {
		t.Helper()
		if n, err := engine.FillOrders(t.Context(), 10); n != want || err != nil {
			t.Errorf("%d were filled in, %v; want %d", n, err, want)
		}
	}
	fill(0) // there is no place for it yet
	for _, filter := range []store.OrderFilter{{Limit: 10}, {MerchantID: before.MerchantID, OrderID: before.OrderID, Limit: 10}} {
		bare := store.Order{OrderID: before.OrderID, SessionID: before.SessionID, MerchantID: before.MerchantID, PlacedAt: before.PlacedAt}
		if found, _, err := engine.Orders(t.Context(), filter); err != nil || len(found) != 1 || found[0] != bare {
			t.Errorf("on the schema before, listed are %+v, %v", found, err)
		}
	}
	if found, _, err := engine.Orders(t.Context(), store.OrderFilter{Reference: "R", Limit: 10}); err != nil || len(found) != 0 {
		t.Errorf("on the schema before, of a reference are listed %+v, %v", found, err)
	}
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	meanwhile := place()
	fill(2)
	want := map[string]store.Order{}
	for _, order := range []store.Order{before, meanwhile, place()} {
		want[order.OrderID] = order
	}
	found, _, err := engine.Orders(t.Context(), store.OrderFilter{FraudStatus: checkout.FraudPending, Limit: 10})
	if err != nil || len(found) != len(want) {
		t.Errorf("%d are listed, %v; want %d", len(found), err, len(want))
	}
	for _, order := range found {
		if order != want[order.OrderID] {
			t.Errorf("listed is %+v, want %+v", order, want[order.OrderID])
		}
	}
	fill(0)
}

// TestAnOrderThatWasChangedBesideTheListIsPutRight: a server that began on the schema
// before goes on changing orders, and knows nothing of the list.
func TestAnOrderThatWasChangedBesideTheListIsPutRight(t *testing.T) {
	t.Parallel()
	url := migratedTo(t, postgres.SchemaBefore)
	earlier := open(t, url, postgres.Options{MaxConnections: 2})
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	const orders = 12 // more than one look compares
	fillAll := func(when string) {
		t.Helper()
		filled := 0
		for range orders + 2 { // the walk may end once, and begin again
			n, err := engine.FillOrders(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			filled += n
		}
		if filled != orders {
			t.Errorf("%s, %d were filled in, want %d", when, filled, orders)
		}
	}
	var tales [orders]*tale
	for i := range tales {
		tales[i] = newTale()
		created := tales[i].next(checkout.EventCreated)
		tales[i].goOn(created)
		placed := tales[i].next(checkout.EventOrdered)
		placed.Session.Order.FraudStatus = checkout.FraudPending
		tales[i].goOn(placed)
		mustCommit(t, earlier, created, placed)
	}
	fillAll("after they were placed")
	for _, s := range tales {
		accepted := s.next(checkout.EventReviewAccepted)
		order := *s.session.Order
		order.FraudStatus = checkout.FraudAccepted
		accepted.Session.Order = &order
		mustCommit(t, earlier, accepted)
	}
	fillAll("after they were changed")
	for status, want := range map[string]int{checkout.FraudPending: 0, checkout.FraudAccepted: orders} {
		found, _, err := engine.Orders(t.Context(), store.OrderFilter{FraudStatus: status, Limit: 100})
		if err != nil || len(found) != want {
			t.Errorf("%s: %d are listed, %v; want %d", status, len(found), err, want)
		}
	}
}
