package widget_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// buyPage is a long shop page with a button that authorizes.
var buyPage = "html=" + url.QueryEscape(`<h1>Checkout</h1><div id="box"></div><p style="height:3000px"></p><button id="buy">Buy</button>
<p style="height:3000px"></p>`)

// openBuyPage opens the page; its button calls authorize with these options.
func openBuyPage(t *testing.T, f *fake, mode string) *browsertest.Page {
	t.Helper()
	page := f.open(t, buyPage)
	page.Do(`(options) => {
		for (const event of ['fullscreenOverlayShown', 'fullscreenOverlayHidden']) Klarna.Payments.on(event, (...args) => log.push([event, ...args]))
		document.querySelector('#buy').onclick = () => {
			document.querySelector('#buy').disabled = true
			Klarna.Payments.authorize(options, {order_amount: 10000}, (result) => {
				log.push(['result', result])
				document.querySelector('#buy').disabled = false
			})
		}
	}`, optionsWith(mode))
	return page
}

func optionsWith(mode string) object {
	o := object{"payment_method_category": "pay_later"}
	if mode != "" {
		o["interaction_mode"] = mode
	}
	return o
}

var (
	cancelledResult = object{"show_form": true, "approved": false, "finalize_required": false}
	cancelled       = object{"revision": 4, "notes": []string{}, "result": cancelledResult}
	approvedResult  = object{"show_form": true, "approved": true, "finalize_required": false, "authorization_token": "b4bd3423-24e3"}
	failedResult    = object{"show_form": false, "approved": false, "finalize_required": false}
)

// waitResult waits for the callback and returns the log.
func waitResult(page *browsertest.Page) [][]any {
	return browsertest.Await[[][]any](page, `log.some(([name]) => name === 'result') && log`)
}

// TestTheServersResultNeedsNoWindow.
func TestTheServersResultNeedsNoWindow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := openBuyPage(t, f, "")
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	page.Click("#buy")
	if diff := cmp.Diff([][]any{{"result", approvedResult}}, waitResult(page)); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	if got := f.calls("/authorize")[0].body["shown_revision"]; got != 3.0 {
		t.Errorf("shown_revision %v", got)
	}
	f.answer("authorize", answer{body: object{"revision": 5, "notes": []string{}, "result": failedResult}})
	page.Do(`pay('authorize', {payment_method_category: 'pay_later'})`)
	page.Frame("klarna-pay-later-main").Wait(`document.querySelector('[data-testid=widget-unavailable]')`)
}

