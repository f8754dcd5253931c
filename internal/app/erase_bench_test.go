package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/wire"
)

// BenchmarkErase counts and erases a person who has three of so many sessions, each
// of four revisions and four exchanges, in SQLite files. What it takes does not
// depend on b.N: run it with -benchtime 1x.
func BenchmarkErase(b *testing.B) {
	for _, sessions := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(sessions, " sessions"), func(b *testing.B) {
			directory := b.TempDir()
			fillForErasing(b, directory, sessions)
			for _, question := range []admin.EraseQuestion{
				{DryRun: true}, {}, {Compact: true},
			} {
				question.AllMerchants, question.Emails = true, []string{"payer7@example.com"}
				desk, err := app.OpenAdmin(b.Context(), "sqlite:"+directory)
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := desk.Erase(b.Context(), question, func([]byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
				what := map[bool]string{true: "s/count", false: "s/erase"}[question.DryRun]
				if question.Compact {
					what = "s/compact"
				}
				b.ReportMetric(time.Since(began).Seconds(), what)
				if err := desk.Close(); err != nil {
					b.Fatal(err)
				}
			}
			size := int64(0)
			files, _ := filepath.Glob(filepath.Join(directory, "*"))
			for _, file := range files {
				if info, err := os.Stat(file); err == nil {
					size += info.Size()
				}
			}
			b.ReportMetric(float64(size)/(1<<20), "MiB")
		})
	}
}

func fillForErasing(b *testing.B, directory string, sessions int) {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), filepath.Join(directory, "kvitto.db"))
	if err != nil {
		b.Fatal(err)
	}
	log, err := requestlog.OpenSQLite(b.Context(), filepath.Join(directory, "requests.db"), requestlog.Options{MaxQueued: 1 << 16, MaxQueuedBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if err := engine.EnsureMerchant(b.Context(), "m", now); err != nil {
		b.Fatal(err)
	}
	var changes []store.Change
	for i := range sessions {
		content := checkout.Content{PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"), OrderAmount: checkout.IntegerOf(100),
			BillingAddress: &checkout.Address{Email: checkout.TextOf(fmt.Sprintf("payer%d@example.com", i%max(1, sessions/3))), GivenName: checkout.TextOf(fmt.Sprint("Payer", i)),
				FamilyName: checkout.TextOf("Paysson"), StreetAddress: checkout.TextOf(fmt.Sprint("Street ", i)), Phone: checkout.TextOf(fmt.Sprint("07012", i)), Country: checkout.TextOf("SE")}}
		for line := range 5 {
			content.OrderLines = append(content.OrderLines, checkout.Line{Name: checkout.TextOf(fmt.Sprint("Thing ", i+line)), Reference: checkout.TextOf(fmt.Sprint("ref-", line)),
				Quantity: checkout.IntegerOf(1), UnitPrice: checkout.IntegerOf(20), TotalAmount: checkout.IntegerOf(20)})
		}
		s := checkout.Session{ID: identifier.New(now), MerchantID: "m", CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour), Content: content}
		for range 4 {
			s.Revision++
			changes = append(changes, store.Change{Session: s, Event: checkout.Event{Kind: checkout.EventUpdated, At: now}})
			body := wire.AppendContent(nil, &content)
			exchange := requestlog.Exchange{CorrelationID: identifier.New(now), MerchantID: "m", At: now, Status: 200, SessionID: s.ID, RequestBody: body}
			if err := log.Record(b.Context(), exchange); err != nil {
				b.Fatal(err)
			}
		}
		if len(changes) >= 1000 || i == sessions-1 {
			for _, err := range engine.Commit(b.Context(), changes) {
				if err != nil {
					b.Fatal(err)
				}
			}
			changes = changes[:0]
			now = now.Add(time.Second)
		}
	}
	if err := engine.Close(); err != nil {
		b.Fatal(err)
	}
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	if stats := log.Stats(); stats.Dropped+stats.Shed > 0 {
		b.Logf("%d exchanges were dropped, %d without bodies", stats.Dropped, stats.Shed)
	}
}
