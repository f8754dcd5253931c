package widget_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// sizeMax is the budget of the SDK, compressed: it is on every page of a
// checkout.
const sizeMax = 15 * 1024

func TestTheSDKIsSmall(t *testing.T) {
	t.Parallel()
	plain := body(t, get(t, "GET", "/kp/lib/v1/api.js").Body)
	zipped := body(t, get(t, "GET", "/kp/lib/v1/api.js", "Accept-Encoding", "gzip").Body)
	reader, err := gzip.NewReader(bytes.NewReader([]byte(zipped)))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != plain {
		t.Fatalf("what is sent compressed is not the SDK: %v", err)
	}
	t.Logf("api.js: %d bytes, %d compressed, of %d", len(plain), len(zipped), sizeMax)
	if len(zipped) > sizeMax {
		t.Errorf("api.js has %d bytes compressed, more than %d", len(zipped), sizeMax)
	}
}

func TestWhatIsOnTheGlobal(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := browsertest.Open(t, f.shop+"/?before="+url.QueryEscape(
		"window.Klarna = {OnsiteMessaging: 7}; window.klarnaAsyncCallback = (...a) => { window.ready = [a.length, typeof Klarna.Payments.init] }"))
	got := browsertest.Eval[map[string]any](page, `Object.fromEntries(Object.entries(Klarna).map(([name, value]) =>
		[name, typeof value === 'object' ? Object.keys(value).sort().join(' ') : value]))`)
	want := map[string]any{
		"OnsiteMessaging":    7.0,
		"Payments":           "Buttons authorize finalize init initialized load loadPaymentReview off on reauthorize",
		"Credit":             "authorize init load loadPaymentReview off on reauthorize",
		"DirectDebit":        "authorize init load off on reauthorize",
		"DirectBankTransfer": "authorize finalize init load off on",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	if got := browsertest.Eval[string](page, `Object.keys(Klarna.Payments.Buttons).sort().join(' ')`); got != "authorize init load" {
		t.Errorf("Buttons has %s", got)
	}
	if got := browsertest.Eval[[]any](page, `ready`); !cmp.Equal(got, []any{0.0, "object"}) && !cmp.Equal(got, []any{0.0, "function"}) {
		t.Errorf("klarnaAsyncCallback saw %v", got)
	}
}

// TestIncludedTwice: nothing is defined again, but the page is told again.
func TestIncludedTwice(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := browsertest.Open(t, f.shop+"/?before="+url.QueryEscape("window.told = 0; window.klarnaAsyncCallback = () => { told++ }"))
	same := browsertest.Eval[bool](page, `(src) => new Promise((done) => {
		const {Payments} = Klarna, script = document.createElement('script')
		script.src = src
		script.onload = () => done(Klarna.Payments === Payments && told === 2)
		document.body.append(script)
	})`, f.URL+"/kp/lib/v1/api.js?again")
	if !same {
		t.Error("the second inclusion replaced Klarna.Payments, or did not call klarnaAsyncCallback")
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := browsertest.Open(t, f.shop)
	port := f.URL[strings.LastIndex(f.URL, ":"):]
	for base, accepted := range map[string]bool{
		f.URL + "/kp": true, f.URL + "/eu/kp/": true, "http://localhost" + port + "/kp": true, "http://kvitto.localhost/kp": true,
		"http://127.1.2.3/kp": true, "http://[::1]:1/kp": true, "https://js.playground.klarna.com/eu/kp": true,
		"https://evil.example/kp": false, "https://klarna.com.evil.example/kp": false, "https://evilklarna.com/kp": false,
		"javascript:alert(1)": false, "ftp://127.0.0.1/kp": false, "": false, "/kp": false, "http://127.0.0.1.evil.example": false,
	} {
		got := browsertest.Eval[string](page, `(token) => {
			const back = Klarna.Payments.init({client_token: token}) === Klarna.Payments
			const {initialized} = Klarna.Payments
			try { Klarna.Payments.finalize({payment_method_category: 'none'}) } catch (e) { return [back, initialized, e.name].join() }
		}`, f.token(t, object{"base_url": base}))
		want := "true,false,ApplicationNotInitializedError"
		if accepted {
			want = "true,true,PaymentMethodCategoryNotSupportedError"
		}
		if got != want {
			t.Errorf("base_url %q: %s, wanted %s", base, got, want)
		}
	}
	page.WaitConsole("a server that this script does not trust")
	if !browsertest.Eval[bool](page, `(token) => new Promise((done) => Klarna.Payments.init({client_token: token}, {}, (k) => done(k === Klarna.Payments)))`,
		f.token(t, nil)) {
		t.Error("the callback of init got something else than Klarna.Payments")
	}
	if browsertest.Eval[bool](page, `(token) => Klarna.Payments.init({client_token: token}).initialized`, f.token(t, object{"scheme": nil})) {
		t.Error("initialized without the claim scheme")
	}
	// Categories are the server's business for another kind of session.
	page.Do(`(token) => { Klarna.Payments.init({client_token: token}); return pay('finalize', {payment_method_category: 'bitcoin'}) }`,
		f.token(t, object{"session_type": "OTHER"}))
}

func TestHandlersOfEvents(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := browsertest.Open(t, f.shop+"/?html="+url.QueryEscape(`<div id="a"></div><div id="b"></div>`))
	page.Expect("the shop's own")
	page.Do(`(token) => {
		const {Payments, Credit} = Klarna
		window.removed = ended('removed')
		Payments.on('heightChanged', () => { throw new Error("the shop's own") })
		Payments.on('heightChanged', (...args) => log.push(['first', ...args]))
		Payments.on('heightChanged', (...args) => log.push(['second', ...args]))
		Payments.on('heightChanged', removed)
		Payments.off('heightChanged', removed)
		Payments.on('fullscreenOverlayShown', removed)
		Payments.off('fullscreenOverlayShown')
		Credit.on('heightChanged', () => log.push(['credit']))
		Payments.init({client_token: token})
		return pay('load', {container: '#a', payment_method_category: 'pay_later'})
	}`, f.token(t, nil))
	first := browsertest.Await[[][]any](page, `log.some(([n]) => n === 'second') && log`)
	if first[0][0] != "first" || first[0][2] != "pay_later" || first[1][0] != "second" || !(first[0][1].(float64) > 0) {
		t.Errorf("the handlers saw %v", first)
	}
	for _, entry := range first {
		if entry[0] == "credit" || entry[0] == "removed" {
			t.Errorf("a handler that must not be called was: %v", entry)
		}
	}
	if page.WaitConsole("the shop's own").Kind != "uncaught" {
		t.Error("an error of a handler is not the page's own")
	}
}
