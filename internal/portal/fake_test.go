package portal_test

import (
	"context"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// fakeLog is a request log that is a list, oldest first.
type fakeLog struct {
	mu        sync.Mutex
	exchanges []requestlog.Exchange
	asked     []requestlog.Query
	stats     requestlog.Stats
	sums      map[requestlog.TallyQuery]requestlog.Summary
	partial   string // where a search ends early
}

func (l *fakeLog) Stats() requestlog.Stats { return l.stats }

func (l *fakeLog) add(e ...requestlog.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exchanges, l.sums = append(l.exchanges, e...), map[requestlog.TallyQuery]requestlog.Summary{}
}

func (l *fakeLog) Search(_ context.Context, q requestlog.Query) (requestlog.Page, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, q)
	var page requestlog.Page
	for i := len(l.exchanges) - 1; i >= 0; i-- {
		e := l.exchanges[i]
		if q.Before != "" && e.CorrelationID > q.Before || !matches(&e, &q) { // ids begin with their time
			continue
		}
		if len(page.Exchanges) == q.Limit {
			page.Next = e.CorrelationID
			break
		}
		page.Exchanges = append(page.Exchanges, e)
	}
	if l.partial != "" {
		page.Partial, page.Next = true, l.partial
	}
	return page, nil
}

// Tally is that of a real log with the same exchanges.
func (l *fakeLog) Tally(ctx context.Context, q requestlog.TallyQuery) (s requestlog.Summary, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.sums[q]; ok {
		return known, nil
	}
	defer func() { l.sums[q] = s }()
	folder, err := os.MkdirTemp("", "kvitto-portal-")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	counting, err := requestlog.OpenSQLite(ctx, filepath.Join(folder, "requests.db"), requestlog.Options{})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, counting.Close()) }()
	for _, e := range l.exchanges {
		e.Expendable = true // nobody waits for each
		if err := counting.Record(ctx, e); err != nil {
			return s, err
		}
	}
	return counting.Tally(ctx, q)
}

func matches(e *requestlog.Exchange, q *requestlog.Query) bool {
	text := e.CorrelationID + " " + e.SessionID + " " + e.OrderID + " " + string(e.RequestBody)
	return (q.AllMerchants || e.MerchantID == q.MerchantID) && strings.Contains(text, q.Text) &&
		(q.StatusFrom == 0 || e.Status >= q.StatusFrom) && (q.StatusTo == 0 || e.Status <= q.StatusTo) &&
		(q.Method == "" || e.Method == q.Method) && (q.Operation == "" || e.Operation == q.Operation) &&
		(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To))
}

func (l *fakeLog) Find(_ context.Context, merchantID, correlationID string) (requestlog.Exchange, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.exchanges {
		if e.CorrelationID == correlationID && e.MerchantID == merchantID {
			return e, nil
		}
	}
	return requestlog.Exchange{}, requestlog.ErrNotFound
}

func (l *fakeLog) OfSession(_ context.Context, merchantID, sessionID string, _ requestlog.Bounds) (found []requestlog.Exchange, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.exchanges {
		if e.SessionID == sessionID && e.MerchantID == merchantID {
			found = append(found, e)
		}
	}
	return found, nil
}

// clocks never move but when they are moved.
type clocks struct {
	mu       sync.Mutex
	advanced map[string]time.Duration
	known    func(merchantID string) bool
}

func (c *clocks) Now(ctx context.Context, merchantID string) (time.Time, error) {
	advanced, err := c.Advanced(ctx, merchantID)
	return noon.Add(advanced), err
}

func (c *clocks) Advanced(_ context.Context, merchantID string) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known(merchantID) {
		return 0, store.ErrNotFound
	}
	return c.advanced[merchantID], nil
}

func (c *clocks) Advance(_ context.Context, merchantID string, by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by < 0 {
		return lab.ErrAdvance
	}
	c.advanced[merchantID] += by
	return nil
}

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// site is a portal over what a test puts there.
type site struct {
	http.Handler
	t      *testing.T
	log    *fakeLog
	store  *memstore.Engine
	clocks *clocks
	next   *lab.Queue
	faults *lab.Faults
	kept   []service.KeptAssessment
	erases *fakeErasing // nil erases nobody
	rules  portal.RulesInUse
	turns  *service.Service // of replays
	moved  []string         // keys that were made and revoked
	// fourEyes are the amounts above which it takes two people.
	fourEyes map[string]int64
}

