package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/store"
)

// post sends a form as the page at origin would.
func (s *site) post(path, origin string, form url.Values) (status int, location string) {
	s.t.Helper()
	w := s.ask(http.MethodPost, path, func(r *http.Request) {
		body := strings.NewReader(form.Encode())
		r2, err := http.NewRequest(http.MethodPost, r.URL.String(), body)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Body, r.ContentLength = r2.Body, r2.ContentLength
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
	})
	return w.Code, w.Header().Get("Location")
}

const ownOrigin = "http://127.0.0.1:7420"

// withCallback is a merchant with one callback that waits.
func withCallback(t *testing.T) (s *site, callbackID string) {
	t.Helper()
	s = open(t)
	if err := s.store.EnsureMerchant(t.Context(), "shoes", noon); err != nil {
		t.Fatal(err)
	}
	session, event, refusal := checkout.Create(sessionID, "shoes", shoe(1), nil, noon)
	if refusal != nil {
		t.Fatal(refusal)
	}
	callbackID = idAt(7)
	err := s.store.Commit(t.Context(), []store.Change{{Session: session, Event: event,
		Callback: &store.Callback{ID: callbackID, Kind: checkout.CallbackAuthorization, URL: "http://127.0.0.1:8080/x", Body: []byte(`{"session_id":"<b>"}`)}}})[0]
	if err != nil {
		t.Fatal(err)
	}
	return s, callbackID
}

func (s *site) stateOf(callbackID string) store.CallbackState {
	s.t.Helper()
	all, err := s.store.Callbacks(s.t.Context(), store.CallbackFilter{MerchantID: "shoes", Limit: 10})
	if err != nil || len(all) != 1 || all[0].ID != callbackID {
		s.t.Fatal(all, err)
	}
	return all[0].State
}

func TestCallbacksAreSeenAndSteered(t *testing.T) {
	t.Parallel()
	s, id := withCallback(t)
	page := s.page("/portal/callbacks")
	has(t, page, `<span class="status waiting">waiting</span>`, "http://127.0.0.1:8080/x", "not tried yet", `action="/portal/callbacks/`+id+`/drop"`)
	lacks(t, page, `"<b>"`, "/replay")
	has(t, s.page("/portal/callbacks?state=waiting&merchant=shoes"), `data-testid="callback"`)
	has(t, s.page("/portal/callbacks?state=delivered"), "No callback like that")
	has(t, s.page("/portal/sessions/"+sessionID), "0 attempts, not tried yet")
	has(t, s.page("/portal/"), `<a class="big" href="/portal/callbacks?state=waiting">1</a>`)

	shoes := url.Values{"merchant": {"shoes"}, "hold": {"true"}}
	if status, location := s.post("/portal/callbacks/hold", ownOrigin, shoes); status != http.StatusSeeOther || location != "/portal/callbacks?done=held" {
		t.Errorf("hold: %d %s", status, location)
	}
	has(t, s.page("/portal/callbacks?done=held"), "The callbacks of <b>shoes</b> are held.", "are held from now on")
	if status, _ := s.post("/portal/callbacks/"+id+"/drop", ownOrigin, shoes); status != http.StatusSeeOther || s.stateOf(id) != store.CallbackDropped {
		t.Errorf("drop: %d, %s", status, s.stateOf(id))
	}
	if _, location := s.post("/portal/callbacks/"+id+"/drop", ownOrigin, shoes); location != "/portal/callbacks?done=late" {
		t.Errorf("drop again leads to %s", location)
	}
	if status, _ := s.post("/portal/callbacks/"+id+"/replay", ownOrigin, url.Values{"merchant": {"socks"}}); status != http.StatusNotFound { // a merchant that there is not
		t.Errorf("a replay for nobody: %d", status)
	}
	if status, _ := s.post("/portal/callbacks/"+id+"/explode", ownOrigin, shoes); status != http.StatusNotFound {
		t.Errorf("a step that there is not: %d", status)
	}
	if err := s.store.EnsureMerchant(t.Context(), "socks", noon); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.post("/portal/callbacks/"+id+"/replay", ownOrigin, url.Values{"merchant": {"socks"}}); status != http.StatusNotFound || s.stateOf(id) != store.CallbackDropped {
		t.Errorf("the replay of another merchant's callback: %d, %s", status, s.stateOf(id))
	}
	for _, path := range []string{"callbacks/hold", "playground/clock", "playground/next", "playground/next/clear", "playground/faults", "playground/faults/clear"} {
		if status, _ := s.post("/portal/"+path, ownOrigin, url.Values{"merchant": {"nobody"}, "advance": {"1h"}, "outcome": {"deny"}}); status != http.StatusNotFound {
			t.Errorf("%s for nobody: %d", path, status)
		}
	}
	lacks(t, s.page("/portal/callbacks?done=%3Cb%3Eyou+won"), "you won")
}

