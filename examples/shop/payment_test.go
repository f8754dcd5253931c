package shop_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
)

func decodeSegment(t *testing.T, segment string) []byte {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// TestTheCartAddsUp: two mugs at 249.00, a towel at 189.00 and shipping at
// 49.00, with 25 % tax inside.
func TestTheCartAddsUp(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	c.change("towel", "add")
	c.change("mug", "more")
	session := w.session(t, c.visit("checkout").sessionID(t))
	if session.OrderAmount != 73600 || session.OrderTaxAmount != 14720 {
		t.Errorf("the session has %d with tax %d, want 73600 with 14720", session.OrderAmount, session.OrderTaxAmount)
	}
	want := []client.OrderLine{
		{Type: "physical", Reference: "mug", Name: "Stoneware mug", Quantity: 2, UnitPrice: 24900, TaxRate: 2500, TotalAmount: 49800, TotalTaxAmount: 9960},
		{Type: "physical", Reference: "towel", Name: "Linen tea towel", Quantity: 1, UnitPrice: 18900, TaxRate: 2500, TotalAmount: 18900, TotalTaxAmount: 3780},
		{Type: "shipping_fee", Reference: "shipping", Name: "Shipping", Quantity: 1, UnitPrice: 4900, TaxRate: 2500, TotalAmount: 4900, TotalTaxAmount: 980},
	}
	if len(session.OrderLines) != len(want) {
		t.Fatalf("the session has the lines %+v", session.OrderLines)
	}
	for i, line := range session.OrderLines {
		if line != want[i] {
			t.Errorf("line %d is %+v, want %+v", i, line, want[i])
		}
	}
}

// TestEveryMarketIsTaken: the payment server accepts the sums and taxes of
// carts of every size in every market, in its currency and language.
func TestEveryMarketIsTaken(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	for country, want := range map[string][2]string{
		"SE": {"SEK", "sv-SE"}, "DE": {"EUR", "de-DE"}, "FI": {"EUR", "fi-FI"}, "FR": {"EUR", "fr-FR"},
		"GB": {"GBP", "en-GB"}, "NL": {"EUR", "nl-NL"}, "NO": {"NOK", "nb-NO"}, "US": {"USD", "en-US"},
	} {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			c := w.customer(t)
			c.submit("market", url.Values{"country": {country}})
			for _, product := range []string{"mug", "teapot", "towel", "board", "throw", "lamp", "candles", "notebook"} {
				c.change(product, "add")
				session := w.session(t, c.visit("checkout").sessionID(t))
				if session.PurchaseCountry != country || session.PurchaseCurrency != want[0] || session.Locale != want[1] {
					t.Errorf("the session is in %s, %s, %s", session.PurchaseCountry, session.PurchaseCurrency, session.Locale)
				}
				if country != "US" && (session.OrderTaxAmount <= 0 || session.OrderTaxAmount >= session.OrderAmount/4) {
					t.Errorf("tax %d of %d", session.OrderTaxAmount, session.OrderAmount)
				}
			}
		})
	}
}

func TestTheSessionFollowsTheCart(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	first := c.visit("checkout")
	id := first.sessionID(t)
	for _, step := range []struct {
		product, change string
		amount          int64
	}{{"mug", "more", 54700}, {"candles", "add", 70600}, {"mug", "less", 45700}, {"candles", "remove", 29800}} {
		c.change(step.product, step.change)
		if session := w.session(t, id); session.OrderAmount != step.amount {
			t.Errorf("after %s %s the session has %d, want %d", step.change, step.product, session.OrderAmount, step.amount)
		}
	}
	if again := c.visit("checkout").sessionID(t); again != id {
		t.Errorf("the checkout opened another session: %s, then %s", id, again)
	}
	if first.shown(t, "total") != "298,00 kr" {
		t.Errorf("the checkout showed %q", first.shown(t, "total"))
	}
}

func TestAnotherMarketIsAnotherSession(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	swedish := c.visit("checkout").sessionID(t)
	c.submit("market", url.Values{"country": {"GB"}})
	british := c.visit("checkout")
	if british.sessionID(t) == swedish {
		t.Error("the session of one country was kept for another")
	}
	if total := british.shown(t, "total"); total != "£23.45" {
		t.Errorf("the British total is %q", total)
	}
}

func TestASessionThatIsGoneIsOpenedAnew(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	first := c.visit("checkout").sessionID(t)
	w.Advance(49 * time.Hour)
	second := c.visit("checkout").sessionID(t)
	if second == first || w.session(t, second).OrderAmount != 29800 {
		t.Errorf("after two days the session is %s, before %s", second, first)
	}
}