// TestThePurchaseFlowOverThePage: the page is held still and given back.
func TestThePurchaseFlowOverThePage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking}, answer{body: cancelled}, answer{body: asking}, answer{body: cancelled})
	page := openBuyPage(t, f, "")
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	page.Wait(`document.querySelector('#klarna-pay-later-fullscreen')`)
	page.Do(`document.querySelector('#klarna-pay-later-fullscreen').mark = true`)
	page.Click("#buy")
	flow := page.Frame("klarna-pay-later-fullscreen")
	flow.Wait(`document.querySelector('[data-testid=step-identify]')`)
	got := browsertest.Eval[object](page, `(() => {
		const frame = document.querySelector('#klarna-pay-later-fullscreen'), style = getComputedStyle(frame)
		return {classes: [document.documentElement.className, document.body.className], inert: [...document.body.children].filter((e) => e.inert).length > 3,
			frameInert: frame.inert, focus: document.activeElement === frame, position: style.position, zIndex: style.zIndex,
			covers: frame.offsetWidth === innerWidth && frame.offsetHeight === innerHeight, scroll: document.body.style.top.startsWith('-'), log}
	})()`)
	want := object{
		"classes": []any{"klarna-payments-fso-open", "klarna-payments-fso-open"}, "inert": true, "frameInert": false, "focus": true,
		"position": "fixed", "zIndex": "2147483647", "covers": true, "scroll": true, "log": []any{[]any{"fullscreenOverlayShown", "pay_later"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open (- wanted, + got):\n%s", diff)
	}
	before := browsertest.Eval[string](page, `document.body.style.top`)
	page.Do(`document.body.append(Object.assign(document.createElement('button'), {id: 'late'}))`)
	page.Wait(`document.querySelector('#late').inert`)
	page.Do(`dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))`)
	seen := waitResult(page)
	if diff := cmp.Diff([][]any{{"fullscreenOverlayShown", "pay_later"}, {"fullscreenOverlayHidden", "pay_later"}, {"result", cancelledResult}}, seen); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	if last := f.calls("/authorize")[1].body["answers"]; !cmp.Equal(last, object{"cancelled": true}) {
		t.Errorf("the server was told %v", last)
	}
	after := browsertest.Eval[object](page, `({classes: document.documentElement.className + document.body.className, style: document.body.getAttribute('style'),
		inert: document.querySelectorAll('[inert]').length, focus: document.activeElement.id, top: -scrollY + 'px',
		hidden: getComputedStyle(document.querySelector('#klarna-pay-later-fullscreen')).height})`)
	wantAfter := object{"classes": "", "style": nil, "inert": 0.0, "focus": "buy", "top": before, "hidden": "0px"}
	if diff := cmp.Diff(wantAfter, after); diff != "" {
		t.Errorf("closed (- wanted, + got):\n%s", diff)
	}
	// The same page serves the next call, so that it knows what was typed.
	page.Click("#buy")
	flow.Wait(`document.querySelector('[data-testid=step-identify]')`)
	if !browsertest.Eval[bool](page, `document.querySelector('#klarna-pay-later-fullscreen').mark`) {
		t.Error("another frame was made")
	}
	shown := f.await(t, "/events", 2, named("flow_shown"))
	if detail := shown[0].body["detail"].(object); detail["call"] != "authorize" || detail["popup"] != false {
		t.Errorf("flow_shown with %v", detail)
	}
	f.await(t, "/events", 1, named("flow_hidden"))
}

// TestTheFlowWithoutAWidget: reauthorize and finalize on a later page.
func TestTheFlowWithoutAWidget(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("finalize", answer{body: asking}, answer{body: approved})
	page := f.open(t, "")
	page.Do(`void pay('finalize', {payment_method_category: 'direct_debit'}).then(ended('result'))`)
	flow := page.Frame("klarna-direct-debit-fullscreen")
	flow.Type("input[name=login]", "customer@email.se")
	page.Press("Enter")
	if got := waitResult(page); !cmp.Equal(got, [][]any{{"result", approvedResult}}) {
		t.Errorf("got %v", got)
	}
	sent := f.calls("/finalize")
	if len(sent) != 2 || !cmp.Equal(sent[1].body["answers"], object{"login": "customer@email.se"}) {
		t.Errorf("sent %+v", sent)
	}
}

// TestASecondCallWhileOneRunsIsIgnored, and its callback is never called.
func TestASecondCallWhileOneRunsIsIgnored(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	hold := make(chan struct{})
	f.answer("authorize", answer{body: approved, hold: hold}, answer{body: approved})
	page := f.open(t, "")
	page.Do(`void pay('authorize', {}).then(ended('first'))`)
	f.await(t, "/authorize", 1)
	page.Do(`void pay('authorize', {}).then(ended('second'))`)
	page.Do(`void pay('reauthorize', {}).then(ended('third'))`)
	page.Do(`void pay('authorize', {payment_method_category: 'pay_now'}).then(ended('another widget'))`)
	page.Wait(`log.length === 1`)
	close(hold)
	page.Wait(`log.length === 2`)
	page.Do(`pay('authorize', {}).then(ended('after'))`)
	if got := browsertest.Eval[string](page, `log.map(([name]) => name).join()`); got != "another widget,first,after" {
		t.Errorf("called back: %s", got)
	}
	page.WaitConsole("authorize was called while another call runs")
}

// TestALostAnswer is asked for again, and then is a technical failure.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{drop: true}, answer{status: 503, body: object{}}, answer{body: approved})
	page := f.open(t, "")
	if got := browsertest.Eval[object](page, `pay('authorize', {}, {order_amount: 1})`); !cmp.Equal(got, approvedResult) {
		t.Errorf("got %v", got)
	}
	sent := f.calls("/authorize")
	if len(sent) < 3 || !cmp.Equal(sent[0].body, sent[len(sent)-1].body) {
		t.Errorf("sent %+v", sent)
	}
	f.answer("authorize", answer{drop: true})
	if got := browsertest.Eval[object](page, `pay('authorize', {})`); !cmp.Equal(got, failedResult) {
		t.Errorf("got %v", got)
	}
	page.WaitConsole("authorize failed. NO_ANSWER")
	f.await(t, "/events", 1, named("failure"))
	before := len(f.calls("/authorize"))
	f.answer("authorize", answer{status: 500, body: object{"error_code": "INTERNAL_SERVER_ERROR", "error_messages": []string{"Broken."}, "correlation_id": "c0ffee"}})
	if got := browsertest.Eval[object](page, `pay('authorize', {})`); !cmp.Equal(got, failedResult) {
		t.Errorf("got %v", got)
	}
	if n := len(f.calls("/authorize")) - before; n != 1 {
		t.Errorf("an answer that came was asked for %d times", n)
	}
}

