package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// post is a notifier above a store in memory. Its time moves by hand.
type post struct {
	t        *testing.T
	engine   *memstore.Engine
	notifier *notify.Notifier

	mu      sync.Mutex
	now     time.Time
	records []requestlog.Exchange
	results []notify.Result
}

const merchant = "shoes"

func (p *post) Now(context.Context, string) (time.Time, error) { return p.time(), nil }

func (p *post) time() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *post) move(by time.Duration) {
	p.mu.Lock()
	p.now = p.now.Add(by)
	p.mu.Unlock()
	p.notifier.Wake()
}

func open(t *testing.T, change func(*notify.Options)) *post {
	t.Helper()
	p := &post{t: t, engine: memstore.New(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	if err := p.engine.EnsureMerchant(t.Context(), merchant, p.now); err != nil {
		t.Fatal(err)
	}
	options := notify.Options{
		Outbox: p.engine, Clock: p, NewID: identifier.New, Policy: outbound.Playground, Logger: slog.New(slog.DiscardHandler),
		System: p.time, Every: time.Hour,
		Record: func(_ context.Context, e requestlog.Exchange) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.records = append(p.records, e)
			return nil
		},
		Observe: func(r notify.Result) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.results = append(p.results, r)
		},
	}
	if change != nil {
		change(&options)
	}
	p.notifier = notify.Start(options)
	t.Cleanup(p.notifier.Close)
	return p
}

// tell commits a revision of a session with a callback.
func (p *post) tell(session string, revision int64, url string) string {
	p.t.Helper()
	return p.tellAs(merchant, session, revision, url)
}

// tellAs is tell for another merchant.
func (p *post) tellAs(merchant, session string, revision int64, url string) string {
	p.t.Helper()
	id := identifier.New(p.time())
	answers := p.engine.Commit(p.t.Context(), []store.Change{{
		Session:  checkout.Session{ID: session, MerchantID: merchant, Revision: revision},
		Event:    checkout.Event{Kind: checkout.EventUpdated, At: p.time()},
		Callback: &store.Callback{ID: id, Kind: checkout.CallbackAuthorization, URL: url, Body: fmt.Appendf(nil, `{"n":%d}`, revision)},
	}})
	if answers[0] != nil {
		p.t.Fatal(answers[0])
	}
	p.notifier.Wake()
	return id
}

// until waits for a callback to be as it must.
func (p *post) until(id, what string, is func(store.Callback) bool) store.Callback {
	p.t.Helper()
	var last store.Callback
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		list, err := p.engine.Callbacks(p.t.Context(), store.CallbackFilter{MerchantID: merchant, Limit: 1000})
		if err != nil {
			p.t.Fatal(err)
		}
		for _, last = range list {
			if last.ID == id && !last.UnderWay && is(last) {
				return last
			}
		}
	}
	p.t.Fatalf("the callback is not %s: %+v %s", what, last, last.Answer)
	return last
}

func in(state store.CallbackState) func(store.Callback) bool {
	return func(c store.Callback) bool { return c.State == state }
}

func receiver(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestACallbackIsDeliveredSignedAndRecorded(t *testing.T) {
	t.Parallel()
	p := open(t, nil)
	type got struct {
		header http.Header
		body   string
		uri    string
	}
	arrived := make(chan got, 1)
	to := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- got{r.Header, string(body), r.RequestURI}
		w.WriteHeader(http.StatusNoContent)
	})
	session := identifier.New(p.time())
	id := p.tell(session, 1, to+"/callbacks/authorization?key=secret")
	c := p.until(id, "delivered", in(store.CallbackDelivered))
	if c.Attempts != 1 {
		t.Errorf("%d attempts", c.Attempts)
	}
	sent := <-arrived
	if sent.body != `{"n":1}` || sent.uri != "/callbacks/authorization?key=secret" || sent.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", sent)
	}
	secret, err := notify.Secret(t.Context(), p.engine, merchant)
	if err != nil || len(secret) != outbound.SecretBytes {
		t.Fatal(len(secret), err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + sent.header.Get("Webhook-Timestamp") + "." + sent.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); sent.header.Get("Webhook-Id") != id || sent.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %v, want %s", sent.header, want)
	}
	p.notifier.Close()
	e := p.records[0]
	if len(p.records) != 1 || e.Operation != "authorization_callback" || e.SessionID != session || e.MerchantID != merchant || e.Status != 204 ||
		string(e.RequestBody) != sent.body || e.Method != "POST" || strings.Contains(fmt.Sprintf("%+v", e), "secret") || !strings.HasSuffix(e.Path, "/callbacks/authorization") {
		t.Errorf("recorded %+v", p.records)
	}
	if !slices.Equal(p.results, []notify.Result{notify.ResultDelivered}) {
		t.Errorf("observed %v", p.results)
	}
}

