package browser_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// expressButton is what a shop passes for its button.
var expressButton = object{"container": "#klarna-container", "theme": "outlined", "shape": "pill", "locale": "en-GB", "on_click": "@express"}

// TestExpressButton: the button is drawn as documented, and drawn again in the
// place of the first.
func TestExpressButton(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := object{"client_token": s.session.ClientToken}
	if got := s.call("Payments.Buttons.init", token); got.Returned != "@Klarna.Payments.Buttons" {
		t.Errorf("Buttons.init gave %+v", got)
	}
	for range 2 {
		s.check(s.result("Payments.Buttons.load", expressButton, callback), shown)
	}
	buttons := browsertest.Eval[[]string](s, `[...document.querySelectorAll('#klarna-container button')].map((b) => b.id + ' ' + b.className + ' ' + b.getAttribute('aria-label'))`)
	if len(buttons) != 1 || !regexp.MustCompile(`^klarna-express-checkout kec-theme-outlined kec-shape-pill .*Klarna$`).MatchString(buttons[0]) {
		t.Errorf("the buttons are %q", buttons)
	}
	look(t, s.Page, "express")
}

// TestExpressMisuse: a load that cannot be done tells its callback, or throws
// when there is none.
func TestExpressMisuse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if got := s.call("Payments.Buttons.init", object{}); got.Thrown == nil {
		t.Errorf("Buttons.init without anything gave %+v", got)
	}
	s.call("Payments.Buttons.init", object{"client_token": s.session.ClientToken})
	for _, options := range []object{{"container": "#klarna-container"}, {"on_click": "@express"}, with(expressButton, object{"container": "#nowhere"})} {
		got := s.call("Payments.Buttons.load", options, callback)
		if len(got.Results) != 1 || got.Thrown != nil {
			t.Errorf("Buttons.load(%v, callback) gave %+v", options, got)
			continue
		}
		if result := got.Results[0][0].(object); result["show_form"] != false || result["error"] == nil {
			t.Errorf("Buttons.load(%v, callback) called back %v", options, result)
		}
		if got := s.call("Payments.Buttons.load", options); got.Thrown == nil {
			t.Errorf("Buttons.load(%v) threw nothing", options)
		}
	}
}

// TestExpressWithAToken: the window opens in the click, and the shop gets the
// address that was collected.
func TestExpressWithAToken(t *testing.T) {
	t.Parallel()
	s := newShopFor(t, strangersCart())
	s.call("Payments.Buttons.init", object{"client_token": s.session.ClientToken})
	s.check(s.result("Payments.Buttons.load", expressButton, callback), shown)
	s.Do("(args) => { expressArguments = args }", []any{object{"collect_shipping_address": true}, nil, callback})
	window := s.Popup(func() { s.Click("#klarna-express-checkout") })
	c := &customer{shop: s, page: window, flow: &window.Document}
	c.identifies("customer@email.se")
	c.enters("123456")
	c.flow.Wait("document.querySelector('[data-testid=step-method], [data-testid=step-confirm]')")
	if browsertest.Eval[bool](c.flow, "document.querySelector('[data-testid=step-method]') !== null") {
		c.submits()
	}
	c.confirms()
	c.leaves()
	result := s.answer(browsertest.Eval[int](s, "clicked[0]"))
	if result["approved"] != true || result["session_id"] != s.session.SessionID || result["client_token"] != s.session.ClientToken {
		t.Errorf("the result is %v", result)
	}
	address, _ := result["collected_shipping_address"].(object)
	if address["city"] != "Stockholm" || address["given_name"] != "Alice" {
		t.Errorf("the collected address is %v", address)
	}
	s.orders(s.token(result), amount)
}

// TestExpressWithAClientID: the browser makes the session, and a finalize on a
// later page gives the token.
func TestExpressWithAClientID(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.open("/once")
	s.ready()
	s.headless()
	id := "klarna_test_client_" + base64.RawURLEncoding.EncodeToString([]byte(s.user))
	s.call("Payments.Buttons.init", object{"client_id": id, "integrator": object{}, "originators": []any{}})
	s.check(s.result("Payments.Buttons.load", expressButton, callback), shown)
	s.Do("(args) => { expressArguments = args }", []any{object{"collect_shipping_address": true, "auto_finalize": false}, cart(amount), callback})
	s.Click("#klarna-express-checkout")
	s.Wait("clicked.length === 1")
	result := s.answer(browsertest.Eval[int](s, "clicked[0]"))
	categories, _ := result["payment_method_categories"].([]any)
	if result["approved"] != true || result["finalize_required"] != true || len(categories) == 0 {
		t.Fatalf("the result is %v", result)
	}
	s.session.ClientToken, _ = result["client_token"].(string)
	s.session.SessionID, _ = result["session_id"].(string)
	s.open("/once")
	s.ready()
	s.init()
	s.headless()
	result = s.result("Payments.finalize", object{}, cart(amount), callback)
	s.check(result, approved)
	s.orders(s.token(result), amount)
}

// TestPaymentReview: the chosen way to pay is shown again, where the country
// has that.
func TestPaymentReview(t *testing.T) {
	t.Parallel()
	body := cart(amount)
	body["purchase_country"], body["purchase_currency"], body["locale"] = "GB", "GBP", "en-GB"
	body["billing_address"] = object{"given_name": "Test", "family_name": "Person-uk", "email": "customer@email.uk", "street_address": "10 New Burlington Street",
		"postal_code": "W1S 3BE", "city": "London", "phone": "+447755564318", "country": "GB"}
	s := newShopFor(t, body)
	s.init()
	s.headless()
	s.check(s.result("Payments.authorize", with(payLater, object{"auto_finalize": false}), object{}, callback), preliminary)
	s.open("/once")
	s.ready()
	s.init()
	s.check(s.result("Payments.loadPaymentReview", object{"container": "#klarna-container"}, callback), shown)
	frame := browsertest.Eval[string](s, "((f) => f.id + ' ' + f.title)(document.querySelector('#klarna-container iframe'))")
	if frame != "klarna-payment-review-main Klarna Payment Review" {
		t.Errorf("the frame is %q", frame)
	}
	review := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-payment-review-main")}
	if got := review.reads("widget"); !strings.Contains(got, "100") {
		t.Errorf("the review says %q", got)
	}
	look(t, s.Page, "payment-review")
	if got := s.call("Payments.loadPaymentReview", object{"container": "#nowhere"}, callback); got.Thrown == nil || got.Thrown.Name != "InvalidContainerSelectorError" {
		t.Errorf("a review into nothing threw %+v", got.Thrown)
	}
}

// TestDocumentsOfTheWidget: a link goes to the shop that wants it, else to a
// window of its own.
func TestDocumentsOfTheWidget(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.init()
	s.check(s.result("Payments.load", with(loading, object{"on_show_external_document": "@document:true"}), object{}, callback), shown)
	widget := s.Frame("klarna-pay-later-main")
	widget.Click(id("widget-terms"))
	s.Wait("events.some(([n]) => n === 'document')")
	s.check(s.result("Payments.load", with(loading, object{"on_show_external_document": "@document:false"}), object{}, callback), shown)
	widget.Click(id("widget-terms"))
	s.Wait("events.filter(([n]) => n === 'document').length === 2")
	for _, args := range s.events("document") {
		if address, _ := args[0].(string); !strings.HasPrefix(address, kvitto.front.url+"/kp/terms.html") {
			t.Errorf("the document is %v", args)
		}
	}
	terms := browsertest.Open(t, s.events("document")[0][0].(string))
	terms.Wait("document.querySelector('[data-testid=document-terms]')")
	look(t, terms, "terms")
}
