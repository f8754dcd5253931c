package contract_test

import (
	"encoding/json"
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
