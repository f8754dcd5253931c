package widget_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/browsertest"
	"github.com/kvitto/kvitto/internal/widget"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// request is what the SDK posted.
type request struct {
	path string // below /kp/v1/
	auth string
	body map[string]any
}

// fake is a server whose answers are the test's, with the real files.
type fake struct {
	*httptest.Server
	shop string // address of a page of another origin

	mu       sync.Mutex
	requests []request
	answers  map[string][]answer // by the last part of the path; the last one stays
	changed  chan struct{}
	gone     bool // the pages of the frames are not there
}

type answer struct {
	status int
	body   any
	hold   chan struct{} // not answered before it is closed
	drop   bool          // the connection ends without an answer
}

type object = map[string]any

const sessionID = "0b1d9815-165e-42e2-8867-35bc03789e00"

var view = object{
	"language": "en", "locale": "en-SE", "playground": true, "merchant_name": "Shoes", "available": true,
	"order_amount": 10000, "purchase_currency": "SEK", "intent": "buy", "options": object{},
	"methods": []object{{"payment_method_category": "pay_later", "name": "Buy now, pay later", "number_of_days": 30, "number_of_installments": 1}},
}

var (
	loaded   = object{"revision": 3, "notes": []string{}, "result": object{"show_form": true}, "widget": view}
	approved = object{"revision": 4, "notes": []string{}, "result": object{
		"show_form": true, "approved": true, "finalize_required": false, "authorization_token": "b4bd3423-24e3",
	}}
	asking = object{"revision": 4, "notes": []string{}, "ask": object{
		"step": "identify", "call": "authorize", "language": "en", "locale": "en-SE", "playground": true, "merchant_name": "Shoes",
		"order_amount": 10000, "purchase_currency": "SEK", "intent": "buy", "options": object{}, "login": "",
		"order_lines": []object{{"name": "Running shoe", "quantity": 1, "total_amount": 10000}},
	}}
)

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{changed: make(chan struct{}), answers: map[string][]answer{
		"load": {{body: loaded}}, "review": {{body: loaded}}, "events": {{status: http.StatusNoContent}},
		"authorize": {{body: approved}}, "reauthorize": {{body: approved}}, "finalize": {{body: approved}},
	}}
	static, err := widget.Static()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/kp/v1/", f.call)
	for _, pattern := range widget.StaticPatterns {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			gone := f.gone && strings.HasSuffix(r.URL.Path, ".html")
			f.mu.Unlock()
			if gone {
				http.NotFound(w, r)
				return
			}
			static.ServeHTTP(w, r)
		})
	}
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	shop := httptest.NewServer(http.HandlerFunc(f.page))
	t.Cleanup(shop.Close)
	f.shop = shop.URL
	return f
}

func (f *fake) call(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Expose-Headers", "Klarna-Correlation-Id")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	text, _ := io.ReadAll(r.Body)
	var got object
	_ = json.Unmarshal(text, &got)
	path := strings.TrimPrefix(r.URL.Path, "/kp/v1/")
	name := path[strings.LastIndex(path, "/")+1:]
	f.mu.Lock()
	f.requests = append(f.requests, request{path, r.Header.Get("Authorization"), got})
	close(f.changed)
	f.changed = make(chan struct{})
	var a answer
	if queue := f.answers[name]; len(queue) > 0 {
		if a = queue[0]; len(queue) > 1 {
			f.answers[name] = queue[1:]
		}
	}
	f.mu.Unlock()
	if a.hold != nil {
		<-a.hold
	}
	if a.drop {
		panic(http.ErrAbortHandler) // the connection is cut
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Klarna-Correlation-Id", "c0ffee")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	if a.body != nil {
		_ = json.NewEncoder(w).Encode(a.body)
	}
}

// answer sets what a call gets from now on, one after another.
func (f *fake) answer(call string, answers ...answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[call] = answers
}

// losePages takes the pages of the frames away, or gives them back.
func (f *fake) losePages(gone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = gone
}

// calls are the requests whose path ends with name.
func (f *fake) calls(name string) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []request
	for _, r := range f.requests {
		if strings.HasSuffix(r.path, name) {
			found = append(found, r)
		}
	}
	return found
}

// await waits until n requests whose path ends with name have come, and that
// are right if a condition is given.
func (f *fake) await(t *testing.T, name string, n int, right ...func(request) bool) []request {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		var found []request
		for _, r := range f.calls(name) {
			if len(right) == 0 || right[0](r) {
				found = append(found, r)
			}
		}
		if len(found) >= n {
			return found
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("only %d of %d requests %s came; all: %+v", len(found), n, name, f.calls(""))
		}
	}
}

// named are the events of a name.
func named(event string) func(request) bool {
	return func(r request) bool { return r.body["event"] == event }
}

// shopScript is what the tests' pages have beside the SDK.
const shopScript = `
window.log = [];
window.ended = (name) => (result) => { log.push([name, result]) };
// pay runs a call of Klarna.Payments and gives its result.
window.pay = (call, ...args) => new Promise((done) => Klarna.Payments[call](...args, done));
// misuse gives what a call did: the results of its callback, then the error's name.
window.misuse = (run) => {
  const seen = [];
  try { run((result) => seen.push(result)) } catch (error) { seen.push(error.name) }
  return seen;
};`

// page is a shop. Its query says what it differs in: html, before (a script
// before the SDK's), policy (a content security policy) and embedder (a
// Cross-Origin-Embedder-Policy).
func (f *fake) page(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if policy := query.Get("policy"); policy != "" {
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(policy, "SERVER", f.URL))
	}
	if r.URL.Path == "/shop.js" {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, shopScript)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if embedder := query.Get("embedder"); embedder != "" {
		w.Header().Set("Cross-Origin-Embedder-Policy", embedder)
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	html := query.Get("html")
	if html == "" {
		html = `<div id="box"></div>`
	}
	before := query.Get("before")
	if before != "" {
		before = "<script>" + before + "</script>"
	}
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>Shop</title><body><script src="/shop.js"></script>`+before+
		`<script src="`+f.URL+`/kp/lib/v1/api.js?123"></script>`+html+`</body></html>`)
}

// token is a client token of this server; claims replace or, when nil, remove.
func (f *fake) token(t *testing.T, claims object) string {
	t.Helper()
	all := object{
		"session_id": sessionID, "base_url": f.URL + "/kp", "language": "en", "purchase_country": "SE", "environment": "playground",
		"merchant_name": "Shoes", "session_type": "PAYMENTS", "scheme": true,
	}
	for name, value := range claims {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256"}`)) + "." + encode(text) + "." + encode([]byte("unsigned"))
}

// open opens the shop with the SDK initialized.
func (f *fake) open(t *testing.T, query string) *browsertest.Page {
	t.Helper()
	page := browsertest.Open(t, f.shop+"/?"+query)
	page.Do(`(token) => { window.token = token; Klarna.Payments.init({client_token: token}) }`, f.token(t, nil))
	return page
}
