package pages_test

import (
	"fmt"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// looks are how customers look at a page: the narrowest screen that must do,
// the widths of the screenshots, light and dark.
var looks = []browsertest.View{
	{Width: 320, Height: 640, ReducedMotion: true}, {Width: 360, Height: 740, Dark: true, ReducedMotion: true},
	{Width: 768, Height: 900, ReducedMotion: true}, {Width: 1280, Height: 900, Dark: true, ReducedMotion: true},
}

// fits fails where something is wider than the screen.
func fits(t *testing.T, what string, in *browsertest.Document) {
	t.Helper()
	if over := browsertest.Eval[int](in, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		t.Errorf("%s is %d pixels wider than the screen", what, over)
	}
	if over := browsertest.Eval[int](in, "(document.querySelector('.place') ?? document.body).scrollWidth - (document.querySelector('.place') ?? document.body).clientWidth"); over > 0 {
		t.Errorf("%s is %d pixels wider than the dialog", what, over)
	}
}

// targets fails for a control that is too small for a finger.
func targets(t *testing.T, what string, in *browsertest.Document) {
	t.Helper()
	small := browsertest.Eval[[]string](in, `[...document.querySelectorAll('button, input:not([type=radio]), .choice label, summary')]
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 120))`)
	if len(small) > 0 {
		t.Errorf("%s has controls below 44 pixels: %v", what, small)
	}
}

// screens are the states of the flow that can be started at once, by name.
var screens = []struct {
	name string
	ask  object
	then object // the result that a submission brings, if one is to be seen
	see  string
}{
	{"identify", ask("identify", object{"login": "known@email.uk"}), nil, "step-identify"},
	{"identify-problem", ask("identify", with(problem("login", "invalid"), object{"login": "x"})), nil, "problem-login"},
	{"code", ask("code", object{"login": "a@b.uk"}), nil, "step-code"},
	{"details", ask("details", with(problem("billing_address.family_name", "required"), object{"fields": append(fields[:2:2], object{"path": "customer.date_of_birth", "value": "1941-03-21", "type": "date"})})), nil, "step-details"},
	{"method", ask("method", object{"methods": []object{payLater, payParts, payNow}, "preferred": "pay_later"}), nil, "step-method"},
	{"confirm", confirm, nil, "step-confirm"},
	{"changed", with(confirm, with(problem("consent", "changed"), object{"agreed": with(payParts, object{"order_amount": 9000, "purchase_currency": "GBP"})})), nil, "comparison"},
	{"approved", confirm, with(approved, object{"finalize_required": true}), "result-approved"},
	{"denied", confirm, denied, "result-denied"},
	{"mend", confirm, with(cancelled, object{"error": object{"invalid_fields": []string{"billing_address.email"}}}), "result-mend"},
	{"failure", confirm, object{"fail": true}, "result-failure"},
}

// TestEveryScreenIsForEveryone looks at each screen with axe, at every width.
// KVITTO_SCREENSHOTS keeps what it saw.
func TestEveryScreenIsForEveryone(t *testing.T) {
	t.Parallel()
	for _, look := range looks {
		t.Run(fmt.Sprintf("%d dark=%v", look.Width, look.Dark), func(t *testing.T) {
			t.Parallel()
			var result object
			s := serve(t, func(int, request) (int, any) {
				if result["fail"] != nil {
					return 500, object{"correlation_id": "11111111-2222-3333-4444-555555555555"}
				}
				return results(result)
			})
			c := openFlow(t, s, look, screens[0].ask)
			c.sees("step-identify")
			for _, screen := range screens {
				result = screen.then
				c.start(screen.ask)
				if result != nil {
					c.flow.Click(id("button-submit"))
				}
				c.sees(screen.see)
				c.flow.Do("document.querySelectorAll('details').forEach((d) => { d.open = true })")
				c.Axe(screen.name)
				fits(t, screen.name, c.flow)
				targets(t, screen.name, c.flow)
				c.Screenshot(fmt.Sprintf("flow-%s-%d-dark-%v", screen.name, look.Width, look.Dark))
			}
		})
	}
}

// TestEveryLanguageFits: the longest words of any language have room on the
// narrowest screen, and the document says its language.
func TestEveryLanguageFits(t *testing.T) {
	t.Parallel()
	s := serve(t, conversation(approved))
	c := openFlow(t, s, looks[0], screens[0].ask)
	for _, language := range languages() {
		for _, screen := range screens {
			if screen.then != nil {
				continue
			}
			c.start(with(screen.ask, object{"language": language, "locale": language}))
			c.flow.Wait("(language) => document.documentElement.lang === language", language)
			c.sees(screen.see)
			fits(t, language+" "+screen.name, c.flow)
		}
		want := locale(t, language)["changed.title"][""]
		if got := browsertest.Eval[string](c.flow, "document.getElementById('title').textContent"); got != want {
			t.Errorf("%s: the heading is %q, wanted %q", language, got, want)
		}
		c.Screenshot("flow-language-" + language)
	}
}
