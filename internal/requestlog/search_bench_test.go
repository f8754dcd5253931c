package requestlog

import (
	"bytes"
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

	"github.com/kvitto/kvitto/internal/identifier"
)

var keptLog = flag.String("log", "", "a file in which BenchmarkSearch/sqlite keeps its log, or finds it filled")

// BenchmarkSearch measures searches of a log with -stored exchanges, 200 in a
// second over seven days, of twenty merchants, ten of a session, one of fifty
// refused. It tells how long filling and indexing took and what the log and its
// index take. p95-ms is of single pages of 50.
func BenchmarkSearch(b *testing.B) {
	for name, newHome := range homes {
		b.Run(name, func(b *testing.B) {
			address := newHome(b)
			if name == "sqlite" && *keptLog != "" {
				address = *keptLog
			}
			l := placeAt(address)(b, Options{indexByHand: true})
			count := countAt(b, address)
			began := time.Now()
			if count == 0 {
				count = *stored
				fillShops(b, l, count)
			}
			b.Logf("%d exchanges; written in %v", count, time.Since(began).Round(time.Millisecond))
			before := sizeAt(b, address)
			began = time.Now()
			if err := l.index(context.Background(), true); err != nil {
				b.Fatal(err)
			}
			after := sizeAt(b, address)
			b.Logf("indexed in %v; the log takes %d MB, its index %d MB", time.Since(began).Round(time.Millisecond), before>>20, (after-before)>>20)
			for _, test := range someOf(b, l, count).queries() {
				b.Run(test.name, func(b *testing.B) { benchmarkSearch(b, l, test.query, test.none) })
			}
		})
	}
}

func benchmarkSearch(b *testing.B, l *Log, query func(n int) Query, none bool) {
	var took []time.Duration
	partial := 0
	for n := 0; b.Loop(); n++ {
		q := query(n)
		q.Limit = 50
		began := time.Now()
		page, err := l.Search(context.Background(), q)
		if err != nil || !page.Partial && none == (len(page.Exchanges) > 0) {
			b.Fatalf("%+v: %d found, %v", q, len(page.Exchanges), err)
		}
		if page.Partial {
			partial++
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(partial)/float64(len(took)), "partial/op")
}

// sizeAt is the bytes that a log takes.
func sizeAt(b *testing.B, address string) (size int64) {
	b.Helper()
	if err := measure(context.Background(), address, &size); err != nil {
		b.Fatal(err)
	}
	return size
}

func measure(ctx context.Context, address string, size *int64) error {
	if strings.HasPrefix(address, "postgres://") {
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			return err
		}
		err = conn.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(size)
		return errors.Join(err, conn.Close(ctx))
	}
	conn, err := sqlite3.Open(address)
	if err != nil {
		return err
	}
	pages, _, err := conn.Prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	if pages.Step() {
		*size = pages.ColumnInt64(0)
	}
	return errors.Join(pages.Close(), conn.Close())
}

// countAt is how many exchanges a file has.
func countAt(b *testing.B, address string) (count int) {
	b.Helper()
	if strings.HasPrefix(address, "postgres://") {
		return 0
	}
	conn, err := sqlite3.Open(address)
	if err != nil {
		b.Fatal(err)
	}
	sum, _, err := conn.Prepare("SELECT coalesce(sum(exchanges), 0) FROM blocks")
	if err == nil && sum.Step() {
		count = int(sum.ColumnInt64(0))
	}
	if err := errors.Join(err, sum.Close(), conn.Close()); err != nil {
		b.Fatal(err)
	}
	return count
}

// someOf are some of what was written, from the oldest to the newest.
func someOf(b *testing.B, l *Log, count int) shops {
	b.Helper()
	const samples = 200
	told := shops{count: count}
	for i := range samples {
		call, _ := shopCallOf(count / samples * i)
		page, err := l.Search(context.Background(), Query{MerchantID: call.merchant, Text: call.reference, Limit: 10})
		if err != nil || len(page.Exchanges) == 0 {
			b.Fatalf("%s: %d found, %v", call.reference, len(page.Exchanges), err)
		}
		call.correlation, call.session = page.Exchanges[0].CorrelationID, page.Exchanges[0].SessionID
		told.some = append(told.some, call)
	}
	return told
}

// shops are what was written, as far as queries need it.
type shops struct {
	count int
	some  []shopCall
}

type shopCall struct {
	correlation, session  string
	merchant              string
	amount                []byte
	reference, mail, word string
}

func merchantOf(n int) string { return fmt.Sprintf("K%06d", n*n%20) }