// TestAttemptsFollowTheMerchantsClock: 500, then a connection that breaks, then
// the end of the schedule.
func TestAttemptsFollowTheMerchantsClock(t *testing.T) {
	t.Parallel()
	p := open(t, nil)
	var seen atomic.Int32
	to := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		if seen.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "out of order")
	})
	session := identifier.New(p.time())
	id := p.tell(session, 1, to)
	second := p.tell(session, 2, to)
	tried := func(n int) func(store.Callback) bool { return func(c store.Callback) bool { return c.Attempts == n } }
	c := p.until(id, "tried once", tried(1))
	if want := p.time().Add(time.Second); c.State != store.CallbackWaiting || !c.DueAt.Equal(want) {
		t.Errorf("%s due %v, want %v", c.State, c.DueAt, want)
	}
	p.move(time.Second)
	c = p.until(id, "tried twice", tried(2))
	answer, err := notify.DecodeAnswer(c.Answer)
	if want := p.time().Add(2 * time.Second); err != nil || !c.DueAt.Equal(want) || answer.Status != 0 || answer.Error == "" {
		t.Errorf("due %v, want %v; %+v, %v", c.DueAt, want, answer, err)
	}
	p.move(2 * time.Second)
	c = p.until(id, "given up", in(store.CallbackFailed))
	if answer, err = notify.DecodeAnswer(c.Answer); err != nil || answer.Status != 500 || string(answer.Body) != "out of order" || c.Attempts != 3 {
		t.Errorf("%+v, %v", answer, err)
	}
	// Only then it is the turn of the next one of the session.
	p.until(second, "tried", tried(1))
	p.notifier.Close()
	want := []notify.Result{notify.ResultAgain, notify.ResultAgain, notify.ResultFailed, notify.ResultAgain}
	if !slices.Equal(p.results, want) || len(p.records) != 4 || seen.Load() != 4 {
		t.Errorf("observed %v, recorded %d, seen %d", p.results, len(p.records), seen.Load())
	}
	if p.records[2].Status != 500 || !strings.Contains(p.records[2].Reason, "the last") || p.records[1].Status != 0 {
		t.Errorf("recorded %+v", p.records)
	}
}

func TestAfterATrial500And200IsDelivered(t *testing.T) {
	t.Parallel()
	p := open(t, nil)
	var seen atomic.Int32
	ids := make(chan string, 9)
	to := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("Webhook-Id")
		if seen.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	id := p.tell(identifier.New(p.time()), 1, to)
	p.until(id, "tried", func(c store.Callback) bool { return c.Attempts == 1 })
	p.move(time.Second)
	p.until(id, "delivered", in(store.CallbackDelivered))
	if first, second := <-ids, <-ids; first != id || second != id {
		t.Errorf("the attempts had the ids %s and %s, want %s", first, second, id)
	}
}