// TestOnlyOurFramesAreHeard: the window and the origin must both be right.
func TestOnlyOurFramesAreHeard(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	const listen = `(() => { window.heard = []; addEventListener('message', (event) => heard.push(event.data?.kvitto ?? event.data)); `
	// The right origin in a window of somebody else.
	page.Do(`(src) => new Promise((done) => { const frame = document.createElement('iframe'); frame.name = 'stranger'; frame.onload = done; frame.src = src; document.body.append(frame) })`, f.URL+"/kp/flow.html")
	stranger := page.Frame("stranger")
	stranger.Do(listen + `parent.postMessage({kvitto: 'ready'}, '*'); parent.postMessage('asked', '*') })()`)
	page.Do(`document.querySelector('[name=stranger]').contentWindow.postMessage('after', '*')`)
	if got := browsertest.Await[[]string](stranger, `heard.includes('after') && heard`); len(got) != 1 {
		t.Errorf("a strange window heard %v", got)
	}
	// A strange origin in the right window: the shop has sent it elsewhere.
	page.Do(`(src) => new Promise((done) => { const frame = document.querySelector('#klarna-pay-later-main'); frame.onload = done; frame.src = src })`,
		strings.Replace(f.shop, "127.0.0.1", "localhost", 1)+"/?html=moved")
	moved := page.Frame("klarna-pay-later-main")
	moved.Do(listen + `parent.postMessage({kvitto: 'ready'}, '*') })()`)
	page.Do(`document.querySelector('#klarna-pay-later-main').contentWindow.postMessage('after', '*')`)
	if got := browsertest.Await[[]string](moved, `heard.includes('after') && heard`); len(got) != 1 {
		t.Errorf("a strange origin heard %v", got)
	}
}

// TestLeavingThePage while the flow is open leaves no dead overlay behind.
func TestLeavingThePage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking})
	page := openBuyPage(t, f, "")
	page.Click("#buy")
	page.Frame("klarna-pay-later-fullscreen").Wait(`document.querySelector('[data-testid=step-identify]')`)
	// As the browser does before it keeps the page for the way back.
	page.Do(`dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))`)
	waitResult(page)
	got := browsertest.Eval[object](page, `({result: log.at(-1)[1], frame: document.querySelector('#klarna-pay-later-fullscreen'),
		style: document.body.getAttribute('style'), inert: document.querySelectorAll('[inert]').length})`)
	if diff := cmp.Diff(object{"result": cancelledResult, "frame": nil, "style": nil, "inert": 0.0}, got); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
}

// hurry lets the SDK wait a moment where it waits half a minute for a page. The
// flow's frame is not loaded ahead: on a busy machine it would be, on others not.
const hurry = "before=const slow = setTimeout; window.setTimeout = (run, time) => time === 500 || slow(run, time === 30000 ? 300 : time)"

