package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestStrictPolicy: our pages admit nothing inline, and neither they nor the
// page of a strict shop break their policy in a whole purchase. Every other test
// fails on a breach too.
func TestStrictPolicy(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/kp/widget.html", "/kp/flow.html"} {
		answer, err := http.Get(kvitto.api + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		if answer.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d with the policy %q", path, answer.StatusCode, policy)
		}
	}
	s := newReadyShopFor(t, strangersCart())
	s.approval()
	if got := s.events("violation"); len(got) != 0 {
		t.Errorf("the shop's policy was broken: %v", got)
	}
	for _, m := range s.Console() {
		if m.Kind == "security" {
			t.Errorf("the browser reports %s", m)
		}
	}
}

// TestNoTokenInAnAddress: neither the client token nor what an order is placed
// with is in any address that the browser asks for.
func TestNoTokenInAnAddress(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	number := 0
	window := s.Popup(func() {
		number = s.click("Payments.authorize", with(payLater, object{"interaction_mode": "POPUP"}), object{}, callback)
	})
	(&customer{shop: s, page: window, flow: &window.Document}).approves()
	token := s.token(s.answer(number))
	if len(kvitto.front.requests(s.session.SessionID)) == 0 {
		t.Fatal("the browser asked for nothing")
	}
	signature := s.session.ClientToken[strings.LastIndex(s.session.ClientToken, ".")+1:]
	for _, secret := range []string{token, signature, url.QueryEscape(s.session.ClientToken)} {
		if found := kvitto.front.requests(secret); len(found) != 0 {
			t.Errorf("a secret is in %q", found)
		}
	}
	for _, frame := range []browsertest.Target{s, s.Frame("klarna-pay-later-main")} {
		if address := browsertest.Eval[string](frame, "location.href + document.referrer"); strings.Contains(address, signature) {
			t.Errorf("the token is in %q", address)
		}
	}
}

// TestMessagesOfStrangers: what a frame of another origin, or the shop's own
// page, says in the place of our frames is not heard.
func TestMessagesOfStrangers(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	// A stranger's frame on the shop's page, as an advertisement.
	s.Do(`(src) => new Promise((done) => {
		const frame = document.createElement('iframe')
		frame.src = src; frame.id = 'stranger'; frame.title = 'stranger'; frame.onload = done
		document.body.append(frame)
	})`, strings.Replace(s.site.shop, "localhost", "127.0.0.1", 1)+"/stranger.html")
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.sees("step-identify")
	stranger := s.Frame("stranger.html")
	lies := `(result) => {
		const messages = [{kvitto: 'ready'}, {type: 'result', result, notes: []}, {kvitto: 'connect'}, {type: 'rendered'},
			{type: 'busy', busy: true}, {type: 'start', base: 'https://evil.example', client_token: 'x', session_id: 'x', call: 'authorize', request: {}, ask: {}, popup: false}]
		for (const window of [parent, ...Array.from({length: parent.length}, (_, i) => parent[i])]) {
			for (const message of messages) {
				const {port1} = new MessageChannel()
				window.postMessage(message, '*')
				window.postMessage(message, '*', [port1])
			}
		}
	}`
	faked := object{"approved": true, "show_form": true, "authorization_token": "fake"}
	stranger.Do(lies, faked)
	s.Do(lies, faked)
	// Everything that was said has been heard when a later message has.
	s.Do("new Promise((heard) => { addEventListener('message', heard, {once: true}); postMessage('end', '*') })")
	if got := s.made(number); len(got.Results) != 0 {
		t.Fatalf("a stranger's word became the result %v", got.Results)
	}
	c.approves()
	s.check(s.answer(number), approved)
}
