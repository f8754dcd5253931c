package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// BenchmarkPlaceOrder is the cost of the change that places an order, with the
// session that it begins with, beside 20,000 orders that are there.
func BenchmarkPlaceOrder(b *testing.B) {
	for _, size := range []int{1, 64} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			engine := open(b, b.TempDir())
			b.Cleanup(func() { _ = engine.Close() })
			for range 20_000 / 200 {
				placeMany(b, engine, 200)
			}
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				placeMany(b, engine, size)
			}
			orders := float64(b.N) * float64(size)
			b.ReportMetric(float64(cpuTime()-began)/orders, "cpu-ns/order")
			b.ReportMetric(orders/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

// placeMany commits sessions, and then an order of each.
func placeMany(tb testing.TB, engine store.Engine, n int) {
	tb.Helper()
	placed := make([]store.Change, n)
	for i, s := range createMany(tb, engine, n) {
		s.Revision, s.UpdatedAt = 2, s.UpdatedAt.Add(time.Second)
		s.Order = &checkout.Order{
			ID: newTimedID(), AuthorizationToken: uuid.NewString(), CreatedAt: time.Now().UTC().Truncate(time.Millisecond), Content: s.Content,
			FraudStatus: checkout.FraudAccepted, Ledger: checkout.NewLedger(money.Amount(s.Content.OrderAmount.Value)),
		}
		placed[i] = store.Change{Session: s, State: record.Append(nil, &s), Event: checkout.Event{
			Kind: checkout.EventOrdered, At: s.UpdatedAt, OrderID: s.Order.ID, AuthorizationToken: s.Order.AuthorizationToken,
		}}
	}
	mustCommit(tb, engine, placed)
}

// newTimedID begins with its time, as the server's do.
func newTimedID() string { return uuid.Must(uuid.NewV7()).String() }
