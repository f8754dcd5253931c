package widget_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestTheWidgetsFrame: ids, sizes, and which load keeps it.
func TestTheWidgetsFrame(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "html="+url.QueryEscape(`<div id="a"><p>own</p></div><div id="b"></div>`))
	got := browsertest.Eval[object](page, `(async () => {
		const result = pay('load', {container: '#a', payment_method_category: 'pay_later'})
		const frame = document.querySelector('#a iframe'), loader = document.querySelector('#klarna-pay-later-main-loader')
		const before = {loader: loader?.offsetHeight, height: frame.offsetHeight, hidden: getComputedStyle(frame).visibility}
		const answer = await result
		const {id, name, title, style} = frame
		return {...before, answer, id, name, title, scrolling: frame.getAttribute('scrolling'), own: document.querySelector('#a p').textContent,
			width: [style.width, style.minWidth, style.maxWidth].join(), src: new URL(frame.src).pathname + new URL(frame.src).search,
			after: [document.querySelector('#klarna-pay-later-main-loader'), getComputedStyle(frame).visibility]}
	})()`)
	want := object{
		"loader": 230.0, "height": 230.0, "hidden": "hidden", "answer": object{"show_form": true}, "id": "klarna-pay-later-main",
		"name": "klarna-pay-later-main", "title": "Klarna", "scrolling": "no", "own": "own", "width": "100%,280px,600px",
		"src": "/kp/widget.html", "after": []any{nil, "visible"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	page.Frame("klarna-pay-later-main").Wait(`document.body.textContent.includes('Pay later')`)
	page.Wait(`document.querySelector('body > #klarna-pay-later-fullscreen')`)
	kept := browsertest.Eval[[]bool](page, `(async () => {
		const frame = (box) => document.querySelector(box + ' iframe'), first = frame('#a'), seen = []
		await pay('load', {container: document.querySelector('#a'), payment_method_category: 'pay_later'})
		seen.push(frame('#a') === first)
		await pay('load', {container: '#b', payment_method_category: 'pay_later'})
		seen.push(!first.isConnected && frame('#a') === null && frame('#b').id === first.id)
		await pay('load', {container: '#a', payment_method_categories: ['pay_now', 'pay_later'], instance_id: 'My_One'})
		seen.push(frame('#a').id === 'klarna-my-one-main' && frame('#b').isConnected)
		await pay('load', {container: '#a'})
		seen.push(!!document.querySelector('#a > #klarna-payments-main'))
		return seen
	})()`)
	if !cmp.Equal(kept, []bool{true, true, true, true}) {
		t.Errorf("kept, moved, another instance, no category: %v", kept)
	}
}

// TestARemovedWidgetTakesItsOverlayAlong, and the next load makes a new one.
func TestARemovedWidgetTakesItsOverlayAlong(t *testing.T) {
	t.Parallel()
	page := newFake(t).open(t, "")
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	page.Wait(`document.querySelector('#klarna-pay-later-fullscreen')`)
	page.Do(`document.querySelector('#box').replaceChildren()`)
	page.Wait(`!document.querySelector('#klarna-pay-later-fullscreen')`)
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	page.Wait(`document.querySelector('#klarna-pay-later-fullscreen') && document.querySelector('#box iframe')`)
}

// TestAFrameThatIsMovedShowsItsViewAgain: frameworks move elements about, which
// loads a frame again.
func TestAFrameThatIsMovedShowsItsViewAgain(t *testing.T) {
	t.Parallel()
	page := newFake(t).open(t, "html="+url.QueryEscape(`<div id="box"></div><div id="other"></div>`))
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	page.Do(`document.querySelector('#other').append(document.querySelector('#box iframe'))`)
	page.Frame("klarna-pay-later-main").Wait(`document.body.textContent.includes('Pay later')`)
}

// TestAShopInAShadowRootUnderAStrictPolicy: no inline style, no eval.
func TestAShopInAShadowRootUnderAStrictPolicy(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking})
	page := f.open(t, "policy="+url.QueryEscape("default-src 'none'; script-src 'self' SERVER; frame-src SERVER; connect-src SERVER"))
	page.Do(`(async () => {
		const box = document.createElement('div')
		document.querySelector('#box').attachShadow({mode: 'open'}).append(box)
		window.answer = await pay('load', {container: box, payment_method_category: 'pay_later'})
		Klarna.Payments.Buttons.init({client_token: token}).load({container: '#box', on_click() {}})
		pay('authorize', {payment_method_category: 'pay_later'}).then(ended('authorize'))
	})()`)
	page.Wait(`document.body.style.position === 'fixed'`)
	page.Do(`document.querySelector('#box').shadowRoot.replaceChildren()`)
	page.Wait(`log.length === 1 && !document.querySelector('#klarna-pay-later-fullscreen')`)
	if browsertest.Eval[string](page, `document.body.style.position`) != "" {
		t.Error("the page is still locked")
	}
}

