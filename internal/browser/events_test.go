package browser_test

import (
	"slices"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestEvents: each event with its arguments.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	s.Wait("events.some(([n]) => n === 'heightChanged')")
	height := s.events("heightChanged")[0]
	frame := browsertest.Eval[float64](s, "document.getElementById('klarna-pay-later-main').getBoundingClientRect().height")
	if len(height) != 2 || height[0].(float64) < 1 || height[0] != float64(int(height[0].(float64))) || height[1] != "pay_later" {
		t.Errorf("heightChanged had the arguments %v; the frame is %v high", height, frame)
	}
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.sees("step-identify")
	if got := text(t, s.events("fullscreenOverlayShown")); got != `[["pay_later"]]` {
		t.Errorf("fullscreenOverlayShown had the arguments %s", got)
	}
	if got := s.events("fullscreenOverlayHidden"); len(got) != 0 {
		t.Errorf("fullscreenOverlayHidden came too soon: %v", got)
	}
	c.presses("flow-close")
	s.check(s.answer(number), cancelled)
	if got := text(t, s.events("fullscreenOverlayHidden")); got != `[["pay_later"]]` {
		t.Errorf("fullscreenOverlayHidden had the arguments %s", got)
	}
}

// TestSubscriptions: several handlers of one event, one taken off, all taken
// off; subscribed before init; each namespace has its own.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	s := newShopFor(t, strangersCart())
	for _, name := range []string{"one", "two", "three"} {
		s.call("Payments.on", "fullscreenOverlayShown", "@event:"+name)
	}
	s.call("Credit.on", "fullscreenOverlayShown", "@event:credit")
	s.call("Payments.on", "fullscreenOverlayHidden", "@event:gone")
	s.call("Payments.off", "fullscreenOverlayShown", "@event:two")
	s.init()
	s.load()
	for round, want := range []string{"one three gone", "one three gone gone"} {
		number := s.click("Payments.authorize", payLater, object{}, callback)
		c := s.customer()
		c.sees("step-identify")
		c.presses("flow-close")
		s.check(s.answer(number), cancelled)
		var heard []string
		for _, name := range []string{"one", "two", "three", "credit", "gone"} {
			for range s.events(name) {
				heard = append(heard, name)
			}
		}
		if got := joined(heard); got != want {
			t.Errorf("round %d: %q was heard, want %q", round+1, got, want)
		}
		s.call("Payments.off", "fullscreenOverlayShown")
	}
}

// TestSeveralWidgets: one frame for each, with its documented name, and nothing
// else in the containers is touched.
func TestSeveralWidgets(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.init()
	s.Do("document.getElementById('klarna-container').innerHTML = '<p id=ours>Ours</p>'")
	for container, category := range map[string]string{"#klarna-container": "pay_later", "#other-container": "pay_over_time"} {
		s.check(s.result("Payments.load", object{"container": container, "payment_method_category": category}, object{}, callback), shown)
	}
	frames := `[...document.querySelectorAll('iframe[id$="-main"]')].map((f) => f.id + ' ' + f.name + ' ' + f.title + ' in ' + f.parentElement.id).sort()`
	want := []string{"klarna-pay-later-main klarna-pay-later-main Klarna in klarna-container",
		"klarna-pay-over-time-main klarna-pay-over-time-main Klarna in other-container"}
	if got := browsertest.Eval[[]string](s, frames); !slices.Equal(got, want) {
		t.Errorf("the frames are %q, want %q", got, want)
	}
	s.Wait("document.getElementById('ours')?.textContent === 'Ours'")

	// The same container keeps its frame, another gets a new one.
	s.Do("document.getElementById('klarna-pay-later-main').kept = true")
	s.load()
	s.Wait("document.getElementById('klarna-pay-later-main').kept")
	s.check(s.result("Payments.load", with(loading, object{"container": "@element:#other-container"}), object{}, callback), shown)
	if got := browsertest.Eval[[]string](s, frames); len(got) != 2 || got[0] != "klarna-pay-later-main klarna-pay-later-main Klarna in other-container" {
		t.Errorf("after moving the widget the frames are %q", got)
	}
	s.headless()
	s.check(s.result("Payments.authorize", object{"payment_method_category": "pay_over_time"}, object{}, callback), approved)
}
