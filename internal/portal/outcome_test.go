package portal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// TestTheOutcomeOfABrowsersCall: what a page was told, in words, and red where
// nobody hopes for it.
func TestTheOutcomeOfABrowsersCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation, request, response string
		status                       int
		want                         string
		bad                          bool
	}{
		"approved":         {"browser_authorize", `{}`, `{"revision":3,"notes":["Call load() after an update."],"result":{"show_form":true,"approved":true}}`, 200, "Approved.", false},
		"denied":           {"browser_authorize", `{}`, `{"result":{"show_form":false,"approved":false}}`, 200, "Denied: offer another way to pay", true},
		"cancelled":        {"browser_authorize", `{}`, `{"result":{"show_form":true,"approved":false}}`, 200, "Not approved, and the customer may try again", true},
		"mend":             {"browser_authorize", `{}`, `{"result":{"show_form":true,"approved":false,"error":{"invalid_fields":["billing_address.email"]}}}`, 200, "Invalid, for the customer to mend: billing_address.email.", true},
		"a question":       {"browser_authorize", `{}`, `{"ask":{"step":"confirm"}}`, 200, "The customer is asked: confirm.", false},
		"of the stand-in":  {"authorize", `{}`, `{"show_form":true,"approved":true,"finalize_required":true}`, 200, "Approved; there is a token after finalize.", false},
		"load":             {"browser_load", `{}`, `{"result":{"show_form":false}}`, 200, "The widget is not to be shown", true},
		"misuse":           {"browser_event_misuse", `{"event":"misuse","detail":{"call":"load","error":"TypeError","message":"No container."}}`, ``, 204, "The page misused the SDK: load: TypeError: No container.", true},
		"nothing to tell":  {"browser_event_init", `{"event":"init"}`, ``, 204, "", false},
		"not of a browser": {"create_session", `{}`, `{"approved":false,"show_form":false}`, 200, "", false},
		"not JSON":         {"browser_authorize", `{}`, `<html>`, 200, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := requestlog.Exchange{CorrelationID: refusedID, MerchantID: "shoes", At: noon, Method: "POST", Path: "/x", Operation: c.operation, Status: c.status,
				RequestBody: []byte(c.request), ResponseBody: []byte(c.response)}
			s := open(t, e)
			page := s.page("/portal/exchanges/" + refusedID)
			if c.want == "" {
				lacks(t, page, `data-testid="came"`)
				return
			}
			has(t, page, c.want)
			if c.bad {
				has(t, page, `class="came bad"`)
				has(t, s.page("/portal/logs"), `<span class="reason">`+c.want)
			} else {
				lacks(t, page, `class="came bad"`)
				lacks(t, s.page("/portal/logs"), `<span class="reason">`)
			}
		})
	}
}

// TestAnExchangeShowsTheChangeItMade, with the decision that led to it.
func TestAnExchangeShowsTheChangeItMade(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.update(10, time.Millisecond, shoe(2))
	l.authorize(20)
	has(t, l.page("/portal/exchanges/"+idAt(10)), "Revision 2 of the session: updated.", `<code>order_amount</code> <del><span class="unseen">was </span>10000</del>`)
	has(t, l.page("/portal/exchanges/"+idAt(20)), "Revision 3 of the session: authorized. Decided: rule 7 of test.toml.")
	has(t, l.page("/portal/exchanges/"+idAt(0)), "Revision 1 of the session: created.")
}

// TestWhatTheServerKnowsOfA404: an answer must not tell whose a session is; who
// runs the server may know.
func TestWhatTheServerKnowsOfA404(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.authorize(10)
	old := l.session.Authorization.Token
	l.authorize(20)
	ask := func(seconds int, merchant, session, token string) string {
		t.Helper()
		l.log.add(requestlog.Exchange{CorrelationID: idAt(seconds), MerchantID: merchant, SessionID: session, AuthorizationToken: token, Status: 404, Method: "POST", Path: "/x",
			At: noon.Add(time.Duration(seconds) * time.Second), Operation: "create_order", Reason: "no session of this merchant has this id"})
		return l.page("/portal/exchanges/" + idAt(seconds))
	}
	has(t, ask(30, "socks", sessionID, ""), `The session belongs to the merchant "shoes", and the request came as "socks"`, "/portal/sessions/"+sessionID)
	has(t, ask(31, "socks", "", old), `The token belongs to the merchant "shoes"`)
	has(t, ask(32, "shoes", "", old), "The token was replaced at revision 3 by "+l.session.Authorization.Token, "The newest authorization is live until")
	has(t, ask(33, "shoes", refusedID, ""), "This server knows no such session, of any merchant")
	has(t, ask(34, "shoes", "", refusedID), "This server knows no such token, of any merchant")
}

// TestATestIsMadeOfTheOwnSession: not of the session of a token that another
// merchant sent.
func TestATestIsMadeOfTheOwnSession(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.authorize(10)
	for merchant, want := range map[string]int{"shoes": http.StatusOK, "socks": http.StatusNotFound} {
		e := requestlog.Exchange{CorrelationID: idAt(len(merchant) + int(merchant[1])), MerchantID: merchant, AuthorizationToken: l.session.Authorization.Token, Status: 400,
			At: noon.Add(time.Hour), Operation: "create_order", Method: "POST", RequestBody: []byte(`{"order_amount":1}`)}
		l.log.add(e)
		if w := l.ask(http.MethodGet, "/portal/exchanges/"+e.CorrelationID+"/test"); w.Code != want {
			t.Errorf("%s: %d, want %d", merchant, w.Code, want)
		}
	}
}
