package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

// told is a shop's server that was called.
type told struct {
	url     string
	arrived chan string // bodies
}

func listen(t *testing.T) told {
	t.Helper()
	heard := told{arrived: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard.arrived <- string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	heard.url = server.URL + "/callbacks"
	return heard
}

func (h told) next(t *testing.T) (token, session string) {
	t.Helper()
	select {
	case body := <-h.arrived:
		var sent map[string]string
		if err := json.Unmarshal([]byte(body), &sent); err != nil || len(sent) != 2 {
			t.Fatalf("%s: %v", body, err)
		}
		return sent["authorization_token"], sent["session_id"]
	case <-time.After(30 * time.Second):
		t.Fatal("no callback came")
		return "", ""
	}
}

// telling is the cart with an address for callbacks.
func telling(url string) string {
	return strings.TrimSuffix(cart, "}") + fmt.Sprintf(`,"merchant_urls":{"authorization":%q}}`, url+"?key=1")
}

// callbacks is the answer of GET /kvitto/v1/callbacks.
type callbacks struct {
	Held      bool
	Callbacks []struct {
		ID       string `json:"callback_id"`
		State    string
		Attempts int
		URL      string
		Session  string `json:"session_id"`
		Twice    bool
		DueAt    time.Time `json:"due_at"`
		Answer   *struct {
			Status int
			Error  string
		}
	}
}

// shopper calls a server as one merchant.
type shopper struct {
	t   *testing.T
	url string
	*client.Client
}

func shopAt(t *testing.T, server *app.App) shopper {
	return shopper{t, server.URL, client.New(server.URL, "shoes", "secret")}
}

func (s shopper) list(query string) (list callbacks) {
	s.t.Helper()
	got := send(s.t, http.DefaultClient, "GET", s.url+"/kvitto/v1/callbacks"+query, "shoes", "secret", "", nil)
	if err := json.Unmarshal([]byte(got.body), &list); err != nil || got.status != 200 {
		s.t.Fatalf("%d %s: %v", got.status, got.body, err)
	}
	return list
}

// until lists until the list is as it must be.
func (s shopper) until(query string, is func(callbacks) bool) callbacks {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		list := s.list(query)
		if is(list) {
			return list
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %+v", query, list)
		}
	}
}

func (s shopper) post(path, body string, status int) {
	s.t.Helper()
	if got := send(s.t, http.DefaultClient, "POST", s.url+"/kvitto/v1/callbacks"+path, "shoes", "secret", body, nil); got.status != status {
		s.t.Errorf("POST %s: %d %s, want %d", path, got.status, got.body, status)
	}
}

// approve opens a session with the address and authorizes it.
func (s shopper) approve(url string) (session, token string) {
	s.t.Helper()
	created, err := s.CreateSession(s.t.Context(), telling(url))
	if err != nil {
		s.t.Fatal(err)
	}
	return created.SessionID, s.again(created.SessionID)
}

func (s shopper) again(session string) (token string) {
	s.t.Helper()
	result, err := s.Authorize(s.t.Context(), session, `{}`)
	if err != nil || !result.Approved {
		s.t.Fatal(result, err)
	}
	return result.AuthorizationToken
}

