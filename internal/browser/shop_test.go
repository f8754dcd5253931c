package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// object is a JSON object.
type object = map[string]any

// shop is a merchant with one session, and the page its customer looks at.
type shop struct {
	*browsertest.Page

	t       *testing.T
	site    site
	user    string
	server  *client.Client
	session client.NewSession
}

// Words of testdata/shop/shop.js for values that JSON has none for.
const (
	callback  = "@callback"
	undefined = "@undefined"
)

// cart is what the shop sends when it opens a session: one pair of shoes, and a
// customer of whom everything is known that Sweden needs.
func cart(amount int64) object {
	return object{
		"purchase_country": "SE", "purchase_currency": "SEK", "locale": "en-SE", "order_amount": amount, "order_tax_amount": amount / 5,
		"order_lines": []any{object{"name": "Running shoe", "quantity": 1, "unit_price": amount, "tax_rate": 2500, "total_amount": amount, "total_tax_amount": amount / 5}},
		"billing_address": object{"given_name": "Alice", "family_name": "Test", "email": "customer@email.se", "street_address": "Södra Blasieholmshamnen 2",
			"postal_code": "11148", "city": "Stockholm", "phone": "+46701234567", "country": "SE"},
		"customer": object{"date_of_birth": "1941-03-21", "national_identification_number": "194103219202"},
	}
}

const amount = 10000 // 100.00 SEK

// newMerchant is a merchant of the test's own.
func newMerchant(t *testing.T) *shop {
	t.Helper()
	user := regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(t.Name(), "-")
	return &shop{t: t, site: kvitto.site, user: user, server: client.New(kvitto.api, user, "secret")}
}

// newShop opens a session for the cart, and the page with the SDK in it.
func newShop(t *testing.T) *shop {
	t.Helper()
	return newShopFor(t, cart(amount))
}

func newShopFor(t *testing.T, body object) *shop {
	t.Helper()
	s := newMerchant(t)
	s.create(body)
	s.open("/once")
	s.ready()
	return s
}

// ready waits for the SDK on the page and listens to all its events.
func (s *shop) ready() {
	s.t.Helper()
	s.Wait("window.Klarna?.Payments")
	for _, name := range []string{"heightChanged", "fullscreenOverlayShown", "fullscreenOverlayHidden"} {
		s.call("Payments.on", name, "@event:"+name)
	}
}

// headless switches the page to calls without windows and clicks.
func (s *shop) headless() {
	s.t.Helper()
	s.Do("window.kvitto = {interaction: 'none'}")
}

// newReadyShop is a shop whose page has initialized the SDK and loaded the
// widget.
func newReadyShop(t *testing.T) *shop {
	t.Helper()
	return newReadyShopFor(t, cart(amount))
}

func newReadyShopFor(t *testing.T, body object) *shop {
	t.Helper()
	s := newShopFor(t, body)
	s.init()
	s.load()
	return s
}