// options are those of the test, with what it has put there.
func (s *site) options() portal.Options {
	return portal.Options{
		Log: s.log, Sessions: s.store, Orders: s.store, Reviews: s.store, Deciding: s.deciding(), Assessments: s, Callbacks: s.store,
		Clock: s.clocks, Rules: s, Replays: s, Secrets: s, Retention: s,
		Now: func() time.Time { return noon.Add(5 * time.Minute) }, Logger: slog.New(slog.DiscardHandler),
	}
}

// AssessmentsInFull gives what the test has put there.
func (s *site) AssessmentsInFull(_ context.Context, caller service.Caller, sessionID string) (found []service.KeptAssessment, err error) {
	for _, k := range s.kept {
		if k.MerchantID == caller.MerchantID && k.SessionID == sessionID {
			found = append(found, k)
		}
	}
	return found, nil
}

func open(t *testing.T, exchanges ...requestlog.Exchange) *site {
	t.Helper()
	s := &site{t: t, log: newFakeLog(), store: memstore.New(), clocks: &clocks{advanced: map[string]time.Duration{}}, next: lab.NewQueue()}
	s.log.add(exchanges...)
	s.clocks.known = func(merchantID string) bool {
		_, err := s.store.ClockAdvance(context.Background(), merchantID)
		return err == nil
	}
	options := s.options()
	faults, err := lab.NewFaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.faults = faults
	options.Next, options.Faults, options.URL = s.next, faults, "http://127.0.0.1:7420"
	handler, err := portal.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = handler
	return s
}

// ask sends a request as a browser of this machine would.
func (s *site) ask(method, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:7420"+path, nil)
	r.RemoteAddr = "127.0.0.1:50000"
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// page is the text of a page that must be there.
func (s *site) page(path string) string {
	s.t.Helper()
	w := s.ask(http.MethodGet, path)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// has fails for each text that a page lacks, in its source or as it is read.
func has(t *testing.T, page string, texts ...string) {
	t.Helper()
	read := html.UnescapeString(page)
	for _, text := range texts {
		if !strings.Contains(page, text) && !strings.Contains(read, text) {
			t.Errorf("%q is missing in\n%s", text, page)
		}
	}
}

func lacks(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("%q is in\n%s", text, page)
		}
	}
}

// The ids of the tests.
const (
	refusedID = "0190a1b2-0000-7000-8000-00000000a001"
	sessionID = "0190a1b2-0000-7000-8000-00000000b001"
)

// refusedTax is a create session whose line has a wrong tax.
func refusedTax() requestlog.Exchange {
	return requestlog.Exchange{
		CorrelationID: refusedID, MerchantID: "shoes", At: noon, Duration: 1500 * time.Microsecond,
		Method: "POST", Path: "/payments/v1/sessions", Operation: "create_session", Status: 400,
		RequestBody: []byte(`{"purchase_country":"SE","purchase_currency":"SEK","order_amount":10000,"order_tax_amount":2500,` +
			`"order_lines":[{"name":"<b>Shoe</b>","quantity":1,"unit_price":10000,"tax_rate":2500,"total_amount":10000,"total_tax_amount":2500}]}`),
		ResponseBody: []byte(`{"error_code":"BAD_VALUE"}`), ErrorCode: "BAD_VALUE", ErrorMessages: []string{"Bad value: order_lines[0].total_tax_amount"},
		Reason: "the body breaks a rule",
		Violations: []checkout.Violation{
			{Path: "order_lines[0].total_tax_amount", Rule: checkout.RuleLineTax, Stage: checkout.StageLineTaxes, Sent: int64(2500), Expected: int64(2000), Tolerance: 1,
				Hint: "total_amount 10000 - total_amount * 10000 / (10000 + tax_rate 2500) = 2000"},
		},
	}
}

var _ store.Outbox = (*memstore.Engine)(nil)

func newFakeLog() *fakeLog { return &fakeLog{sums: map[requestlog.TallyQuery]requestlog.Summary{}} }
