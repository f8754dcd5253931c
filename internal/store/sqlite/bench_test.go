package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// benchmarkSessions is how many sessions are changed in turn, in random order.
const benchmarkSessions = 10_000

// BenchmarkCommit is the cost of one change in batches of several sizes, with
// the state already written down by the caller, as the service does it.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			engine := open(b, b.TempDir())
			b.Cleanup(func() { _ = engine.Close() })
			sessions := createMany(b, engine, benchmarkSessions)
			state := record.Append(nil, &sessions[0])
			random := rand.New(rand.NewPCG(1, 2))
			batch := make([]store.Change, size)
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				for i := range batch {
					s := &sessions[random.IntN(len(sessions))]
					s.Revision++
					batch[i] = store.Change{Session: *s, State: state, Event: checkout.Event{
						Kind: checkout.EventUpdated, At: s.UpdatedAt, CorrelationID: s.ID,
					}}
				}
				mustCommit(b, engine, batch)
			}
			rows := float64(b.N) * float64(size)
			b.ReportMetric(float64(cpuTime()-began)/rows, "cpu-ns/row")
			b.ReportMetric(float64(len(state)), "bytes/state")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// cpuTime is what the process has used, user and system, in nanoseconds.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func BenchmarkSession(b *testing.B) {
	engine := open(b, b.TempDir())
	b.Cleanup(func() { _ = engine.Close() })
	sessions := createMany(b, engine, benchmarkSessions)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := engine.Session(b.Context(), sessions[i%len(sessions)].ID); err != nil {
			b.Fatal(err)
		}
	}
}

// createMany commits sessions with a cart whose state is about 1.5 KB.
func createMany(tb testing.TB, engine store.Engine, n int) []checkout.Session {
	tb.Helper()
	sessions := make([]checkout.Session, n)
	batch := make([]store.Change, 0, 250)
	for i := range sessions {
		session, event, refusal := checkout.Create(uuid.NewString(), "M1", cart(3), nil, time.UnixMilli(1_773_480_413_589).UTC())
		if refusal != nil {
			tb.Fatalf("the domain refused the cart: %+v", refusal)
		}
		sessions[i] = session
		batch = append(batch, store.Change{Session: session, Event: event})
		if len(batch) == cap(batch) || i == n-1 {
			mustCommit(tb, engine, batch)
			batch = batch[:0]
		}
	}
	return sessions
}

func mustCommit(tb testing.TB, engine store.Engine, changes []store.Change) {
	tb.Helper()
	for i, err := range engine.Commit(tb.Context(), changes) {
		if err != nil {
			tb.Fatalf("change %d: %v", i, err)
		}
	}
}

// cart is a session's content with some lines, an address and URLs.
func cart(lines int) checkout.Content {
	address := checkout.Address{
		GivenName: checkout.TextOf("Astrid"), FamilyName: checkout.TextOf("Lindqvist"), Email: checkout.TextOf("astrid@example.com"),
		StreetAddress: checkout.TextOf("Norrlandsgatan 17"), PostalCode: checkout.TextOf("11143"), City: checkout.TextOf("Stockholm"),
		Phone: checkout.TextOf("+46701234567"), Country: checkout.TextOf("SE"),
	}
	content := checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"), Locale: checkout.TextOf("sv-SE"),
		OrderAmount: checkout.IntegerOf(int64(lines) * 25_000), OrderTaxAmount: checkout.IntegerOf(int64(lines) * 5_000),
		MerchantReference1: checkout.TextOf("A-2026-000123"), BillingAddress: &address, ShippingAddress: &address,
		MerchantURLs: &checkout.MerchantURLs{
			Confirmation: checkout.TextOf("https://shop.example/checkout/confirmation?order=A-2026-000123"),
			Notification: checkout.TextOf("https://shop.example/klarna/notification"),
			Push:         checkout.TextOf("https://shop.example/klarna/push?order={order.id}"),
		},
	}
	for range lines {
		content.OrderLines = append(content.OrderLines, checkout.Line{
			Type: checkout.TextOf("physical"), Reference: checkout.TextOf("SKU-19-402"), Name: checkout.TextOf("Running shoe, size 42"),
			Quantity: checkout.IntegerOf(1), UnitPrice: checkout.IntegerOf(25_000), TotalAmount: checkout.IntegerOf(25_000),
			TaxRate: checkout.IntegerOf(2500), TotalTaxAmount: checkout.IntegerOf(5_000),
			ImageURL: checkout.TextOf("https://shop.example/img/19-402.jpg"),
		})
	}
	return content
}

// BenchmarkAssessed is with a million subjects.
func BenchmarkAssessed(b *testing.B) {
	engine := open(b, b.TempDir())
	b.Cleanup(func() { _ = engine.Close() })
	storetest.BenchAssessed(b, engine, 200_000)
}
