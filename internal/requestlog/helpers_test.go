package requestlog

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// never is a Gather that only a refusal, a read, a full batch or Close ends.
const never = 24 * time.Hour

func open(t *testing.T, path string, options Options) *Log {
	t.Helper()
	l, err := Open(context.Background(), path, options)
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

func openNew(t *testing.T, options Options) *Log {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "requests.db"), options)
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

// newFile makes the file, or opens it and closes it again.
func newFile(tb testing.TB, path string) {
	tb.Helper()
	f, err := openWriter(context.Background(), path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.close(); err != nil {
		tb.Fatal(err)
	}
}

// alter runs SQL on the file from outside.
func alter(tb testing.TB, path, sql string) {
	tb.Helper()
	c, err := connect(context.Background(), path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(c.exec(sql), c.close()); err != nil {
		tb.Fatal(err)
	}
}