// TestLinksOfTheWidget go to the shop's own function first.
func TestLinksOfTheWidget(t *testing.T) {
	t.Parallel()
	page := newFake(t).open(t, "")
	page.Do(`pay('load', {container: '#box', on_show_external_document: (url) => { log.push(url) }})`)
	page.Frame("klarna-payments-main").Click("a")
	if got := browsertest.Await[[]string](page, `log.length > 0 && log`); len(got) != 1 {
		t.Errorf("the shop was told %v", got)
	}
	page.Do(`pay('load', {container: '#box', on_show_external_document: (url) => { log.push(url); return false }})`)
	opened := page.Popup(func() { page.Frame("klarna-payments-main").Click("a") })
	opened.Wait(`document.querySelector('h1') && opener === null`)
}

// TestLoadResults: what the server says is what the shop gets.
func TestLoadResults(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	load := func() object {
		t.Helper()
		return browsertest.Eval[object](page, `pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	}
	unavailable := merged(object{}, view)
	unavailable["available"] = false
	f.answer("load", answer{body: object{"revision": 3, "notes": []string{"Only the test data decides."}, "result": object{"show_form": false}, "widget": unavailable}})
	if got := load(); !cmp.Equal(got, object{"show_form": false}) {
		t.Errorf("a denied session: %v", got)
	}
	if page.WaitConsole("Only the test data decides.").Kind != "info" {
		t.Error("a note is not told as info")
	}
	invalid := object{"show_form": true, "error": object{"invalid_fields": []any{"billing_address.email"}}}
	f.answer("load", answer{body: object{"revision": 3, "notes": []string{}, "result": invalid, "violations": []object{{"path": "/billing_address/email"}}, "widget": view}})
	if got := load(); !cmp.Equal(got, invalid) {
		t.Errorf("invalid fields: %v", got)
	}
	page.WaitConsole("something in the data must be mended: billing_address.email")
	f.answer("load", answer{status: http.StatusNotFound, body: object{"error_code": "NOT_FOUND", "error_messages": []string{"Gone for good."}, "correlation_id": "c0ffee"}})
	if got := load(); !cmp.Equal(got, object{"show_form": false}) {
		t.Errorf("a refusal: %v", got)
	}
	if m := page.WaitConsole("NOT_FOUND: Gone for good. (correlation_id c0ffee)"); m.Kind != "warning" {
		t.Errorf("a refusal is told as %s", m.Kind)
	}
}

// TestPaymentReview shows the chosen method where it may be.
func TestPaymentReview(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	got := browsertest.Eval[object](page, `(token) => {
		const result = new Promise((done) => Klarna.Payments.init({client_token: token}).loadPaymentReview({container: '#box'}, done))
		const frame = document.querySelector('#box #klarna-payment-review-main')
		return result.then((answer) => ({answer, title: frame.title}))
	}`, f.token(t, object{"purchase_country": "US"}))
	if want := (object{"answer": object{"show_form": true}, "title": "Klarna Payment Review"}); !cmp.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if len(f.calls("/review")) != 1 || len(f.calls("/load")) != 0 {
		t.Errorf("calls: %+v", f.calls(""))
	}
}

// TestAnIsolatedPage frames the widget and the flow: a page under
// Cross-Origin-Embedder-Policy takes frames that have it too.
func TestAnIsolatedPage(t *testing.T) {
	t.Parallel()
	for _, embedder := range []string{"require-corp", "credentialless"} {
		t.Run(embedder, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer("authorize", answer{body: asking})
			page := f.open(t, "embedder="+embedder)
			if !browsertest.Eval[bool](page, `crossOriginIsolated`) {
				t.Fatal("the page is not isolated: the test shows nothing")
			}
			page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
			page.Do(`void pay('authorize', {payment_method_category: 'pay_later'})`)
			page.Frame("klarna-pay-later-fullscreen").Wait(`document.querySelector('[data-testid=step-identify]')`)
		})
	}
}