func TestTheOrderIsTheCart(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	id := c.visit("checkout").sessionID(t)
	token := w.approve(t, id, client.BrowserCall{}).AuthorizationToken
	// What a browser says about prices is not listened to.
	status, answer := c.send("order", map[string]any{"authorization_token": token, "billing_address": alice, "order_amount": 1, "order_lines": []any{}})
	if status != http.StatusOK {
		t.Fatalf("the order was answered with %d %v", status, answer)
	}
	location, _ := answer["location"].(string)
	thanks := c.do(mustRequest(t, location))
	if got := thanks.Request.URL.Path; got != "/confirmation" {
		t.Errorf("the redirect URL %s led to %s", location, got)
	}
	if thanks.shown(t, "order-total") != "298,00 kr" || thanks.shown(t, "fraud-status") != "ACCEPTED" || thanks.shown(t, "order-id") == "" {
		t.Errorf("the confirmation is\n%s", thanks.text)
	}
	if session := w.session(t, id); session.Status != "complete" {
		t.Errorf("the session is %s", session.Status)
	}
	if again := c.visit("cart").state(t); again.Count != 0 {
		t.Errorf("after the order the cart has %d", again.Count)
	}

	// A second click, and a click whose first answer was lost.
	for _, body := range []map[string]any{{"authorization_token": token, "billing_address": alice}, {}} {
		if status, again := c.send("order", body); status != http.StatusOK || again["location"] != location {
			t.Errorf("the same order again was answered with %d %v", status, again)
		}
	}
	if orders := strings.Count(c.visit("calls").text, "/order</code>"); orders != 1 {
		t.Errorf("the shop placed %d orders", orders)
	}
}

