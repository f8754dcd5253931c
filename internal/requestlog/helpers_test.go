package requestlog

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// never is a Gather that only a refusal, a read, a full batch or Close ends.
const never = 24 * time.Hour

// homes make a new place of each kind where a log can be opened, closed and
// opened again, and give its address.
var homes = map[string]func(t testing.TB) string{
	"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "requests.db") },
	"postgres": func(t testing.TB) string { return pgtest.URL(t) },
}

func openAt(address string, options Options) (*Log, error) {
	if strings.HasPrefix(address, "postgres://") {
		return OpenPostgres(context.Background(), address, options)
	}
	return OpenSQLite(context.Background(), address, options)
}

// place opens a log, always in the same place.
type place func(t testing.TB, options Options) *Log

func placeAt(address string) place {
	return func(t testing.TB, options Options) *Log {
		l, err := openAt(address, options)
		return closing(t, l, err)
	}
}

// onEachHome runs a test at a new place of each kind: what a log promises, it
// promises everywhere.
func onEachHome(t *testing.T, test func(t *testing.T, open place)) {
	t.Helper()
	t.Parallel()
	for name, newHome := range homes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, placeAt(newHome(t)))
		})
	}
}

// closing closes the log when the test ends.
func closing(t testing.TB, l *Log, err error) *Log {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func record(t *testing.T, l *Log, exchanges ...Exchange) {
	t.Helper()
	for _, e := range exchanges {
		if err := l.Record(context.Background(), e); err != nil {
			t.Fatalf("record %s: %v", e.CorrelationID, err)
		}
	}
}

func find(t *testing.T, l *Log, merchantID, correlationID string) Exchange {
	t.Helper()
	e, err := l.Find(context.Background(), merchantID, correlationID)
	if err != nil {
		t.Fatalf("find %s: %v", correlationID, err)
	}
	return e
}

// gate holds the writer before each of its transactions.
type gate struct{ reached, open chan struct{} }

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) options(o Options) Options {
	o.beforeWrite = func() {
		select {
		case g.reached <- struct{}{}:
			<-g.open
		case <-g.open: // left open
		}
	}
	return o
}

// leaveOpen lets the writer pass from now on.
func (g *gate) leaveOpen() { close(g.open) }

// until waits for what other goroutines are about to do.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		runtime.Gosched()
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func success(id string) Exchange {
	return Exchange{CorrelationID: id, MerchantID: "m1", Status: 204, At: time.Unix(1, 0).UTC()}
}

func refusal(id string) Exchange {
	return Exchange{CorrelationID: id, MerchantID: "m1", Status: 400, At: time.Unix(1, 0).UTC(), ErrorCode: "BAD_VALUE"}
}

// plainly masks secrets and keeps personal data.
func plainly() *redaction {
	r := newRedaction(&Options{})
	return &r
}
