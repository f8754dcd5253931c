package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// front stands between the browsers and the server. It remembers every address
// that was asked for, and cuts connections where a test says so.
type front struct {
	url    string
	server *httptest.Server
	proxy  *httputil.ReverseProxy

	mu     sync.Mutex
	asked  []string // method and address
	faults []*fault
}

// fault is what happens to a request instead of its answer.
type fault struct {
	path  string // part of the address
	after bool   // the server answers, and the answer is lost
	hold  chan struct{}
	times int // how often; -1 is always
	met   int
}

func newFront() *front {
	f := &front{}
	f.server = httptest.NewServer(f)
	f.url = f.server.URL
	return f
}

// lead says where the server is.
func (f *front) lead(target string) error {
	address, err := url.Parse(target)
	if err != nil {
		return err
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(address)
			r.Out.Host = r.In.Host
		},
		// A browser that hangs up is nothing to tell.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return nil
}

func (f *front) close() { f.server.Close() }

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	met := f.meet(r)
	switch {
	case met == nil:
		f.proxy.ServeHTTP(w, r)
	case met.hold != nil:
		select {
		case <-met.hold:
		case <-r.Context().Done():
		}
		f.proxy.ServeHTTP(w, r)
	case met.after:
		f.proxy.ServeHTTP(httptest.NewRecorder(), r) // the server has done it
		panic(http.ErrAbortHandler)                  // and nobody hears of it
	default:
		panic(http.ErrAbortHandler)
	}
}

// meet remembers the request and returns the fault that it meets.
func (f *front) meet(r *http.Request) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.String())
	if r.Method == http.MethodOptions {
		return nil // the network fails under the call itself
	}
	for _, candidate := range f.faults {
		if candidate.times != 0 && strings.Contains(r.URL.Path, candidate.path) {
			candidate.times--
			candidate.met++
			return candidate
		}
	}
	return nil
}

// fail cuts the next times requests whose path contains path: before they
// reach the server, or after it has answered.
func (f *front) fail(t *testing.T, path string, after bool, times int) *fault {
	t.Helper()
	return f.add(t, &fault{path: path, after: after, times: times})
}

// hold keeps the next request whose path contains path until release is called.
func (f *front) hold(t *testing.T, path string) (held *fault, release func()) {
	t.Helper()
	held = f.add(t, &fault{path: path, times: 1, hold: make(chan struct{})})
	release = sync.OnceFunc(func() { close(held.hold) })
	t.Cleanup(release)
	return held, release
}

func (f *front) add(t *testing.T, added *fault) *fault {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, added)
	t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		added.times = 0
	})
	return added
}

// mend ends a fault.
func (f *front) mend(ended *fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ended.times = 0
}

// awaits waits until a fault was met.
func (f *front) awaits(t *testing.T, met *fault) {
	t.Helper()
	const patience = time.Minute
	deadline := time.After(patience)
	for f.count(met) == 0 {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			t.Fatal("no request came for the fault " + met.path)
		}
	}
}

// count is how often the fault was met.
func (f *front) count(met *fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return met.met
}

// requests are the addresses asked for that contain part.
func (f *front) requests(part string) (found []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, address := range f.asked {
		if strings.Contains(address, part) {
			found = append(found, address)
		}
	}
	return found
}
