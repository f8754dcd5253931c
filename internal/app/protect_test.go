package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

const scarf = `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":1000,` +
	`"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]}`

// serve runs a server until the test ends.
func serve(t testing.TB, config app.Config) *app.App {
	t.Helper()
	config.DataDir, config.Listen = t.TempDir(), "127.0.0.1:0"
	server, err := open(t, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, server.Close()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// post sends a body and returns the answer, its body read.
func post(t testing.TB, client *http.Client, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return &http.Response{}, ""
	}
	request.SetBasicAuth("merchant", "secret")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return &http.Response{}, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response, string(text)
}

// metric is the value of a series, by the start of its line.
func metric(t testing.TB, server *app.App, series string) float64 {
	t.Helper()
	response, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindSubmatch(body)
	if found == nil {
		t.Fatalf("/metrics has no %s", series)
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// held is a store whose commits wait until the test lets them.
type held struct {
	service.Committer
	arrived chan struct{}
	release chan struct{}
}

func (h held) Commit(ctx context.Context, change store.Change) error {
	h.arrived <- struct{}{}
	<-h.release
	return h.Committer.Commit(ctx, change)
}

// TestOverloadDoesNotGrowMemory: with the store held, the requests that may
// work and wait do so, thousands of others are refused, and neither goroutines
// nor the heap grow with them; operators still get their answers, and what was
// accepted is done in the end. It is not parallel: it counts what the whole
// process has.
func TestOverloadDoesNotGrowMemory(t *testing.T) {
	const working, waiting, senders, each = 8, 8, 16, 250
	h := held{arrived: make(chan struct{}, working+waiting), release: make(chan struct{})}
	config := app.Config{Overload: overload.Options{InFlight: working, Waiting: waiting, Patience: time.Hour}}
	config.HoldCommits(func(inner service.Committer) service.Committer { h.Committer = inner; return h })
	server := serve(t, config)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	sessions := server.URL + "/payments/v1/sessions"

	var accepted sync.WaitGroup
	for range working + waiting {
		accepted.Go(func() {
			if response, body := post(t, client, sessions, scarf); response.StatusCode != 200 {
				t.Errorf("an accepted request: %d %s", response.StatusCode, body)
			}
		})
	}
	for range working {
		<-h.arrived
	}
	for metric(t, server, "kvitto_requests_waiting") < waiting {
		runtime.Gosched()
	}

	flood := func() {
		var sending sync.WaitGroup
		for range senders {
			sending.Go(func() { refusedTimes(t, each, client, sessions) })
		}
		sending.Wait()
	}
	flood() // opens the connections
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	flood()
	if now := runtime.NumGoroutine(); now > goroutines+2*senders {
		t.Errorf("%d goroutines after %d more refusals, %d before", now, senders*each, goroutines)
	}
	if now := heapInUse(); now > heap+1<<20 {
		t.Errorf("%d bytes of heap after %d more refusals, %d before", now, senders*each, heap)
	}

	if status, _ := get(t, server.URL+"/healthz"); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
	for series, want := range map[string]float64{
		`kvitto_overload_refused_total{reason="queue_full"}`:      2 * senders * each,
		`kvitto_exchanges_total{operation="none",status="503"}`:   2 * senders * each,
		"kvitto_requests_in_flight":                               working,
		"kvitto_requests_waiting":                                 waiting,
		"kvitto_requestlog_written_total":                         0,
		"kvitto_requestlog_queue_length":                          0,
		`kvitto_store_changes_total{result="committed"}`:          0,
		`kvitto_overload_refused_total{reason="waited_too_long"}`: 0,
	} {
		if got := metric(t, server, series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	close(h.release)
	accepted.Wait()
	if got := metric(t, server, `kvitto_store_changes_total{result="committed"}`); got != working+waiting {
		t.Errorf("%v changes were committed, want %d", got, working+waiting)
	}
}

// refusedTimes sends requests that a full server has to refuse.
func refusedTimes(t *testing.T, n int, client *http.Client, url string) {
	for range n {
		response, body := post(t, client, url, scarf)
		if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || !strings.Contains(body, "TEMPORARILY_UNAVAILABLE") {
			t.Errorf("%d %v %s", response.StatusCode, response.Header, body)
			return
		}
	}
}

// heapInUse is what the heap holds after a collection, in bytes.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

// overloaded is a store whose queue is full.
type overloaded struct{ service.Committer }

func (overloaded) Commit(context.Context, store.Change) error { return store.ErrOverloaded }

// TestAFullStoreQueueIsA503WithRetryAfter, like a refusal of the guard, and
// nobody waits for its record.
func TestAFullStoreQueueIsA503WithRetryAfter(t *testing.T) {
	t.Parallel()
	config := app.Config{}
	config.HoldCommits(func(inner service.Committer) service.Committer { return overloaded{inner} })
	server := serve(t, config)
	response, body := post(t, http.DefaultClient, server.URL+"/payments/v1/sessions", scarf)
	if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || !strings.Contains(body, "TEMPORARILY_UNAVAILABLE") {
		t.Errorf("%d %v %s", response.StatusCode, response.Header, body)
	}
	if !strings.Contains(body, response.Header.Get("Klarna-Correlation-Id")) {
		t.Errorf("the body has another correlation id: %s", body)
	}
	for _, series := range []string{`kvitto_overload_refused_total{reason="inside"}`, `kvitto_store_changes_total{result="overloaded"}`} {
		if got := metric(t, server, series); got != 1 {
			t.Errorf("%s is %v, want 1", series, got)
		}
	}
}

// TestRateLimitsAreOffUnlessAskedFor, and count when asked for.
func TestRateLimitsAreOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	free, limited := serve(t, app.Config{}), serve(t, app.Config{
		RateLimits: ratelimit.Playground, SystemTime: func() time.Time { return time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC) }})
	for i := range 7 {
		if response, _ := post(t, http.DefaultClient, free.URL+"/payments/v1/sessions", scarf); response.StatusCode != 200 ||
			response.Header.Get("X-RateLimit-Limit") != "" {
			t.Errorf("unlimited: %d %v", response.StatusCode, response.Header)
		}
		want := 200
		if i >= 5 {
			want = 429
		}
		response, body := post(t, http.DefaultClient, limited.URL+"/payments/v1/sessions", scarf)
		if response.StatusCode != want || response.Header.Get("X-RateLimit-Remaining") != fmt.Sprint(max(0, 4-i)) {
			t.Errorf("call %d: %d %v %s", i+1, response.StatusCode, response.Header, body)
		}
	}
	if got := metric(t, limited, `kvitto_rate_limited_total{class="create_session"}`); got != 2 {
		t.Errorf("%v were counted, want 2", got)
	}
}

// BenchmarkServedAndRefused compares a durable creation with refusals, over
// connections that stay open.
func BenchmarkServedAndRefused(b *testing.B) {
	for _, c := range []struct {
		name   string
		config app.Config
		full   bool
		status int
	}{
		{"created", app.Config{}, false, 200},
		{"429", app.Config{RateLimits: ratelimit.Options{CreateSession: 1}, SystemTime: func() time.Time { return time.Unix(0, 0) }}, false, 429},
		{"503", app.Config{Overload: overload.Options{InFlight: 1, Waiting: 1, Patience: 1}}, true, 503},
	} {
		b.Run(c.name, func(b *testing.B) {
			if c.full {
				h := held{arrived: make(chan struct{}, 1), release: make(chan struct{})}
				c.config.HoldCommits(func(inner service.Committer) service.Committer { h.Committer = inner; return h })
				defer close(h.release)
			}
			server := serve(b, c.config)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
			sessions := server.URL + "/payments/v1/sessions"
			if c.full {
				go post(b, client, sessions, scarf)
				for metric(b, server, "kvitto_requests_in_flight") == 0 {
					runtime.Gosched()
				}
			} else {
				post(b, client, sessions, scarf)
			}
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if response, _ := post(b, client, sessions, scarf); response.StatusCode != c.status {
						b.Errorf("status %d, want %d", response.StatusCode, c.status)
					}
				}
			})
		})
	}
}