// shopCallOf is the nth exchange. Every hundredth shop calls its cart something
// that few do.
func shopCallOf(n int) (shopCall, []byte) {
	call := shopCall{
		merchant: merchantOf(n / 10), reference: fmt.Sprintf("SE-%07d", n/10), mail: fmt.Sprintf("anna.%d@example.com", n/10),
		word: fmt.Sprintf("word%d", n/1000),
	}
	body := shopBody(3, n)
	head := fmt.Appendf(nil, `{"merchant_reference1":%q,"merchant_data":"campaign %s %d","billing_address":{"given_name":"Anna","family_name":"Larsson",`+
		`"email":%q,"phone":"+4670%07d","street_address":"Storgatan %d","postal_code":"11122","city":"Stockholm","country":"SE"},`,
		call.reference, call.word, n%1000, call.mail, n/10, n%300)
	_, amount, _ := bytes.Cut(body, []byte(`"order_amount":`))
	call.amount, _, _ = bytes.Cut(amount, []byte(","))
	return call, append(head, body[1:]...)
}

func fillShops(b *testing.B, l *Log, count int) {
	b.Helper()
	var sessions [100]string
	var at time.Time
	for n := range count {
		if n%1000 == 0 {
			at = noon(1).Add(time.Duration(int64(7*24*time.Hour) / int64(count) * int64(n) / int64(time.Second) * int64(time.Second)))
			for i := range sessions {
				sessions[i] = identifier.New(at)
			}
		}
		at = at.Add(5 * time.Millisecond)
		call, body := shopCallOf(n)
		session := sessions[n%1000/10]
		e := Exchange{
			CorrelationID: identifier.New(at), MerchantID: call.merchant, At: at, Duration: 3 * time.Millisecond, Method: "POST", Status: 204,
			Path: "/payments/v1/sessions/" + session, Operation: "update_session", SessionID: session, RequestBody: body,
		}
		switch n % 10 {
		case 0:
			e.Operation, e.Status, e.Path = "create_session", 200, "/payments/v1/sessions"
			e.ResponseBody = createdBody(n)
		case 9:
			e.Operation, e.Status, e.AuthorizationToken = "browser_authorize", 200, identifier.New(at)
			e.ResponseBody = fmt.Appendf(nil, `{"approved":true,"authorization_token":%q}`, e.AuthorizationToken)
		}
		if n%50 == 1 {
			e.Status, e.ErrorCode = 400, "BAD_VALUE"
			e.ResponseBody = []byte(`{"error_code":"BAD_VALUE","error_messages":["Bad value: order_amount"]}`)
			e.Expendable = true // it need not be waited for
		}
		if err := l.Record(context.Background(), e); err != nil {
			b.Fatal(err)
		}
		if n%4096 == 4095 {
			if err := l.flush(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := l.flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	if s := l.Stats(); s.Shed != 0 || s.Dropped != 0 || s.Failed != 0 {
		b.Fatalf("not all was written: %+v", s)
	}
}

type timedQuery struct {
	name  string
	query func(n int) Query
	none  bool // nothing is found
}

func (s shops) queries() []timedQuery {
	of := func(text func(*shopCall) string) func(int) Query {
		return func(n int) Query {
			call := &s.some[n*7919%len(s.some)]
			return Query{MerchantID: call.merchant, Text: text(call)}
		}
	}
	always := func(q Query) func(int) Query { return func(int) Query { return q } }
	m := merchantOf(0)
	return []timedQuery{
		{"correlation_id", of(func(c *shopCall) string { return c.correlation }), false},
		{"session_id", of(func(c *shopCall) string { return c.session }), false},
		{"reference", of(func(c *shopCall) string { return c.reference }), false},
		{"amount", of(func(c *shopCall) string { return string(c.amount) }), false},
		{"e_mail", of(func(c *shopCall) string { return c.mail }), false},
		{"word_of_a_thousand", of(func(c *shopCall) string { return c.word }), false},
		{"word_of_all", always(Query{MerchantID: m, Text: "stockholm"}), false},
		{"word_of_none", always(Query{MerchantID: m, Text: "nowhere"}), true},
		{"words_never_together", func(n int) Query {
			return Query{MerchantID: m, Text: fmt.Sprintf("word%d word%d", n%(s.count/1000), (n+7)%(s.count/1000))}
		}, true},
		{"path", of(func(c *shopCall) string { return "billing_address.email=" + c.mail }), false},
		{"newest", always(Query{MerchantID: m}), false},
		{"newest_refused", always(Query{MerchantID: m, StatusFrom: 400, StatusTo: 499}), false},
		{"refused_with_word", always(Query{MerchantID: m, StatusFrom: 400, StatusTo: 499, Text: "bad_value"}), false},
		{"operation", always(Query{MerchantID: m, Operation: "browser_authorize"}), false},
		{"another_merchant", always(Query{MerchantID: "K999999"}), true},
		{"oldest_days", always(Query{MerchantID: m, To: noon(2), From: noon(1)}), false},
	}
}