// TestTwiceMeansTakenTwice: the attempts before the one that is taken do not
// count, and a receiver that refuses the second has taken the first.
func TestTwiceMeansTakenTwice(t *testing.T) {
	t.Parallel()
	p := open(t, nil)
	var seen atomic.Int32
	to := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader([]int{500, 202, 409, 204}[seen.Add(1)-1])
	})
	if err := p.engine.HoldCallbacks(t.Context(), merchant, true); err != nil {
		t.Fatal(err)
	}
	session := identifier.New(p.time())
	id, next := p.tell(session, 1, to), p.tell(session, 2, to)
	if err := notify.DeliverTwice(t.Context(), p.engine, merchant, id); err != nil {
		t.Fatal(err)
	}
	if err := p.engine.HoldCallbacks(t.Context(), merchant, false); err != nil {
		t.Fatal(err)
	}
	p.notifier.Wake()
	p.until(id, "tried", func(c store.Callback) bool { return c.Attempts == 1 })
	p.move(time.Second)
	c := p.until(id, "delivered", in(store.CallbackDelivered))
	if answer, err := notify.DecodeAnswer(c.Answer); err != nil || answer.Status != 409 || answer.Twice || c.Attempts != 2 {
		t.Errorf("%+v, %+v, %v", c, answer, err)
	}
	p.until(next, "delivered", in(store.CallbackDelivered))
	p.notifier.Close()
	var statuses []int
	for i := range p.records {
		statuses = append(statuses, p.records[i].Status)
	}
	if !slices.Equal(statuses, []int{500, 202, 409, 204}) {
		t.Errorf("recorded %v", statuses)
	}
	for _, c := range []struct{ merchant, id string }{{"hats", id}, {merchant, identifier.New(p.time())}, {merchant, ""}} {
		if err := notify.DeliverTwice(t.Context(), p.engine, c.merchant, c.id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := notify.DeliverTwice(t.Context(), p.engine, merchant, id); !errors.Is(err, store.ErrConflict) {
		t.Errorf("after its end: %v", err)
	}
}

// TestAddressesThatAreNotCalled end like any other failure, and say why.
func TestAddressesThatAreNotCalled(t *testing.T) {
	t.Parallel()
	p := open(t, func(o *notify.Options) { o.Policy = outbound.Policy{} })
	to := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("it was called") })
	for url, says := range map[string]string{to + "/?key=secret": "no public address", "not a URL at all": "no absolute https URL", "https://\x7f/": "no URL"} {
		id := p.tell(identifier.New(p.time()), 1, url)
		c := p.until(id, "tried", func(c store.Callback) bool { return c.Attempts == 1 })
		if answer, err := notify.DecodeAnswer(c.Answer); err != nil || !strings.Contains(answer.Error, says) || strings.Contains(answer.Error, "secret") {
			t.Errorf("%q: %+v, %v", url, answer, err)
		}
	}
}

// TestWorkersAreBoundedAndEverySessionInOrder: many sessions, few workers, a
// receiver that looks at what is with it at the same time.
func TestWorkersAreBoundedAndEverySessionInOrder(t *testing.T) {
	t.Parallel()
	const workers, sessions, each = 4, 30, 3
	p := open(t, func(o *notify.Options) { o.Workers = workers })
	var underWay, most atomic.Int32
	var mu sync.Mutex
	order := map[string][]string{}
	to := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		for now := underWay.Add(1); ; {
			if seen := most.Load(); now <= seen || most.CompareAndSwap(seen, now) {
				break
			}
		}
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		order[r.URL.Path] = append(order[r.URL.Path], string(body))
		mu.Unlock()
		underWay.Add(-1)
	})
	var last []string
	for range sessions {
		session := identifier.New(p.time())
		for revision := range int64(each) {
			id := p.tell(session, revision+1, to+"/"+session)
			if revision == each-1 {
				last = append(last, id)
			}
		}
	}
	for _, id := range last {
		p.until(id, "delivered", in(store.CallbackDelivered))
	}
	mu.Lock()
	defer mu.Unlock()
	for session, got := range order {
		if want := []string{`{"n":1}`, `{"n":2}`, `{"n":3}`}; !slices.Equal(got, want) {
			t.Errorf("%s: %v", session, got)
		}
	}
	if len(order) != sessions || most.Load() > workers {
		t.Errorf("%d sessions, %d at a time", len(order), most.Load())
	}
}

