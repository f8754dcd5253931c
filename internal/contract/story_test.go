package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestASessionTellsItsStory: everything that was asked about a session, by the
// shop's server and by the browser, stands in one list, oldest first.
func TestASessionTellsItsStory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.merchant("shop")
	id := m.create(t, cart)
	m.must(t, 204, "POST", sessionPath(id), `{"merchant_reference1":"1001"}`)
	m.must(t, 400, "POST", sessionPath(id), `{"locale":"en_GB"}`)
	token := m.authorize(t, id, "")
	m.must(t, 200, "POST", orderPath(token), cart)
	m.create(t, cart) // another session has a story of its own
	want := []string{"create_session 200", "update_session 204", "update_session 400", "authorize 200", "create_order 200"}
	if diff := cmp.Diff(want, story(t, m, id, "")); diff != "" {
		t.Errorf("the story (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], story(t, m, id, "?limit=2")); diff != "" {
		t.Errorf("its beginning (-want +got):\n%s", diff)
	}
	// To another merchant the session is unknown, and reading leaves no trace.
	for _, unknown := range []string{id, "11111111-2222-4333-8444-555555555555"} {
		if got := story(t, s.merchant("onlooker"), unknown, ""); len(got) != 0 {
			t.Errorf("an onlooker reads %v", got)
		}
	}
	for _, limit := range []string{"0", "-1", "1001", "x", "1e3"} {
		m.must(t, 400, "GET", "/kvitto/v1/sessions/"+id+"/exchanges?limit="+limit, "")
	}
}

// TestAStoryOfHugeBodiesIsShort: a list leaves out what is large, and says so.
func TestAStoryOfHugeBodiesIsShort(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("shop")
	id := m.create(t, cart)
	huge := `{"locale":7,"merchant_data":"` + strings.Repeat("x", 1<<20-64) + `"}`
	deep := `{"locale":7,"a":` + strings.Repeat(`{"":`, 600) + `1` + strings.Repeat(`}`, 601)
	var last answer
	for i := range 300 {
		body := huge
		if i%2 == 1 {
			body = deep
		}
		last = m.call(t, "POST", sessionPath(id), body)
	}
	a := m.must(t, 200, "GET", "/kvitto/v1/sessions/"+id+"/exchanges?limit=1000", "")
	var list struct {
		Exchanges []struct {
			LeftOut bool `json:"bodies_left_out"`
			Request any
		}
	}
	if err := json.Unmarshal(a.body, &list); err != nil || len(list.Exchanges) != 301 {
		t.Fatalf("%d exchanges, %v", len(list.Exchanges), err)
	}
	left := 0
	for _, e := range list.Exchanges {
		if e.LeftOut != (e.Request == nil) {
			t.Errorf("left out %v: %v", e.LeftOut, e.Request)
		}
		if e.LeftOut {
			left++
		}
	}
	if left != 150 || len(a.body) > 4<<20 {
		t.Errorf("%d left out, an answer of %d bytes", left, len(a.body))
	}
	if one := m.must(t, 200, "GET", "/kvitto/v1/exchanges/"+last.header.Get("Klarna-Correlation-Id"), ""); len(one.body) > 64<<10 {
		t.Errorf("a deep body of %d bytes is shown in %d", len(deep), len(one.body))
	}
}

func story(t *testing.T, m merchant, sessionID, query string) []string {
	t.Helper()
	a := m.must(t, 200, "GET", "/kvitto/v1/sessions/"+sessionID+"/exchanges"+query, "")
	var got struct {
		Exchanges []struct {
			Operation string      `json:"operation"`
			Status    json.Number `json:"status"`
		} `json:"exchanges"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range got.Exchanges {
		told = append(told, e.Operation+" "+e.Status.String())
	}
	return told
}