// TestTheShopIsTold: every token of a session, in order, and each delivery is an
// exchange of the session without the query of the address.
func TestTheShopIsTold(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	s := shopAt(t, serve(t, app.Config{}))
	session, first := s.approve(heard.url)
	second := s.again(session)
	for _, want := range []string{first, second} {
		if token, about := heard.next(t); token != want || about != session {
			t.Errorf("told %s of %s, want %s of %s", token, about, want, session)
		}
	}
	s.until("?session_id="+session+"&state=delivered", func(l callbacks) bool { return len(l.Callbacks) == 2 })
	exchanges, err := s.Exchanges(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	delivered := 0
	for _, e := range exchanges {
		if e.Operation == "authorization_callback" && e.Status == 204 && e.Path == strings.TrimPrefix(heard.url, "http://") {
			delivered++
		}
	}
	if delivered != 2 {
		t.Errorf("%d deliveries are among the exchanges: %+v", delivered, exchanges)
	}
}

// TestCallbacksAreSteered: what a developer does to see how a shop copes.
func TestCallbacksAreSteered(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	s.post("/hold", `{"hold":true}`, 204)
	session, first := s.approve(heard.url)
	second := s.again(session)
	third := s.again(session)
	list := s.list("?session_id=" + session)
	if len(list.Callbacks) != 3 || !list.Held || list.Callbacks[0].State != "waiting" || list.Callbacks[0].URL != heard.url+"?key=1" {
		t.Fatalf("%+v", list)
	}
	id := map[string]string{third: list.Callbacks[0].ID, second: list.Callbacks[1].ID, first: list.Callbacks[2].ID}
	s.post("/"+id[second]+"/release", "", 204)
	if token, _ := heard.next(t); token != second {
		t.Errorf("released %s, got %s", second, token)
	}
	s.post("/"+id[third]+"/drop", "", 204)
	s.post("/"+id[third]+"/drop", "", 403)
	s.post("/"+id[first]+"/replay", "", 403)
	s.until("?state=delivered", func(l callbacks) bool { return len(l.Callbacks) == 1 })
	s.post("/hold", `{"hold":false}`, 204)
	if token, _ := heard.next(t); token != first {
		t.Errorf("released %s, got %s", first, token)
	}
	s.until("?state=delivered", func(l callbacks) bool { return len(l.Callbacks) == 2 })
	s.post("/"+id[first]+"/release", "", 403)
	s.post("/"+id[first]+"/replay", "", 204)
	if token, _ := heard.next(t); token != first {
		t.Errorf("replayed %s, got %s", first, token)
	}
	for body, status := range map[string]int{`{}`: 400, `{"hold":"yes"}`: 400, `[]`: 400, ``: 400} {
		s.post("/hold", body, status)
	}
	s.post("/"+session+"/release", "", 404)
	other := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/callbacks/"+id[first]+"/replay", "another", "secret", "", nil)
	if other.status != 404 {
		t.Errorf("another merchant replays: %d %s", other.status, other.body)
	}
	if got := send(t, http.DefaultClient, "GET", server.URL+"/kvitto/v1/callbacks?state=lost", "shoes", "secret", "", nil); got.status != 400 {
		t.Errorf("an unknown state: %d %s", got.status, got.body)
	}
}

// TestACallbackComesTwiceAndLate: delayed on the merchant's clock, and sent once
// more when it was taken, before the next one of the session.
func TestACallbackComesTwiceAndLate(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	s.post("/hold", `{"hold":true}`, 204)
	session, first := s.approve(heard.url)
	second := s.again(session)
	list := s.list("?session_id=" + session)
	of := map[string]string{second: list.Callbacks[0].ID, first: list.Callbacks[1].ID}
	s.post("/"+of[first]+"/duplicate", "", 204)
	s.post("/"+of[first]+"/duplicate", "", 204) // twice, not thrice
	s.post("/"+of[first]+"/delay", `{"seconds":172800}`, 204)
	for body, status := range map[string]int{`{}`: 400, `{"seconds":0}`: 400, `{"seconds":172801}`: 400, `{"seconds":"1"}`: 400, `[]`: 400} {
		s.post("/"+of[first]+"/delay", body, status)
	}
	if got := s.list("?session_id=" + session).Callbacks; !got[1].Twice || got[0].Twice || got[1].DueAt.Sub(got[0].DueAt) < 47*time.Hour {
		t.Errorf("%+v", got)
	}
	s.post("/hold", `{"hold":false}`, 204)
	if _, err := s.Advance(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{first, first, second} {
		if token, _ := heard.next(t); token != want {
			t.Errorf("told %s, want %s", token, want)
		}
	}
	s.until("?state=delivered", func(l callbacks) bool {
		return len(l.Callbacks) == 2 && l.Callbacks[1].Attempts == 1 && !l.Callbacks[1].Twice
	})
	for _, step := range []string{"/duplicate", "/delay"} {
		s.post("/"+of[first]+step, `{"seconds":1}`, 403)
		s.post("/"+session+step, `{"seconds":1}`, 404)
		if got := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/callbacks/"+of[first]+step, "another", "secret", `{"seconds":1}`, nil); got.status != 404 {
			t.Errorf("another merchant: %d %s", got.status, got.body)
		}
	}
	exchanges, err := s.Exchanges(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	deliveries := 0
	for _, e := range exchanges {
		if e.Operation == "authorization_callback" {
			deliveries++
		}
	}
	if deliveries != 3 {
		t.Errorf("%d deliveries are among the exchanges", deliveries)
	}
}

// TestTheSecretIsTheMerchantsOwn and stays out of the request log.
func TestTheSecretIsTheMerchantsOwn(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	secret := func(user string) reply {
		return send(t, http.DefaultClient, "GET", server.URL+"/kvitto/v1/callbacks/secret", user, "secret", "", nil)
	}
	one, again, other := secret("shoes"), secret("shoes"), secret("hats")
	if one.status != 200 || !strings.Contains(one.body, `"whsec_`) || one.body != again.body || one.body == other.body {
		t.Errorf("%s, %s, %s", one.body, again.body, other.body)
	}
	explained, err := shopAt(t, server).Explain(t.Context(), one.header.Get("Klarna-Correlation-Id"))
	if err != nil || strings.Contains(string(explained.Raw), "whsec_") || !strings.Contains(string(explained.Raw), "webhook_secret") {
		t.Errorf("%s, %v", explained.Raw, err)
	}
}

// TestAServerForShopsCallsPublicAddressesOnly unless its operator allows others.
// What a merchant sees of it says why; nothing can be steered.
func TestAServerForShopsCallsPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	for name, allowed := range map[string][]netip.Prefix{"closed": nil, "allowed": {netip.MustParsePrefix("127.0.0.0/8")}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard := listen(t)
			dir := t.TempDir()
			server := run(t, func(c *app.Config) { c.DataDir, c.CallbackNetworks = dir, allowed })
			user, password := key(t, "sqlite:"+dir+"/kvitto.db")
			calls := client.New(server.URL, user, password)
			created, err := calls.CreateSession(t.Context(), telling(heard.url))
			if err != nil {
				t.Fatal(err)
			}
			page := authorizeAsPage(t, server.URL, created.SessionID, created.ClientToken)
			if allowed != nil {
				if token, _ := heard.next(t); token != page {
					t.Errorf("told %s, want %s", token, page)
				}
			}
			list := shopper{t: t, url: server.URL}.as(user, password, func(l callbacks) bool { return len(l.Callbacks) == 1 && l.Callbacks[0].Answer != nil })
			if got := list.Callbacks[0].Answer; allowed == nil && !strings.Contains(got.Error, "no public address") || allowed != nil && got.Status != 204 {
				t.Errorf("%+v", list)
			}
			if got := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/callbacks/hold", user, password, `{"hold":true}`, nil); got.status != 404 {
				t.Errorf("a server for shops holds callbacks: %d %s", got.status, got.body)
			}
		})
	}
}