// TestAHangingMerchantDelaysNobody: however much it has to be told, and although
// it was due before, another merchant has workers.
func TestAHangingMerchantDelaysNobody(t *testing.T) {
	t.Parallel()
	const workers, perMerchant = 6, 4
	p := open(t, func(o *notify.Options) { o.Workers, o.PerMerchant = workers, perMerchant })
	if err := p.engine.EnsureMerchant(t.Context(), "hats", p.time()); err != nil {
		t.Fatal(err)
	}
	arrived, answer := make(chan struct{}, 99), make(chan struct{})
	hanging := receiver(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-answer
	})
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release)
	told := make(chan struct{}, 99)
	good := receiver(t, func(http.ResponseWriter, *http.Request) { told <- struct{}{} })
	var waits []string
	for range 3 * workers {
		waits = append(waits, p.tell(identifier.New(p.time()), 1, hanging))
	}
	wait := func(what string, came <-chan struct{}) {
		t.Helper()
		select {
		case <-came:
		case <-time.After(patience):
			t.Fatal(what)
		}
	}
	for range perMerchant {
		wait("the hanging merchant is not told", arrived)
	}
	for range 3 * workers {
		p.tellAs("hats", identifier.New(p.time()), 1, good)
		wait("the other merchant waits", told)
	}
	if n := len(arrived); n != 0 {
		t.Errorf("the merchant that hangs has %d deliveries, want %d", perMerchant+n, perMerchant)
	}
	release()
	for _, id := range waits {
		p.until(id, "delivered", in(store.CallbackDelivered))
	}
}

// TestCloseFinishesWhatIsUnderWay and begins nothing more.
func TestCloseFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	p := open(t, nil)
	arrived, answer := make(chan struct{}), make(chan struct{})
	to := receiver(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-answer })
	session := identifier.New(p.time())
	first, second := p.tell(session, 1, to), p.tell(session, 2, to)
	<-arrived
	closed := make(chan struct{})
	go func() { p.notifier.Close(); close(closed) }()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	default:
	}
	close(answer)
	<-closed
	p.until(first, "delivered", in(store.CallbackDelivered))
	if c := p.until(second, "waiting", in(store.CallbackWaiting)); c.Attempts != 0 {
		t.Errorf("it was tried: %+v", c)
	}
}

// forgetful is a store that loses the end of the first delivery.
type forgetful struct {
	*memstore.Engine
	lost atomic.Bool
}

func (f *forgetful) FinishCallback(ctx context.Context, id, lease string, end store.CallbackEnd) error {
	if f.lost.CompareAndSwap(false, true) {
		return errors.New("the disk is full")
	}
	return f.Engine.FinishCallback(ctx, id, lease, end)
}

// TestWhatWasNotWrittenIsSentAgain: when the lease has ended, and not before.
func TestWhatWasNotWrittenIsSentAgain(t *testing.T) {
	t.Parallel()
	var f *forgetful
	p := open(t, func(o *notify.Options) {
		f = &forgetful{Engine: o.Outbox.(*memstore.Engine)}
		o.Outbox = f
	})
	arrived := make(chan time.Time, 9)
	to := receiver(t, func(http.ResponseWriter, *http.Request) { arrived <- p.time() })
	id := p.tell(identifier.New(p.time()), 1, to)
	first := <-arrived
	for !f.lost.Load() {
		runtime.Gosched()
	}
	for p.time().Before(first.Add(time.Minute)) {
		p.move(time.Second)
	}
	p.until(id, "delivered", in(store.CallbackDelivered))
	if second := <-arrived; second.Sub(first) < 30*time.Second {
		t.Errorf("sent again %v after the first", second.Sub(first))
	}
}
