package widget_test

import (
	"net/url"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// openFrame is the frame of the flow that lies over the page.
const openFrame = `[...document.querySelectorAll('iframe[id$=fullscreen]')].filter((f) => getComputedStyle(f).visibility === 'visible')`

// TestOneFlowAtATime: of two calls of different widgets in the same turn both
// are sent; the first that needs the flow has it, and it can be used.
func TestOneFlowAtATime(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]string{
		"two widgets":      `Klarna.Payments.authorize({payment_method_category: 'pay_now'}, {}, ended('result'))`,
		"an old namespace": `Klarna.DirectDebit.init({client_token: token}).reauthorize({}, ended('result'))`,
		// Called without a click the browser blocks its window.
		"an Express button": `(Klarna.Payments.Buttons.init({client_token: token}), Klarna.Payments.Buttons.authorize({}, null, ({client_token, session_id, ...result}) => ended('result')(result)))`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer("authorize", answer{body: asking})
			f.answer("reauthorize", answer{body: asking})
			page := f.open(t, buyPage)
			page.Do(`(Klarna.Payments.authorize({payment_method_category: 'pay_later'}, {}, ended('result')), ` + second + `, undefined)`)
			if diff := cmp.Diff([][]any{{"result", cancelledResult}}, waitResult(page)); diff != "" {
				t.Errorf("the one without the flow (- wanted, + got):\n%s", diff)
			}
			page.WaitConsole("needs the purchase flow while another one is open")
			shown := browsertest.Await[string](page, openFrame+`.length === 1 && `+openFrame+`[0].id`)
			if browsertest.Eval[bool](page, openFrame+`[0].inert`) {
				t.Error("the open flow is inert")
			}
			f.answer("authorize", answer{body: approved})
			f.answer("reauthorize", answer{body: approved})
			flow := page.Frame(shown)
			flow.Type("input[name=login]", "customer@email.se")
			page.Press("Enter")
			page.Wait(`log.length === 2`)
			if got := browsertest.Eval[[]any](page, `log[1]`); !cmp.Equal(got, []any{"result", approvedResult}) {
				t.Errorf("the one with the flow: %v", got)
			}
			if n := browsertest.Eval[int](page, `document.querySelectorAll('[inert]').length + document.body.style.length`); n != 0 {
				t.Error("the page was not given back")
			}
		})
	}
}

// TestNothingIsCalledBesideAnOpenFlow, whatever widget or namespace it is of.
func TestNothingIsCalledBesideAnOpenFlow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking}, answer{body: cancelled}, answer{body: approved})
	page := openBuyPage(t, f, "")
	page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_now'})`)
	page.Wait(`document.querySelector('#klarna-pay-now-fullscreen')`)
	page.Click("#buy")
	page.Frame("klarna-pay-later-fullscreen").Wait(`document.querySelector('[data-testid=step-identify]')`)
	if browsertest.Eval[bool](page, `document.querySelector('#klarna-pay-now-fullscreen').inert`) {
		t.Error("a frame of the flow was made inert")
	}
	page.Do(`(() => {
		void pay('authorize', {payment_method_category: 'pay_now'}).then(ended('another widget'))
		Klarna.DirectDebit.init({client_token: token}).reauthorize({}, ended('another namespace'))
		Klarna.Payments.Buttons.init({client_token: token})
		Klarna.Payments.Buttons.authorize({}, null, ended('Express'))
	})()`)
	for _, call := range []string{"authorize", "reauthorize", "Buttons.authorize"} {
		page.WaitConsole(" " + call + " was called while a purchase flow is open")
	}
	page.Press("Escape")
	waitResult(page)
	// The right to the flow is free again.
	page.Do(`pay('authorize', {payment_method_category: 'pay_now'}).then(ended('after'))`)
	if got := browsertest.Eval[string](page, `log.map(([name]) => name).join()`); got != "fullscreenOverlayShown,fullscreenOverlayHidden,result,after" {
		t.Errorf("called back: %s", got)
	}
	if n := len(f.calls("reauthorize")); n != 0 {
		t.Errorf("%d ignored calls were sent", n)
	}
}

