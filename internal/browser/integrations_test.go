package browser_test

import "testing"

// step is a call as a plugin makes it, with the result it goes on with.
type step struct {
	path string
	args []any
	want object // nil: the plugin gave no callback
}

// later opens the page again, as the review page of a shop.
const laterPage = "the shop's next page"

// TestIntegrations: the calls of real plugins, exactly as they make them. The
// names are those of the plugins.
func TestIntegrations(t *testing.T) {
	t.Parallel()
	for plugin, steps := range integrations {
		t.Run(plugin, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.init()
			s.headless()
			for i, step := range steps {
				s.take(t, i, step)
			}
		})
	}
}

// What plugins send, and where their widgets are.
const container = "#klarna-container"

var (
	both        = object{"billing_address": cart(amount)["billing_address"], "shipping_address": cart(amount)["billing_address"]}
	attachment  = object{"content_type": "application/vnd.klarna.internal.emd-v2+json", "body": `{"customer_account_info":[]}`}
	noAddresses = prices(amount)
)

// integrations are the calls of each plugin, in order.
var integrations = map[string][]step{
	"woocommerce": {
		{"Payments.load", []any{object{"container": container, "payment_method_category": "pay_later", "purchase_amount": amount}, callback}, shown},
		{"Payments.init", nil, nil},
		{"Payments.load", []any{object{"container": container, "payment_method_category": "pay_later", "purchase_amount": amount}, object{}, callback}, shown},
		{"Payments.authorize", []any{both, payLater, callback}, approved},
	},
	"woocommerce without a category": {
		{"Payments.load", []any{object{"container": container, "payment_method_category": "", "purchase_amount": amount}, callback}, shown},
		{"Payments.authorize", []any{both, object{"payment_method_category": ""}, callback}, approved},
	},
	"sfcc": {
		{"Payments.load", []any{object{"container": container, "payment_method_category": "pay_later", "purchase_amount": amount}, both, callback}, shown},
		{"Payments.authorize", []any{with(payLater, object{"auto_finalize": false}), with(both, object{"attachment": attachment}), callback}, preliminary},
		{laterPage, nil, nil},
		{"Payments.finalize", []any{payLater, object{}, callback}, approved},
	},
	"sap": {
		{"Payments.load", []any{loading, callback}, shown},
		{"Payments.authorize", []any{with(payLater, object{"auto_finalize": false}),
			object{"billingAddress": object{"givenName": "Alice"}, "attachment": attachment}, callback}, preliminary},
		{laterPage, nil, nil},
		{"Payments.finalize", []any{object{"payment_method_category": "klarna"}, nil, callback}, approved},
	},
	"solidus": {
		{"Payments.load", []any{object{"container": container, "preferred_payment_method": "invoice"}, callback}, shown},
		{"Payments.authorize", []any{cart(amount), callback}, approved},
	},
	"magento 1": {
		{"Payments.load", []any{loading, callback}, shown},
		{"Payments.authorize", []any{with(payLater, object{"auto_finalize": false}), both, callback}, preliminary},
		{laterPage, nil, nil},
		{"Payments.finalize", []any{payLater, both, callback}, approved},
	},
	"magento 1 with Klarna.Credit": {
		{"Credit.init", nil, nil},
		{"Credit.load", []any{loading, callback}, shown},
		{"Credit.authorize", []any{both, payLater, callback}, approved},
	},
	"commerce_klarna_payments": {
		{"Payments.load", []any{loading}, nil},
		{"Payments.authorize", []any{payLater, object{}, callback}, approved},
		{"Payments.reauthorize", []any{payLater, object{}, callback}, approved},
	},
	"adyen": {
		{"Payments.load", []any{object{"container": "@element:" + container, "payment_method_category": "pay_later"}, callback}, shown},
		{"Payments.authorize", []any{payLater, callback}, approved},
	},
	"workarea": {
		{"Payments.load", []any{loading, noAddresses, callback}, shown},
		{"Payments.load", []any{object{"container": "#other-container", "payment_method_category": "pay_over_time"}, noAddresses, callback}, shown},
		{"Payments.authorize", []any{payLater, cart(amount), callback}, approved},
	},
	"shopware": {
		{"Payments.load", []any{object{"container": container, "payment_method_category": "pay_later", "instance_id": "a2c3d4e5f6"}, callback}, shown},
		{"Payments.off", []any{"fullscreenOverlayHidden"}, nil},
		{"Payments.on", []any{"fullscreenOverlayHidden", "@event:hidden"}, nil},
		{"Payments.authorize", []any{object{"auto_finalize": true, "payment_method_category": "pay_later", "instance_id": "a2c3d4e5f6"}, both, callback}, approved},
	},
	"oxid": {
		{"Payments.on", []any{"fullscreenOverlayHidden", "@event:hidden"}, nil},
		{"Payments.load", []any{loading, callback}, shown},
		{"Payments.authorize", []any{with(payLater, object{"auto_finalize": false}), object{}, callback}, preliminary},
		{laterPage, nil, nil},
		{"Payments.finalize", []any{payLater, object{}, callback}, approved},
		{"Payments.reauthorize", []any{payLater, object{}, callback}, approved},
	},
	"xt_klarna_kp": {
		{"Payments.load", []any{object{"container": container, "payment_method_categories": []string{"pay_later"}, "instance_id": "klarna-pay_later",
			"preferred_payment_method": false}, callback}, shown},
		{"Payments.authorize", []any{object{"instance_id": "klarna-pay_later", "auto_finalize": false}, both, callback}, preliminary},
		{laterPage, nil, nil},
		{"Payments.finalize", []any{payLater, object{}, callback}, approved},
		{"Payments.reauthorize", []any{object{"instance_id": "klarna-pay_later", "payment_method_categories": []string{"pay_later"}}, object{}, callback}, approved},
	},
	"checkout.com": {
		{"Payments.load", []any{object{"container": container, "instance_id": "klarna-payments-instance"}, cart(amount), callback}, shown},
		{"Payments.authorize", []any{object{"instance_id": "klarna-payments-instance"}, callback}, approved},
	},
	"preview tool": {
		{"Payments.load", []any{object{"container": container, "payment_method_category": undefined}, undefined, callback}, shown},
		{"Payments.authorize", []any{object{"payment_method_category": undefined}, undefined, callback}, approved},
	},
	"agoransson": {
		{"Payments.load", []any{loading, callback}, shown},
		{"Payments.authorize", []any{payLater, object{}, callback}, approved},
	},
}

func (s *shop) take(t *testing.T, i int, step step) {
	t.Helper()
	token := object{"client_token": s.session.ClientToken}
	switch {
	case step.path == laterPage:
		s.open("/once")
		s.ready()
		s.init()
		s.headless()
	case step.args == nil: // init
		if got := s.call(step.path, token); got.Thrown != nil {
			t.Fatalf("step %d, %s threw %+v", i, step.path, got.Thrown)
		}
	case step.want == nil:
		if got := s.call(step.path, step.args...); got.Thrown != nil {
			t.Fatalf("step %d, %s threw %+v", i, step.path, got.Thrown)
		}
	default:
		number := s.invoke(step.path, step.args...)
		if got := s.made(number); got.Thrown != nil {
			t.Fatalf("step %d, %s threw %+v", i, step.path, got.Thrown)
		}
		s.check(s.answer(number), step.want)
	}
}