// TestOnlyTheOwnPagesChangeAnything: by method and by origin.
func TestOnlyTheOwnPagesChangeAnything(t *testing.T) {
	t.Parallel()
	s, id := withCallback(t)
	shoes := url.Values{"merchant": {"shoes"}, "advance": {"1h"}, "outcome": {"deny"}, "hold": {"true"}, "preset": {"drop"}}
	for _, path := range []string{"/portal/callbacks/" + id + "/drop", "/portal/callbacks/hold", "/portal/playground/clock", "/portal/playground/next", "/portal/playground/faults"} {
		if status, _ := s.post(path, "https://evil.example", shoes); status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, status)
		}
		if w := s.ask(http.MethodGet, path+"?"+shoes.Encode()); w.Code == http.StatusSeeOther {
			t.Errorf("GET %s changes something", path)
		}
	}
	advanced, err := s.clocks.Advanced(t.Context(), "shoes")
	held, heldErr := s.store.CallbacksHeld(t.Context(), "shoes")
	if err != nil || heldErr != nil || advanced != 0 || held || s.stateOf(id) != store.CallbackWaiting || len(s.next.List("shoes")) > 0 || len(s.faults.List("shoes")) > 0 {
		t.Error("something was changed")
	}
}

func TestThePlaygroundMovesClocksAndPrimesOutcomes(t *testing.T) {
	t.Parallel()
	s, _ := withCallback(t)
	form := func(name, value string) url.Values {
		return url.Values{"merchant": {"shoes"}, "back": {"playground"}, name: {value}}
	}
	for _, c := range []struct{ path, name, value, done string }{
		{"clock", "advance", "48h1m", "advanced"}, {"clock", "advance", "soon", "duration"}, {"clock", "advance", "-1h", "backwards"},
		{"next", "outcome", "deny", "primed"}, {"next", "outcome", "win", "outcome"},
	} {
		if status, location := s.post("/portal/playground/"+c.path, ownOrigin, form(c.name, c.value)); status != http.StatusSeeOther || location != "/portal/playground?done="+c.done+"&merchant=shoes" {
			t.Errorf("%s %s: %d %s", c.path, c.value, status, location)
		}
	}
	page := s.page("/portal/playground?merchant=shoes&done=primed")
	has(t, page, "2026-03-06 12:01:00", "moved by 2 days", "<b>deny</b>", "The next call ends like that.")
	if _, location := s.post("/portal/playground/next/clear", ownOrigin, form("", "")); !strings.Contains(location, "done=cleared") || len(s.next.List("shoes")) > 0 {
		t.Errorf("clear: %s", location)
	}
	if advanced, _ := s.clocks.Advanced(t.Context(), "shoes"); advanced != 48*time.Hour+time.Minute {
		t.Errorf("the clock was moved by %s", advanced)
	}
	has(t, open(t).page("/portal/playground"), "No merchant yet")
}

func TestFaultsByOneClickAndByForm(t *testing.T) {
	t.Parallel()
	s, _ := withCallback(t)
	for _, c := range []struct {
		form       url.Values
		done, says string
	}{
		{url.Values{"preset": {"lose_order"}}, "fault", "<b>place order</b> is done, its answer is lost"},
		{url.Values{"preset": {"busy"}}, "fault", "<b>any call</b> is answered 503"},
		{url.Values{"preset": {"slow"}}, "fault", "waits 10s"},
		{url.Values{"preset": {"drop"}}, "fault", "is cut off"},
		{url.Values{"kind": {"error:504"}, "count": {"3"}, "operation": {"update_session"}, "seconds": {"10"}}, "fault", `<b>update session</b> is answered 504 <span class="soft">3 times`},
		{url.Values{"kind": {"latency"}, "count": {"1"}, "seconds": {"0.25"}}, "fault", "waits 250ms"},
		{url.Values{"kind": {"latency"}, "count": {"1"}, "seconds": {"61"}}, "nofault", ""},
		{url.Values{"kind": {"latency"}, "count": {"1"}, "seconds": {"NaN"}}, "nofault", ""},
		{url.Values{"kind": {"drop"}, "count": {"0"}}, "nofault", ""},
		{url.Values{"preset": {"fire"}}, "nofault", ""},
	} {
		c.form.Set("merchant", "shoes")
		c.form.Set("back", "playground")
		if status, location := s.post("/portal/playground/faults", ownOrigin, c.form); status != http.StatusSeeOther || location != "/portal/playground?done="+c.done+"&merchant=shoes" {
			t.Errorf("%v: %d %s", c.form, status, location)
		}
		has(t, s.page("/portal/playground?merchant=shoes"), c.says)
	}
	if waiting := s.faults.List("shoes"); len(waiting) != 6 {
		t.Errorf("%+v", waiting)
	}
	for len(s.faults.List("shoes")) < lab.FaultsOfMerchantMax {
		s.post("/portal/playground/faults", ownOrigin, url.Values{"merchant": {"shoes"}, "preset": {"drop"}})
	}
	if _, location := s.post("/portal/playground/faults", ownOrigin, url.Values{"merchant": {"shoes"}, "preset": {"drop"}, "back": {"playground"}}); !strings.Contains(location, "done=faultsfull") {
		t.Errorf("one too many: %s", location)
	}
	if _, location := s.post("/portal/playground/faults/clear", ownOrigin, url.Values{"merchant": {"shoes"}, "back": {"playground"}}); !strings.Contains(location, "done=faultscleared") || len(s.faults.List("shoes")) > 0 {
		t.Errorf("clear: %s", location)
	}
}