// TestAWindowIsAnOpenFlow from the click on, and until it is closed.
func TestAWindowIsAnOpenFlow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release) // before the server ends
	f.answer("authorize", answer{body: asking, hold: hold}, answer{body: approved})
	page := f.open(t, "html="+url.QueryEscape(`<button id="buy">Buy</button>`))
	page.Do(`(() => { document.querySelector('#buy').onclick = () => pay('authorize', {payment_method_category: 'pay_later', interaction_mode: 'POPUP'}).then(ended('result')) })()`)
	popup := page.Popup(func() { page.Click("#buy") })
	page.Do(`void pay('authorize', {payment_method_category: 'pay_now'}).then(ended('ignored'))`)
	page.WaitConsole("authorize was called while a purchase flow is open")
	release()
	popup.Wait(`document.querySelector('[data-testid=step-identify]')`)
	popup.Close()
	waitResult(page)
	page.Do(`pay('authorize', {payment_method_category: 'pay_now'}).then(ended('after'))`)
	if got := browsertest.Eval[string](page, `log.map(([name]) => name).join()`); got != "result,after" {
		t.Errorf("called back: %s", got)
	}
}

// TestAFlowThatEndedDoesNotComeBack: a frame that is moved in the page loads its
// page again, which says that it is ready.
func TestAFlowThatEndedDoesNotComeBack(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("authorize", answer{body: asking}, answer{body: approved}, answer{body: asking})
	page := openBuyPage(t, f, "")
	page.Click("#buy")
	flow := page.Frame("klarna-pay-later-fullscreen")
	flow.Type("input[name=login]", "customer@email.se")
	page.Press("Enter")
	waitResult(page)
	page.Do(`new Promise((ready) => {
		addEventListener('message', (event) => { if (event.data?.kvitto === 'ready') setTimeout(ready) })
		document.body.prepend(document.querySelector('#klarna-pay-later-fullscreen'))
	})`)
	got := browsertest.Eval[object](page, `({shown: `+openFrame+`.length, style: document.body.getAttribute('style'), inert: document.querySelectorAll('[inert]').length,
		log: log.map(([name]) => name)})`)
	want := object{"shown": 0.0, "style": nil, "inert": 0.0, "log": []any{"fullscreenOverlayShown", "fullscreenOverlayHidden", "result"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- wanted, + got):\n%s", diff)
	}
	// The page that came serves the next call.
	page.Click("#buy")
	flow.Wait(`document.querySelector('[data-testid=step-identify]')`)
}

// confirming is the last step of a flow.
var confirming = object{"revision": 4, "notes": []string{}, "ask": merged(merged(object{}, asking["ask"].(object)), object{
	"step": "confirm", "terms": object{"payment_method_category": "pay_later", "order_amount": 10000, "purchase_currency": "SEK", "number_of_days": 30, "number_of_installments": 1},
})}

// TestAWidgetThatIsRemovedEndsItsFlow also while the server is busy: a question
// is given up, a decision is waited for and its result is the shop's.
func TestAWidgetThatIsRemovedEndsItsFlow(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		first answer
		act   string
		last  answer
		want  object
	}{
		"during a question": {answer{body: asking}, "button-submit", answer{body: cancelled}, cancelledResult},
		"during a decision": {answer{body: confirming}, "button-submit", answer{}, failedResult},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			hold := make(chan struct{})
			release := sync.OnceFunc(func() { close(hold) })
			t.Cleanup(release) // before the server ends
			held := answer{body: object{"revision": 5, "notes": []string{}, "result": failedResult}, hold: hold}
			answers := []answer{row.first, held}
			if row.last.body != nil {
				answers = append(answers, row.last)
			}
			f.answer("authorize", answers...)
			page := f.open(t, "")
			page.Do(`pay('load', {container: '#box', payment_method_category: 'pay_later'})`)
			page.Do(`void pay('authorize', {payment_method_category: 'pay_later'}).then(ended('result'))`)
			flow := page.Frame("klarna-pay-later-fullscreen")
			flow.Wait(`document.querySelector('form')`)
			flow.Do(`(() => { const login = document.querySelector('[name=login]'); if (login) login.value = 'customer@email.se' })()`)
			flow.Click("[data-testid=" + row.act + "]")
			f.await(t, "/authorize", 2)
			page.Do(`document.querySelector('#box').replaceChildren()`)
			if row.last.body == nil {
				flow.Wait(`document.querySelector('[role=status]').textContent === 'Closing…'`)
				release()
			}
			if diff := cmp.Diff([][]any{{"result", row.want}}, waitResult(page)); diff != "" {
				t.Errorf("(- wanted, + got):\n%s", diff)
			}
			last := f.calls("/authorize")[len(answers)-1].body["answers"].(object)
			if (last["cancelled"] == true) != (row.last.body != nil) {
				t.Errorf("at last the server was told %v", last)
			}
			page.Wait(`!document.querySelector('iframe') && document.body.style.position === ''`)
		})
	}
}
