package pages_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// view is what the server says of the session.
func view(more object) object {
	return with(with(setting, object{"available": true, "methods": []object{payLater}}), more)
}

func openWidget(t *testing.T, look browsertest.View, v object) (page *browsertest.Page, widget *browsertest.Document) {
	t.Helper()
	s := serve(t, nil)
	page = openShop(t, look)
	page.Do("(address) => embed(address, 'widget')", s.url+"/widget.html")
	page.Do("(view) => say({type: 'show', view})", v)
	page.Wait("told.some((m) => m.type === 'rendered')")
	return page, page.Frame("/widget.html")
}

func shown(in *browsertest.Document, name string) string {
	return browsertest.Await[string](in, "(s) => document.querySelector(s)?.textContent", id(name))
}

func TestAWidgetSaysWhatIsPaidAndTellsItsHeight(t *testing.T) {
	t.Parallel()
	page, widget := openWidget(t, browsertest.View{}, view(nil))
	if got := shown(widget, "widget-amount"); got != "£100.00" {
		t.Errorf("the amount is %q", got)
	}
	if got := shown(widget, "widget-method-pay_later"); !strings.HasPrefix(got, "Pay later£100.00You pay £100.00 within 30 days, by ") {
		t.Errorf("the method says %q", got)
	}
	height := "told.findLast((m) => m.type === 'height').height"
	before := browsertest.Eval[int](page, height)
	page.Do("(view) => say({type: 'show', view})", view(object{"order_amount": 12000, "methods": []object{payLater, payParts, payNow}}))
	widget.Wait("(s) => document.querySelector(s)?.textContent === '£120.00'", id("widget-amount"))
	page.Wait("(before) => "+height+" > before", before)
	page.Wait("document.querySelector('iframe').clientHeight === " + height)
	widget.Wait("document.documentElement.scrollHeight <= innerHeight")
}

func TestALinkIsHandedToThePage(t *testing.T) {
	t.Parallel()
	page, widget := openWidget(t, browsertest.View{}, view(nil))
	widget.Click(id("widget-terms"))
	address := browsertest.Await[string](page, "told.find((m) => m.type === 'link')?.url")
	terms := page.Tab(address)
	terms.Wait("document.querySelector('" + id("document-terms") + "')")
	if title := browsertest.Eval[string](terms, "document.title"); title != "Terms" {
		t.Errorf("the link leads to %q", title)
	}
	terms.Axe("terms")
}

func TestAWidgetWearsTheMerchantsColours(t *testing.T) {
	t.Parallel()
	options := object{"color_border": "#ff0000", "color_text": "#112233", "color_details": "javascript:alert(1)", "radius_border": "3px"}
	_, widget := openWidget(t, browsertest.View{}, view(object{"options": options}))
	style := browsertest.Eval[map[string]string](widget, `(({borderTopColor, color, borderTopLeftRadius}) => ({borderTopColor, color, borderTopLeftRadius}))(getComputedStyle(document.querySelector('main')))`)
	want := map[string]string{"borderTopColor": "rgb(255, 0, 0)", "color": "rgb(17, 34, 51)", "borderTopLeftRadius": "3px"}
	if diff := cmp.Diff(want, style); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryWidgetIsForEveryone(t *testing.T) {
	t.Parallel()
	views := map[string]object{
		"one": view(nil), "several": view(object{"methods": []object{payLater, payParts, payNow}}),
		"unavailable": view(object{"available": false}), "saving": view(object{"intent": "tokenize", "order_amount": 0}),
		"buying and saving": view(object{"intent": "buy_and_tokenize"}),
	}
	for _, look := range looks {
		t.Run(fmt.Sprintf("%d dark=%v", look.Width, look.Dark), func(t *testing.T) {
			t.Parallel()
			page, widget := openWidget(t, look, views["one"])
			for name, v := range views {
				page.Do("(view) => say({type: 'show', view})", with(v, object{"merchant_name": name}))
				see := "widget"
				if v["available"] == false {
					see = "widget-unavailable"
				}
				widget.Wait("(s, name) => document.querySelector(s) && (document.querySelector('a')?.href ?? 'merchant=' + name).includes('merchant=' + name.replaceAll(' ', '+'))", id(see), name)
				page.Axe("widget " + name)
				fits(t, "widget "+name, widget)
				page.Screenshot(fmt.Sprintf("widget-%s-%d-dark-%v", name, look.Width, look.Dark))
			}
		})
	}
}

// TestTheTermsTakeANameOnly: anybody can write the address of the page.
func TestTheTermsTakeANameOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for merchant, want := range map[string]string{
		"Kéktó & Fia 2": "for “Kéktó & Fia 2”. You agree",
		"":              "for –. You agree",
		"you. Your card is blocked: call +1 555 or visit https://evil.example/now": "for “you Your card is blocked call +1 555 or visit https evil exa”. You agree",
		"”. <b>Pay\n\u202etwice</b>":                                               "for “b Pay twice b”. You agree",
	} {
		page := browsertest.Open(t, s.url+"/terms.html?"+url.Values{"language": {"en"}, "merchant": {merchant}}.Encode())
		if text := shown(&page.Document, "document-terms"); !strings.Contains(text, want) {
			t.Errorf("%q: %s", merchant, text)
		}
	}
}
