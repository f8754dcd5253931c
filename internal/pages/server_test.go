package pages_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
	"github.com/kvitto/kvitto/internal/widget"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

type object = map[string]any

// request is a call of the flow as the server got it.
type request struct {
	Call    string `json:"-"`
	Token   string `json:"-"`
	Session string `json:"-"`
	Data    object `json:"data"`
	Answers object `json:"answers"`
}

// server plays the payment server: the pages as they are served, and answers
// that the test decides.
type server struct {
	url string // the base_url of a client token
	// answer decides what the nth call gets, from 0; a status of 0 loses it.
	answer func(n int, r request) (status int, answer any)

	mu       sync.Mutex
	requests []request
}

func serve(t *testing.T, answer func(n int, r request) (int, any)) *server {
	t.Helper()
	s := &server{answer: answer}
	static, err := widget.Static()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, pattern := range widget.StaticPatterns {
		mux.Handle(pattern, static)
	}
	mux.HandleFunc("POST /kp/v1/sessions/{session}/{call}", s.call)
	started := httptest.NewServer(mux)
	t.Cleanup(started.Close)
	s.url = started.URL + "/kp"
	return s
}

func (s *server) call(w http.ResponseWriter, r *http.Request) {
	got := request{Call: path.Base(r.URL.Path), Token: r.Header.Get("Authorization"), Session: r.PathValue("session")}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, got)
	s.mu.Unlock()
	status, answer := s.answer(n, got)
	if status == 0 {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// got are the calls so far.
func (s *server) got() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

// openShop opens a shop's page, on an origin of its own.
func openShop(t *testing.T, view browsertest.View) *browsertest.Page {
	t.Helper()
	shop := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(shop.Close)
	page := browsertest.Open(t, shop.URL+"/shop.html")
	if view.Width > 0 {
		page.Emulate(view)
	}
	return page
}

// customer is somebody before the purchase flow.
type customer struct {
	*browsertest.Page
	flow   *browsertest.Document
	server *server
}

// openFlow opens the purchase flow in a shop's page and starts it with an ask.
func openFlow(t *testing.T, s *server, view browsertest.View, ask object) *customer {
	t.Helper()
	page := openShop(t, view)
	page.Do("(address) => embed(address, 'flow')", s.url+"/flow.html")
	c := &customer{page, page.Frame("/flow.html"), s}
	c.start(ask)
	return c
}

func (c *customer) start(ask object) {
	c.Do("(start) => { told.length = 0; say(start) }", object{
		"type": "start", "base": c.server.url, "client_token": "TOKEN", "session_id": "SESSION", "call": "authorize", "popup": false,
		"request": object{"data": object{"order_amount": 10000}}, "ask": ask,
	})
}

// id is the selector of a test id.
func id(name string) string { return `[data-testid="` + name + `"]` }

// sees waits until an element is shown.
func (c *customer) sees(name string) {
	c.flow.Wait("(s) => document.querySelector(s)?.checkVisibility()", id(name))
}

// hands back what the flow handed to the SDK in the end.
func (c *customer) result() object {
	return browsertest.Await[object](c.Page, "told.find((m) => m.type === 'result')?.result")
}

// text is what an element says.
func (c *customer) text(name string) string {
	return browsertest.Await[string](c.flow, "(s) => document.querySelector(s)?.textContent", id(name))
}

// with is an object with some values changed.
func with(o object, change object) object {
	changed := maps.Clone(o)
	maps.Copy(changed, change)
	return changed
}