// TestAPageThatDoesNotCome is a technical failure, and the next call tries again.
func TestAPageThatDoesNotCome(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking})
	f.losePages(true)
	page := f.open(t, strings.ReplaceAll(strings.ReplaceAll(hurry, " ", "%20"), ";", "%3B"))
	load := func() object {
		t.Helper()
		return browsertest.Eval[object](page, `pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
	}
	if got := load(); !cmp.Equal(got, object{"show_form": false}) {
		t.Errorf("load: %v", got)
	}
	if got := browsertest.Eval[object](page, `pay('authorize', {})`); !cmp.Equal(got, object{"show_form": false, "approved": false}) {
		t.Errorf("authorize: %v", got)
	}
	page.WaitConsole("widget.html did not come")
	page.WaitConsole("flow.html did not come")
	f.await(t, "/events", 2, named("failure"))
	if n := len(f.calls("/events")); n < 3 || browsertest.Eval[bool](page, `document.querySelector('iframe') !== null`) {
		t.Error("a frame without its page was left behind")
	}
	f.losePages(false)
	page.Do(`window.setTimeout = slow`)
	if got := load(); !cmp.Equal(got, object{"show_form": true}) {
		t.Errorf("load again: %v", got)
	}
}

// TestAShopInAModalDialog: the flow lies over that too.
func TestAShopInAModalDialog(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking}, answer{body: cancelled})
	page := f.open(t, "html="+url.QueryEscape(`<dialog><div id="box"></div><button id="buy">Buy</button></dialog>`))
	page.Do(`(() => {
		document.querySelector('dialog').showModal()
		document.querySelector('#buy').onclick = () => pay('authorize', {payment_method_category: 'pay_later'}).then(ended('result'))
	})()`)
	page.Click("#buy")
	flow := page.Frame("klarna-pay-later-fullscreen")
	flow.Click("[data-testid=flow-close]")
	if got := waitResult(page); !cmp.Equal(got, [][]any{{"result", cancelledResult}}) {
		t.Errorf("got %v", got)
	}
	if focus := page.Focused(); focus.ID != "buy" {
		t.Errorf("the focus is on %s", focus)
	}
}

// TestTheFlowInAWindow, which was opened in the click.
func TestTheFlowInAWindow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	hold := make(chan struct{})
	f.answer("authorize", answer{body: asking}, answer{body: asking}, answer{body: approved}, answer{body: approved, hold: hold})
	page := openBuyPage(t, f, "POPUP")
	popup := page.Popup(func() { page.Click("#buy") })
	popup.Wait(`document.querySelector('[data-testid=step-identify]') && name === 'apf'`)
	popup.Close()
	if got := waitResult(page); !cmp.Equal(got, [][]any{{"result", cancelledResult}}) {
		t.Errorf("closed: %v", got)
	}
	page.Do(`log.length = 0`)
	popup = page.Popup(func() { page.Click("#buy") })
	popup.Type("input[name=login]", "customer@email.se")
	popup.Press("Enter")
	popup.WaitClosed()
	if got := waitResult(page); !cmp.Equal(got, [][]any{{"result", approvedResult}}) {
		t.Errorf("approved: %v", got)
	}
	page.Do(`log.length = 0`)
	popup = page.Popup(func() { page.Click("#buy") })
	close(hold)
	popup.WaitClosed()
	if got := waitResult(page); !cmp.Equal(got, [][]any{{"result", approvedResult}}) {
		t.Errorf("approved at once: %v", got)
	}
}

// TestABlockedWindow is replaced by the overlay.
func TestABlockedWindow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking})
	page := f.open(t, "")
	page.Do(`void pay('authorize', {payment_method_category: 'pay_later', interaction_mode: 'POPUP'}).then(ended('result'))`)
	page.Frame("klarna-pay-later-fullscreen").Wait(`document.querySelector('[data-testid=step-identify]')`)
	page.WaitConsole("blocked the window")
	page.WaitConsole("authorize was not called in a click")
}

// TestWhatThePageSwitches is read at each call.
func TestWhatThePageSwitches(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	page.Do(`(async () => {
		await pay('authorize', {})
		window.kvitto = {interaction: 'none'}
		await pay('authorize', {})
		await pay('load', {container: '#box'})
		window.kvitto = {}
		await pay('authorize', {})
	})()`)
	var got []any
	for _, r := range append(f.calls("/authorize"), f.calls("/load")...) {
		got = append(got, r.body["interaction"])
	}
	if !cmp.Equal(got, []any{nil, "none", nil, "none"}) {
		t.Errorf("interaction was %v", got)
	}
}

// TestADeveloperIsToldWhatToMend, once per cause.
func TestADeveloperIsToldWhatToMend(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	page.Do(`(another) => (async () => {
		await pay('load', {container: '#box'})
		Klarna.Payments.init({client_token: another})
		await pay('authorize', {order_amount: 1})
		await pay('authorize', {order_amount: 1})
	})()`, f.token(t, object{"session_id": "another"}))
	for _, text := range []string{"still shows the earlier session", "was given order data in the place of its options", "was not called in a click"} {
		page.WaitConsole(text)
		n := 0
		for _, m := range page.Console() {
			if strings.Contains(m.Text, text) {
				n++
				if m.Kind != "warning" || !strings.HasPrefix(m.Text, "[Klarna.Payments by Kvitto] ") {
					t.Errorf("told as %s", m)
				}
			}
		}
		if n != 1 {
			t.Errorf("%q was told %d times", text, n)
		}
	}
	if n := len(f.await(t, "/events", 2, named("init"))); n != 2 {
		t.Errorf("%d events of init", n)
	}
}
