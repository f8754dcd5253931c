package requestlog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ncruces/go-sqlite3"

	"github.com/kvitto/kvitto/internal/requestlog/postgres"
	"github.com/kvitto/kvitto/internal/requestlog/sqlite"
)

var (
	keptLog      = flag.String("log", "", "a file in which BenchmarkSearch/sqlite keeps its log, or finds it filled")
	keptDatabase = flag.String("database", "", "a database in which BenchmarkSearch/postgres does")
)

// BenchmarkSearch measures searches of a log with -stored exchanges (see
// fillShops), for what is among the newest and among the oldest hundredth.
// It tells how long filling and indexing took and what the log and its index
// take. Pages are of 50.
func BenchmarkSearch(b *testing.B) {
	if *keptLog != "" && *keptDatabase != "" && countAt(b, *keptLog)+countAt(b, *keptDatabase) == 0 {
		fillBoth(b, *keptLog, *keptDatabase)
	}
	for name, newHome := range homes {
		b.Run(name, func(b *testing.B) {
			address := map[string]string{"sqlite": *keptLog, "postgres": *keptDatabase}[name]
			if address == "" {
				address = newHome(b)
			}
			l := placeAt(address)(b, Options{indexByHand: true})
			count := countAt(b, address)
			if count == 0 {
				began := time.Now()
				fillShops(b, l, *stored)
				count = countAt(b, address)
				b.Logf("written in %v", time.Since(began).Round(time.Millisecond))
			}
			before := sizeAt(b, address)
			began := time.Now()
			if err := l.index(context.Background(), true); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d exchanges; indexed in %v; the log takes %d MB, of which were made now %d MB", count,
				time.Since(began).Round(time.Millisecond), sizeAt(b, address)>>20, (sizeAt(b, address)-before)>>20)
			for _, test := range queriesOf(chunksOf(count)) {
				b.Run(test.name, func(b *testing.B) { benchmarkSearch(b, l, &test) })
			}
		})
	}
}

// fillBoth fills a file and a database with the same.
func fillBoth(b *testing.B, file, database string) {
	b.Helper()
	ctx := context.Background()
	one, err := sqlite.Open(ctx, file)
	if err != nil {
		b.Fatal(err)
	}
	other, err := postgres.Open(ctx, database)
	if err != nil {
		b.Fatal(errors.Join(err, one.Close()))
	}
	began := time.Now()
	l := newLog(twins{one, other}, Options{indexByHand: true})
	fillShops(b, l, *stored)
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("both written in %v", time.Since(began).Round(time.Millisecond))
}

