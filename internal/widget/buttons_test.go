package widget_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

const fixOrder = `window.order = {purchase_country: 'SE', purchase_currency: 'SEK', order_amount: 100, order_lines: [{name: 'Shoe'}]};`

// TestTheExpressButton: what is drawn, and that it can be used by keyboard.
func TestTheExpressButton(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking}, answer{body: approved})
	page := f.open(t, "policy="+url.QueryEscape("default-src 'none'; script-src 'self' SERVER; frame-src SERVER; connect-src SERVER"))
	got := browsertest.Eval[object](page, `new Promise((done) => Klarna.Payments.Buttons.init({client_token: token}).load({
		container: '#box', theme: 'outlined', shape: 'pill', label: 'continue', locale: 'sv-SE',
		on_click: (authorize) => authorize({auto_finalize: false, collect_shipping_address: true}, null, ended('result')),
	}, (answer) => {
		const button = document.querySelector('#box > button')
		done({answer, id: button.id, classes: button.className, label: button.ariaLabel, lang: button.lang, styled: getComputedStyle(button).borderRadius})
	}))`)
	want := object{
		"answer": object{"show_form": true}, "id": "klarna-express-checkout", "classes": "kec-theme-outlined kec-shape-pill",
		"label": "Fortsätt med Klarna", "lang": "sv", "styled": "999px",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	f.await(t, "/events", 1, named("buttons_load"))
	page.Press("Tab")
	if focus := page.Focused(); focus.ID != "klarna-express-checkout" {
		t.Errorf("the focus is on %s", focus)
	}
	popup := page.Popup(func() { page.Press("Enter") })
	size := browsertest.Await[[]float64](popup, `document.querySelector('[data-testid=step-identify]') && name === 'apf' && [innerWidth, innerHeight]`)
	if size[0] != 480 || size[1] < 400 {
		t.Errorf("the window's page has %v", size)
	}
	popup.Type("input[name=login]", "customer@email.se")
	popup.Press("Enter")
	wantResult := merged(object{"client_token": f.token(t, nil), "session_id": sessionID}, approvedResult)
	if diff := cmp.Diff([][]any{{"result", wantResult}}, waitResult(page)); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	sent := f.calls("/authorize")[0].body
	delete(sent, "call_id")
	delete(sent, "device_id")
	if diff := cmp.Diff(object{"auto_finalize": false, "collect_shipping_address": true}, sent); diff != "" {
		t.Errorf("sent (- wanted, + got):\n%s", diff)
	}
	// Loaded again there is still one.
	if n := browsertest.Eval[int](page, `(Klarna.Payments.Buttons.load({container: '#box', on_click() {}}), document.querySelectorAll('button').length)`); n != 1 {
		t.Errorf("%d buttons", n)
	}
}

// TestExpressMakesTheSessionInTheBrowser with a client id.
func TestExpressMakesTheSessionInTheBrowser(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	categories := []any{map[string]any{"identifier": "pay_later", "name": "Buy now, pay later"}}
	f.answer("sessions", answer{body: object{"session_id": sessionID, "client_token": f.token(t, nil), "payment_method_categories": categories}})
	page := browsertest.Open(t, f.shop+"/?before="+url.QueryEscape(fixOrder))
	page.Do(`(window.kvitto = {interaction: 'none'}, Klarna.Payments.Buttons.init({client_id: 'klarna_test_client_a'}))`)
	want := merged(object{"client_token": f.token(t, nil), "session_id": sessionID, "payment_method_categories": categories}, approvedResult)
	for _, call := range []string{`Buttons.authorize({auto_finalize: false}, order, done)`, `Buttons.authorize(order, done)`} {
		got := browsertest.Eval[object](page, `new Promise((done) => Klarna.Payments.`+call+`)`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- wanted, + got):\n%s", call, diff)
		}
	}
	if made := f.calls("sessions"); len(made) != 2 || made[0].auth != "Bearer klarna_test_client_a" || made[1].body["order_amount"] != 100.0 {
		t.Errorf("sessions were made by %+v", made)
	}
	if sent := f.calls("/authorize"); sent[0].body["data"] != nil || sent[0].body["auto_finalize"] != false || sent[1].body["auto_finalize"] != true {
		t.Errorf("sent %+v", sent)
	}
	// The same session for Klarna.Payments itself.
	if !browsertest.Eval[bool](page, `new Promise((done) => Klarna.Payments.init({client_id: 'klarna_test_client_a'}, order, (k) => done(k.Buttons && k.initialized)))`) {
		t.Error("init with client_id did not initialize")
	}
	f.answer("sessions", answer{status: http.StatusUnauthorized, body: object{"error_code": "UNAUTHORIZED", "error_messages": []string{"Unknown client."}}})
	if got := browsertest.Eval[object](page, `new Promise((done) => Klarna.Payments.Buttons.authorize(order, done))`); !cmp.Equal(got, failedResult) {
		t.Errorf("a refused session: %v", got)
	}
	page.WaitConsole("The session could not be created. UNAUTHORIZED: Unknown client.")
}

// TestExpressNamesWhatTheOrderLacks.
func TestExpressNamesWhatTheOrderLacks(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := browsertest.Open(t, f.shop+"/?before="+url.QueryEscape(fixOrder))
	for change, want := range map[string]string{
		"{purchase_currency: undefined}": "purchase_currency", "{order_lines: []}": "1 to 1000", "{purchase_country: 'JP'}": "JP",
		"{order_amount: null}": "order_amount", "{purchase_country: ''}": "purchase_country",
	} {
		got := browsertest.Eval[[]any](page, `((change) => {
			const seen = []
			Klarna.Payments.Buttons.init({client_id: 'klarna_test_client_a'})
			try { Klarna.Payments.Buttons.authorize({...order, ...change}, (r) => seen.push(r)) } catch (error) { seen.push(error.message.includes(`+"`"+want+"`"+`)) }
			return seen
		})(`+change+`)`)
		if !cmp.Equal(got, []any{object{"show_form": false, "approved": false}, true}) {
			t.Errorf("%s: %v, wanted a message with %q", change, got, want)
		}
	}
	if browsertest.Eval[bool](page, `misuse((done) => Klarna.Payments.Buttons.load({container: '#none', on_click() {}}, ({error}) => done(error.name)))[0] !== 'InvalidContainerSelectorError'`) {
		t.Error("load with a callback does not tell it the error")
	}
}

// TestAWindowThatIsNotUsedIsClosed: on_click never authorized.
func TestAWindowThatIsNotUsedIsClosed(t *testing.T) {
	t.Parallel()
	page := newFake(t).open(t, "")
	page.Do(`Klarna.Payments.Buttons.init({client_token: token}).load({container: '#box', on_click() { log.push('clicked') }})`)
	popup := page.Popup(func() { page.Click("#klarna-express-checkout") })
	popup.WaitClosed()
	if got := browsertest.Eval[[]string](page, `log`); !cmp.Equal(got, []string{"clicked"}) {
		t.Errorf("log %v", got)
	}
}