func mustRequest(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAChangedCartIsNotOrdered: the old approval is refused and explained, and
// a new one is good.
func TestAChangedCartIsNotOrdered(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	id := c.visit("checkout").sessionID(t)
	old := w.approve(t, id, client.BrowserCall{}).AuthorizationToken
	c.change("mug", "more")
	status, answer := c.send("order", map[string]any{"authorization_token": old, "billing_address": alice})
	if status != http.StatusConflict || answer["again"] != true {
		t.Fatalf("the old approval was answered with %d %v", status, answer)
	}
	explanation, _ := answer["explanation"].(string)
	explained := c.visit(strings.TrimPrefix(explanation, "/"))
	for _, want := range []string{"create_order: 409", "order_amount", "54700", "29800"} {
		if !strings.Contains(explained.text, want) {
			t.Errorf("the explanation does not say %q:\n%s", want, explained.text)
		}
	}
	if w.session(t, id).Status != "incomplete" {
		t.Error("something was ordered")
	}

	result, err := w.Client.Reauthorize(t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := c.send("order", map[string]any{"authorization_token": result.AuthorizationToken, "billing_address": alice}); status != http.StatusOK {
		t.Errorf("the new approval was answered with %d %v", status, answer)
	}
	if total := c.visit("confirmation").shown(t, "order-total"); total != "547,00 kr" {
		t.Errorf("ordered were %s", total)
	}
}

func TestATokenThatEndedAsksForApproval(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	id := c.visit("checkout").sessionID(t)
	token := w.approve(t, id, client.BrowserCall{}).AuthorizationToken
	w.Advance(61 * time.Minute)
	status, answer := c.send("order", map[string]any{"authorization_token": token, "billing_address": alice})
	if status != http.StatusConflict || answer["again"] != true {
		t.Errorf("a token of yesterday was answered with %d %v", status, answer)
	}
}

// TestTheStepsHandOn: address, a preliminary approval, finalize on the review
// page, order.
func TestTheStepsHandOn(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	if got := c.visit("checkout/address").Request.URL.Path; got != "/cart" {
		t.Errorf("an empty cart is led to %s", got)
	}
	c.change("lamp", "add")
	if got := c.visit("checkout/payment").Request.URL.Path; got != "/checkout/address" {
		t.Errorf("a payment without an address is led to %s", got)
	}
	if got := c.visit("checkout/review").Request.URL.Path; got != "/checkout/address" {
		t.Errorf("a review without an approval is led to %s", got)
	}
	fields := url.Values{}
	for name, value := range alice {
		fields.Set(name, value.(string))
	}
	payment := c.submit("checkout/address", fields)
	if payment.Request.URL.Path != "/checkout/payment" {
		t.Fatalf("the address led to %s", payment.Request.URL)
	}
	id, later := payment.sessionID(t), false
	first := w.approve(t, id, client.BrowserCall{PaymentMethodCategory: "pay_later", AutoFinalize: &later})
	if !first.FinalizeRequired {
		t.Fatalf("authorize answered %s", first.Raw)
	}
	c.send("authorization", map[string]any{"payment_method_category": "pay_later", "finalize_required": true})
	review := c.visit("checkout/review")
	if a := review.state(t).Approval; a == nil || !a.FinalizeRequired || !a.Current {
		t.Errorf("the review page knows the approval %+v", a)
	}
	if review.sessionID(t) != id {
		t.Error("the review page has another session")
	}
	if status, _ := c.send("order", map[string]any{}); status != http.StatusConflict {
		t.Errorf("an order without a token was answered with %d", status)
	}
	final, err := w.Client.Finalize(t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := c.send("order", map[string]any{"authorization_token": final.AuthorizationToken, "billing_address": alice}); status != http.StatusOK {
		t.Errorf("the order was answered with %d %v", status, answer)
	}
}

func TestTheReviewKnowsWhetherTheApprovalHolds(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.submit("scenarios/update-after-authorize", nil)
	id := c.visit("checkout/payment").sessionID(t)
	result := w.approve(t, id, client.BrowserCall{})
	c.send("authorization", map[string]any{"authorization_token": result.AuthorizationToken})
	for _, step := range []struct {
		change  string
		current bool
	}{{"", true}, {"more", false}, {"less", true}} {
		if step.change != "" {
			c.change("teapot", step.change)
		}
		if a := c.visit("checkout/review").state(t).Approval; a == nil || a.Current != step.current {
			t.Errorf("after %q the approval is %+v, want current %t", step.change, a, step.current)
		}
	}
	// Back at what was approved, the shop's own copy of the token is good.
	if status, answer := c.send("order", map[string]any{}); status != http.StatusOK {
		t.Errorf("the order was answered with %d %v", status, answer)
	}
}

// callbackURL is what the shop told the payment server.
func (w world) callbackURL(t *testing.T, sessionID, name string) string {
	t.Helper()
	var told struct {
		URLs map[string]string `json:"merchant_urls"`
	}
	if err := json.Unmarshal(w.session(t, sessionID).Raw, &told); err != nil {
		t.Fatal(err)
	}
	return told.URLs[name]
}

// TestTheCallbackBringsTheToken: the customer's page was lost after authorize,
// and the payment server tells the shop. Nobody else can.
func TestTheCallbackBringsTheToken(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c, server := w.customer(t), w.customer(t)
	c.submit("scenarios/update-after-authorize", nil)
	id := c.visit("checkout/payment").sessionID(t)
	path := strings.TrimPrefix(w.callbackURL(t, id, "authorization"), w.shop)
	wrong, _, _ := strings.Cut(path, "?")
	known := func() bool { return c.visit("checkout/review").Request.URL.Path == "/checkout/review" }
	for _, try := range []struct {
		path, session string
		status        int
	}{{wrong, id, 404}, {wrong + "?key=guessed", id, 404}, {path, "another-session", 200}} {
		if status := server.post(try.path, map[string]any{"session_id": try.session, "authorization_token": "made-up"}); status != try.status {
			t.Errorf("%s of %s was answered with %d, want %d", try.path, try.session, status, try.status)
		}
		if known() {
			t.Errorf("after %s of %s the shop knows an approval", try.path, try.session)
		}
	}
	token := w.approve(t, id, client.BrowserCall{}).AuthorizationToken
	for deadline := time.Now().Add(30 * time.Second); !known(); {
		if time.Now().After(deadline) {
			t.Fatal("the payment server did not tell the shop")
		}
	}
	// Once more is as good.
	if status := server.post(path, map[string]any{"session_id": id, "authorization_token": token}); status != 200 || !known() {
		t.Errorf("the second time was answered with %d", status)
	}
	if status, answer := c.send("order", map[string]any{}); status != http.StatusOK {
		t.Errorf("the order was answered with %d %v", status, answer)
	}
}

// post is send for answers that are no JSON.
func (c *customer) post(path string, body any) int {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(c.request(http.MethodPost, path, "application/json", string(text))).StatusCode
}

func TestTheNotificationEndsAPendingOrder(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("lamp", "add")
	id := c.visit("checkout").sessionID(t)
	path := strings.TrimPrefix(w.callbackURL(t, id, "notification"), w.shop)
	token := w.approve(t, id, client.BrowserCall{Outcome: client.Refer}).AuthorizationToken
	if status, answer := c.send("order", map[string]any{"authorization_token": token, "billing_address": alice}); status != http.StatusOK {
		t.Fatalf("the order was answered with %d %v", status, answer)
	}
	pending := c.visit("confirmation")
	if pending.shown(t, "fraud-status") != "PENDING" {
		t.Fatalf("the order is %s", pending.shown(t, "fraud-status"))
	}
	for _, say := range []struct{ order, want string }{{"another-order", "PENDING"}, {pending.shown(t, "order-id"), "ACCEPTED"}} {
		c.post(path, map[string]any{"order_id": say.order, "event_type": "FRAUD_RISK_ACCEPTED"})
		if got := c.visit("confirmation").shown(t, "fraud-status"); got != say.want {
			t.Errorf("after the word on %s the order is %s, want %s", say.order, got, say.want)
		}
	}
}