// as is until for credentials of a server for shops.
func (s shopper) as(user, password string, is func(callbacks) bool) (list callbacks) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		got := send(s.t, http.DefaultClient, "GET", s.url+"/kvitto/v1/callbacks", user, password, "", nil)
		if err := json.Unmarshal([]byte(got.body), &list); err != nil || got.status != 200 {
			s.t.Fatalf("%d %s: %v", got.status, got.body, err)
		}
		if is(list) || time.Now().After(deadline) {
			return list
		}
	}
}

// authorizeAsPage says what a customer says in the purchase flow.
func authorizeAsPage(t *testing.T, url, session, clientToken string) (token string) {
	t.Helper()
	answer := fromPage(t, url+"/kp/v1/sessions/"+session+"/authorize", clientToken, `{"payment_method_category":"pay_later","answers":{
		"details":{"billing_address":{"given_name":"A","family_name":"B","email":"a@example.com","phone":"0701234567",
			"street_address":"Gatan 1","postal_code":"111 48","city":"Stockholm"},"customer":{"national_identification_number":"194103219202"}},
		"consent":{"payment_method_category":"pay_later","order_amount":100,"purchase_currency":"SEK","number_of_days":30,"number_of_installments":1}}}`)
	var got struct {
		Result struct {
			Token string `json:"authorization_token"`
		}
	}
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || got.Result.Token == "" {
		t.Fatalf("%d %s: %v", answer.status, answer.body, err)
	}
	return got.Result.Token
}