// create opens a session.
func (s *shop) create(body object) {
	s.t.Helper()
	session, err := s.server.CreateSession(s.t.Context(), body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.session = session
	s.t.Cleanup(s.tell)
}

// tell writes the session's story when the test failed.
func (s *shop) tell() {
	if !s.t.Failed() {
		return
	}
	story, err := s.server.Exchanges(context.WithoutCancel(s.t.Context()), s.session.SessionID)
	if err != nil {
		s.t.Logf("the story of the session: %v", err)
	}
	for _, e := range story {
		s.t.Logf("%s %d %s\n  asked    %s\n  answered %s", e.Operation, e.Status, e.Reason, e.Request, e.Response)
	}
}

// open opens a page of the shop.
func (s *shop) open(path string) {
	s.t.Helper()
	if s.Page == nil {
		s.Page = browsertest.Open(s.t, s.site.shop+path)
		return
	}
	s.Open(s.site.shop + path)
}

func (s *shop) init() {
	s.t.Helper()
	if c := s.call("Payments.init", object{"client_token": s.session.ClientToken}); c.Thrown != nil {
		s.t.Fatalf("init threw %+v", c.Thrown)
	}
}

// load loads the widget of pay_later and wants it to be shown.
func (s *shop) load() {
	s.t.Helper()
	if got := s.result("Payments.load", loading, object{}, callback); got["show_form"] != true {
		s.t.Fatalf("load: %v", got)
	}
}

var (
	loading  = object{"container": "#klarna-container", "payment_method_category": "pay_later"}
	payLater = object{"payment_method_category": "pay_later"}
)

// made is a call of the SDK and what came of it so far.
type made struct {
	Path     string
	Results  [][]any  // the arguments of each call of the callback
	Order    []string // callback and throw, as they happened
	Returned any
	Thrown   *struct {
		Name, Message string
		Error         bool
	}
}

// call makes a call without a click and returns what came of it at once.
func (s *shop) call(path string, args ...any) made {
	s.t.Helper()
	return s.made(s.invoke(path, args...))
}

func (s *shop) invoke(path string, args ...any) int {
	s.t.Helper()
	if args == nil {
		args = []any{}
	}
	return browsertest.Eval[int](s, "invoke", path, args)
}

func (s *shop) made(number int) made {
	s.t.Helper()
	return browsertest.Eval[made](s, "(n) => calls[n]", number)
}

// result makes a call without a click and waits for its callback.
func (s *shop) result(path string, args ...any) object {
	s.t.Helper()
	return s.answer(s.invoke(path, args...))
}

// answer waits for the callback of a call and returns its argument.
func (s *shop) answer(number int) object {
	s.t.Helper()
	s.Wait("(n) => calls[n].results.length > 0", number)
	answer, ok := s.made(number).Results[0][0].(object)
	if !ok {
		s.t.Fatalf("the callback got %v", s.made(number).Results[0])
	}
	return answer
}

// plan says what the buy button does: a call of the SDK.
func (s *shop) plan(path string, args ...any) {
	s.t.Helper()
	s.Do("(p) => { plan = p }", []any{[]any{path, args}})
}

// click presses the buy button, which makes the call, and returns its number.
func (s *shop) click(path string, args ...any) (number int) {
	s.t.Helper()
	s.plan(path, args...)
	before := browsertest.Eval[int](s, "clicked.length")
	s.Click("#buy")
	s.Wait("(n) => clicked.length > n", before)
	return browsertest.Eval[int](s, "(n) => clicked[n]", before)
}

// clicked is the call of the n-th click on the buy button, or nothing.
func (s *shop) clicked(n int) made {
	s.t.Helper()
	return browsertest.Eval[made](s, "(n) => calls[clicked[n]] ?? {}", n)
}

// prime says what comes of the next call.
func (s *shop) prime(next object) {
	s.t.Helper()
	if _, named := next["session_id"]; !named && s.session.SessionID != "" {
		next["session_id"] = s.session.SessionID
	}
	if status, text := s.ask(http.MethodPost, "/kvitto/v1/next", next); status != http.StatusOK {
		s.t.Fatalf("prime: %d %s", status, text)
	}
}

// ask calls Kvitto's own interface with the merchant's credentials.
func (s *shop) ask(method, path string, body any) (status int, text string) {
	s.t.Helper()
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.site.api+path, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	request.SetBasicAuth(s.user, "secret")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

// events are what the SDK told the page by the name: the arguments of each.
func (s *shop) events(name string) [][]any {
	s.t.Helper()
	return browsertest.Eval[[][]any](s, "(name) => events.filter(([n]) => n === name).map(([, ...args]) => args)", name)
}

// update changes the session as the shop's server does.
func (s *shop) update(body object) {
	s.t.Helper()
	if _, err := s.server.UpdateSession(s.t.Context(), s.session.SessionID, body); err != nil {
		s.t.Fatal(err)
	}
}

// prices are the cart without the customer.
func prices(amount int64) object {
	whole := cart(amount)
	return object{"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": whole["order_amount"],
		"order_tax_amount": whole["order_tax_amount"], "order_lines": whole["order_lines"]}
}

// order places the order and returns the amount that was ordered.
func (s *shop) order(token string, body object) (placed client.Order, err error) {
	s.t.Helper()
	return s.server.PlaceOrder(s.t.Context(), token, body)
}

// token is the authorization token of a result that must have one.
func (s *shop) token(result object) string {
	s.t.Helper()
	token, _ := result["authorization_token"].(string)
	if !tokenForm.MatchString(token) {
		s.t.Fatalf("no authorization token in %v", result)
	}
	return token
}

var tokenForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// check compares a result with what is wanted; tokenOf in the wanted one
// stands for a token.
func (s *shop) check(got, want object) {
	s.t.Helper()
	plain := object{}
	for name, value := range got {
		plain[name] = value
	}
	if want["authorization_token"] == someToken {
		if text, _ := plain["authorization_token"].(string); tokenForm.MatchString(text) {
			plain["authorization_token"] = someToken
		}
	}
	gotText, wantText := text(s.t, plain), text(s.t, want)
	if gotText != wantText {
		s.t.Errorf("the result is\n     %s\nwant %s", gotText, wantText)
	}
}

const someToken = "a token"

func text(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// with is a copy of an object with more in it.
func with(base object, more object) object {
	both := object{}
	for _, part := range []object{base, more} {
		for name, value := range part {
			both[name] = value
		}
	}
	return both
}

// operations are the recorded exchanges of the session, by operation.
func (s *shop) operations() string {
	s.t.Helper()
	story, err := s.server.Exchanges(s.t.Context(), s.session.SessionID)
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, e := range story {
		names = append(names, e.Operation)
	}
	return strings.Join(names, " ")
}

// keys are the names of the properties of an object on the page.
func (s *shop) keys(expression string) []string {
	s.t.Helper()
	return browsertest.Eval[[]string](s, "Object.keys("+expression+")")
}

func contains(list []string, wanted string) bool { return slices.Contains(list, wanted) }
