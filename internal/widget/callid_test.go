package widget_test

import (
	"net/url"
	"regexp"
	"testing"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestACallHasOneID in its repetitions and in the flow's requests; the next call
// has another.
func TestACallHasOneID(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"in a secure context": "",
		"in a page without":   "delete Crypto.prototype.randomUUID",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			for _, call := range []string{"authorize", "reauthorize", "finalize"} {
				f.answer(call, answer{drop: true}, answer{body: asking}, answer{drop: true}, answer{body: approved})
			}
			page := f.open(t, "before="+url.QueryEscape(before))
			seen := map[any]string{}
			for _, call := range []string{"authorize", "reauthorize", "finalize"} {
				page.Do(`(call) => { log.length = 0; void pay(call, {payment_method_category: call === 'authorize' ? 'pay_later' : 'pay_now'}).then(ended('result')) }`, call)
				frame := "klarna-pay-now-fullscreen"
				if call == "authorize" {
					frame = "klarna-pay-later-fullscreen"
				}
				flow := page.Frame(frame)
				flow.Type("input[name=login]", "customer@email.se")
				page.Press("Enter")
				waitResult(page)
				sent := f.calls("/" + call)
				if len(sent) < 4 { // the browser itself may send again what was dropped
					t.Errorf("%s was sent %d times, wanted a repetition of the call and one of the flow's", call, len(sent))
				}
				id, _ := sent[0].body["call_id"].(string)
				if !uuid.MatchString(id) {
					t.Errorf("%s: call_id %q is no UUID", call, id)
				}
				if other, used := seen[id]; used {
					t.Errorf("%s has the call_id of %s", call, other)
				}
				seen[id] = call
				for _, r := range sent {
					if r.body["call_id"] != id {
						t.Errorf("%s: a further request has the call_id %v, the first %s", call, r.body["call_id"], id)
					}
				}
			}
		})
	}
}