func benchmarkSearch(b *testing.B, l *Log, test *timedQuery) {
	var took []time.Duration
	partial, before := 0, cpuTime(b)
	for n := 0; b.Loop(); n++ {
		q := test.query(n)
		q.Limit = 50
		began := time.Now()
		page, err := l.Search(context.Background(), q)
		took = append(took, time.Since(began))
		if err != nil || !page.Partial && test.none == (len(page.Exchanges) > 0) {
			b.Fatalf("%+v: %d found, %v", q, len(page.Exchanges), err)
		}
		if page.Partial {
			partial++
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(len(took)), "cpu-ms/op")
	slices.Sort(took)
	percentile := func(p int) float64 { return float64(took[len(took)*p/100].Microseconds()) / 1000 }
	b.ReportMetric(percentile(50), "p50-ms")
	b.ReportMetric(percentile(95), "p95-ms")
	b.ReportMetric(float64(partial)/float64(len(took)), "partial/op")
}

// sizeAt is the bytes that a log takes.
func sizeAt(b *testing.B, address string) int64 {
	b.Helper()
	return askAt(b, address, "SELECT pg_database_size(current_database())",
		"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
}

// countAt is how many exchanges a log has.
func countAt(b *testing.B, address string) int {
	b.Helper()
	l := placeAt(address)(b, Options{indexByHand: true}) // it makes the schema
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	if !strings.HasPrefix(address, "postgres://") {
		return int(askAt(b, address, "", "SELECT (SELECT coalesce(sum(exchanges), 0) FROM blocks) + (SELECT count(*) FROM refusals)"))
	}
	count := "SELECT 0::bigint"
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		b.Fatal(err)
	}
	rows, err := conn.Query(context.Background(), "SELECT day FROM requestlog_days")
	if err != nil {
		b.Fatal(err)
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err := errors.Join(err, conn.Close(context.Background())); err != nil {
		b.Fatal(err)
	}
	for _, d := range days {
		count += fmt.Sprintf(" + (SELECT coalesce(sum(exchanges), 0) FROM requestlog_blocks_%s) + (SELECT count(*) FROM requestlog_refusals_%[1]s)", d)
	}
	return int(askAt(b, address, count, ""))
}

// askAt asks a database or a file for a number.
func askAt(b *testing.B, address, ofDatabase, ofFile string) (number int64) {
	b.Helper()
	err := func() error {
		if strings.HasPrefix(address, "postgres://") {
			conn, err := pgx.Connect(context.Background(), address)
			if err != nil {
				return err
			}
			err = conn.QueryRow(context.Background(), ofDatabase).Scan(&number)
			return errors.Join(err, conn.Close(context.Background()))
		}
		conn, err := sqlite3.Open(address)
		if err != nil {
			return err
		}
		rows, _, err := conn.Prepare(ofFile)
		if err != nil {
			return errors.Join(err, conn.Close())
		}
		if rows.Step() {
			number = rows.ColumnInt64(0)
		}
		return errors.Join(rows.Close(), conn.Close())
	}()
	if err != nil {
		b.Fatal(err)
	}
	return number
}

type timedQuery struct {
	name  string
	query func(n int) Query
	none  bool // nothing is found
}

// queriesOf are what is looked for in a log of so many minutes.
func queriesOf(chunks int) (all []timedQuery) {
	whole := (chunks - chunksOfSession) * chunkSessions // sessions that have all their steps
	part := max(whole/100, 1)
	for _, age := range []struct {
		name  string
		first int
	}{{"newest", whole - part}, {"oldest", 0}} {
		for _, of := range []struct {
			name string
			text func(*sale) string
		}{
			{"correlation_id", func(s *sale) string { return s.correlation(s.n % 10) }},
			{"session_id", func(s *sale) string { return s.session }},
			{"order_id", func(s *sale) string { return s.order }},
			{"token", func(s *sale) string { return s.token }},
			{"reference", func(s *sale) string { return s.reference }},
			{"e_mail", func(s *sale) string { return s.mail }},
			{"phone", func(s *sale) string { return s.phone }},
			{"amount", func(s *sale) string { return s.amount }},
			{"word", func(s *sale) string { return s.word }},
			{"path", func(s *sale) string { return "billing_address.email=" + s.mail }},
		} {
			all = append(all, timedQuery{name: of.name + "/" + age.name, query: func(n int) Query {
				s := saleOf(age.first + n*7919%part)
				return Query{MerchantID: s.merchant, Text: of.text(s)}
			}})
		}
	}
	m := merchantOf(0)
	for name, q := range map[string]Query{
		"word_of_all":       {Text: "stockholm"},
		"newest_refused":    {StatusFrom: 400, StatusTo: 499},
		"refused_with_word": {StatusFrom: 400, StatusTo: 499, Text: "bad_value"},
		"operation":         {Operation: "browser_authorize"},
		"first_hours":       {From: chunkBegin(0), To: chunkBegin(60)},
		"all":               {},
	} {
		q.MerchantID = m
		all = append(all, timedQuery{name: name, query: func(int) Query { return q }})
	}
	return append(all,
		timedQuery{name: "word_of_none", none: true, query: func(int) Query { return Query{MerchantID: m, Text: "nowhere"} }},
		timedQuery{name: "another_merchant", none: true, query: func(int) Query { return Query{MerchantID: "K999999"} }},
		timedQuery{name: "words_never_together", none: true, query: func(n int) Query {
			return Query{MerchantID: m, Text: fmt.Sprintf("word%d word%d", n%chunks, (n+7)%chunks)}
		}})
}
