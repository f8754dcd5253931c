package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const nextPath = "/kvitto/v1/next"

// TestAPrimedOutcomeIsUsedOnce: by the result, not by the questions before it.
func TestAPrimedOutcomeIsUsedOnce(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	if got, _ := p.through(t, "authorize").result(t); got != resultRefused {
		t.Errorf("first: %s", got)
	}
	if got, _ := p.through(t, "authorize").result(t); got != resultApproved {
		t.Errorf("second: %s", got)
	}
	if list := m.must(t, 200, http.MethodGet, nextPath, ""); strings.Contains(string(list.body), "deny") {
		t.Errorf("%s", list.body)
	}
	// A refused call has no result either.
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	m.must(t, 404, http.MethodPost, "/kvitto/v1/sessions/"+unknownID+"/authorize", "")
	if got, _ := p.call(t, "authorize", `{"interaction":"none"}`).result(t); got != resultRefused {
		t.Errorf("after a refusal: %s", got)
	}
	// An outcome that the call names itself leaves what is primed alone.
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	m.must(t, 200, http.MethodPost, "/kvitto/v1/sessions/"+p.session+"/authorize", `{"outcome":"approve"}`)
	if got, _ := p.call(t, "authorize", `{"interaction":"none"}`).result(t); got != resultRefused {
		t.Errorf("after a call with an outcome of its own: %s", got)
	}
}

// TestWhoShowsAWindow: what is primed, before what the page says; else the flow.
func TestWhoShowsAWindow(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	for _, c := range []struct {
		primed, page string
		asked        bool
	}{
		{``, ``, true},
		{``, `"interaction":"full"`, true},
		{``, `"interaction":"none"`, false},
		{``, `"interaction":"anything"`, true},
		{`{"interaction":"none"}`, ``, false},
		{`{"interaction":"full"}`, `"interaction":"none"`, true},
		{`{"outcome":"approve"}`, `"interaction":"none"`, false},
		{`{"outcome":"approve"}`, ``, true},
		{`{"outcome":"approve","interaction":"none"}`, ``, false},
		{`{"call":"finalize","interaction":"none"}`, ``, true},
	} {
		p := m.page(t, customerKnown)
		m.must(t, 200, http.MethodDelete, nextPath, "")
		if c.primed != "" {
			m.must(t, 200, http.MethodPost, nextPath, c.primed)
		}
		got := p.call(t, "authorize", `{`+c.page+`}`)
		if asked := got.Ask != nil; asked != c.asked {
			t.Errorf("primed %s, page %s: asked %v", c.primed, c.page, asked)
		}
	}
}

// TestTheListOfWhatIsPrimed is the answer of all three operations.
func TestTheListOfWhatIsPrimed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.merchant("m")
	session := m.create(t, cart)
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"DENIED","standing":true}`)
	full := fmt.Sprintf(`{"session_id":%q,"call":"finalize","outcome":"invalid_fields","invalid_fields":["billing_address.email"],"interaction":"none"}`, session)
	got := m.must(t, 200, http.MethodPost, nextPath, full)
	want := `{
  "next" : [ {
    "outcome" : "deny",
    "standing" : true
  }, {
    "session_id" : "` + session + `",
    "call" : "finalize",
    "outcome" : "invalid_fields",
    "interaction" : "none",
    "invalid_fields" : [ "billing_address.email" ],
    "standing" : false
  } ]
}`
	if string(got.body) != want {
		t.Errorf("%s", got.body)
	}
	if read := m.must(t, 200, http.MethodGet, nextPath, ""); string(read.body) != want {
		t.Errorf("%s", read.body)
	}
	if other := s.merchant("other").must(t, 200, http.MethodGet, nextPath, ""); strings.Contains(string(other.body), "deny") {
		t.Errorf("another merchant's: %s", other.body)
	}
	s.merchant("other").must(t, 404, http.MethodPost, nextPath, full)
	s.merchant("other").must(t, 200, http.MethodDelete, nextPath, "")
	if left := m.must(t, 200, http.MethodGet, nextPath, ""); string(left.body) != want {
		t.Errorf("%s", left.body)
	}
	if cleared := m.must(t, 200, http.MethodDelete, nextPath, ""); strings.Contains(string(cleared.body), "standing") {
		t.Errorf("%s", cleared.body)
	}
}

func TestWhatCannotBePrimed(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	for body, message := range map[string]string{
		`{"outcome":"invalid_fields","invalid_fields":["` + strings.Repeat("x", 201) + `"]}`:    "Bad value: invalid_fields[0]",
		`{"outcome":"invalid_fields","invalid_fields":[` + strings.Repeat(`"x",`, 50) + `"x"]}`: "Bad value: invalid_fields",
		`{"call":"init"}`:                     "Bad value: call",
		`{"outcome":"maybe"}`:                 "Bad value: outcome",
		`{"interaction":"some"}`:              "Bad value: interaction",
		`{"standing":"yes"}`:                  "Bad value: standing",
		`{"invalid_fields":"x"}`:              "Bad value: invalid_fields",
		`{"session_id":7,"call":"authorize"}`: "Bad value: session_id",
	} {
		a := m.must(t, 400, http.MethodPost, nextPath, body)
		if !strings.Contains(string(a.body), message) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	m.must(t, 400, http.MethodPost, nextPath, "")
	m.must(t, 404, http.MethodPost, nextPath, `{"session_id":"`+unknownID+`"}`)
	for range 256 {
		m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	}
	refused := m.must(t, 403, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	why := m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+refused.header.Get("Klarna-Correlation-Id"), "")
	if !strings.Contains(why.text(t, "reason"), "DELETE /kvitto/v1/next") {
		t.Errorf("%s", why.body)
	}
	// Large ones are fewer, so that the list stays short.
	m.must(t, 200, http.MethodDelete, nextPath, "")
	large := `{"outcome":"invalid_fields","invalid_fields":["` + strings.Repeat(strings.Repeat("x", 200)+`","`, 49) + strings.Repeat("x", 200) + `"]}`
	a := m.call(t, http.MethodPost, nextPath, large)
	for n := 0; a.status == 200 && n < 256; n++ {
		a = m.call(t, http.MethodPost, nextPath, large)
	}
	if list := m.must(t, 200, http.MethodGet, nextPath, ""); a.status != 403 || len(list.body) > 256<<10 {
		t.Errorf("%d, and a list of %d bytes", a.status, len(list.body))
	}
}
