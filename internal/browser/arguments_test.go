package browser_test

import "testing"

// address is data that the session does not have yet.
var address = object{"billing_address": object{"street_address2": "Second floor"}}

// knows tells whether the data of a call reached the session.
func (s *shop) knows() bool {
	s.t.Helper()
	result := s.result("Payments.authorize", payLater, object{}, callback)
	body := cart(amount)
	body["billing_address"] = with(body["billing_address"].(object), address["billing_address"].(object))
	_, err := s.order(s.token(result), body)
	return err == nil
}

// TestArgumentForms: every order of options, data and callback that shops use.
func TestArgumentForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		path string
		args []any
		data bool // the data must reach the session
	}{
		{"load(options, callback)", "Payments.load", []any{loading, callback}, false},
		{"load(options, data, callback)", "Payments.load", []any{loading, address, callback}, true},
		{"load(options, null, callback)", "Payments.load", []any{loading, nil, callback}, false},
		{"load(options, undefined, callback)", "Payments.load", []any{loading, undefined, callback}, false},
		{"load into an element", "Payments.load", []any{object{"container": "@element:#klarna-container"}, callback}, false},
		{"load of an empty category", "Payments.load", []any{with(loading, object{"payment_method_category": ""}), callback}, false},
		{"load of an undefined category", "Payments.load", []any{with(loading, object{"payment_method_category": undefined}), callback}, false},
		{"load preferring nothing", "Payments.load", []any{with(loading, object{"preferred_payment_method": false}), callback}, false},
		{"load of category objects", "Payments.load", []any{object{"container": "#klarna-container", "instance_id": "all",
			"payment_method_categories": []any{object{"identifier": "pay_later", "name": "x", "asset_urls": object{}}, object{"identifier": "pay_now"}}}, callback}, false},
		{"load with what nobody knows", "Payments.load", []any{with(loading, object{"purchase_amount": 5, "theme": "dark"}), object{"billingAddress": object{"givenName": "A"}}, callback}, false},
		{"authorize(options, callback)", "Payments.authorize", []any{payLater, callback}, false},
		{"authorize(options, data, callback)", "Payments.authorize", []any{payLater, address, callback}, true},
		{"authorize(data, options, callback)", "Payments.authorize", []any{address, payLater, callback}, true},
		{"authorize(options, null, callback)", "Payments.authorize", []any{payLater, nil, callback}, false},
		{"reauthorize(options, callback)", "Payments.reauthorize", []any{payLater, callback}, false},
		{"reauthorize(options, data, callback)", "Payments.reauthorize", []any{payLater, address, callback}, true},
		{"reauthorize(data, options, callback)", "Payments.reauthorize", []any{address, payLater, callback}, true},
		{"reauthorize(callback)", "Payments.reauthorize", []any{callback}, false},
		{"finalize(options, callback)", "Payments.finalize", []any{payLater, callback}, false},
		{"finalize({}, data, callback)", "Payments.finalize", []any{object{}, address, callback}, true},
		{"finalize(data, options, callback)", "Payments.finalize", []any{address, payLater, callback}, true},
		{"finalize(callback)", "Payments.finalize", []any{callback}, false},
		{"Credit.authorize(data, options, callback)", "Credit.authorize", []any{address, payLater, callback}, true},
		{"Credit.reauthorize(data, callback)", "Credit.reauthorize", []any{address, callback}, true},
		{"DirectBankTransfer.finalize(data, callback)", "DirectBankTransfer.finalize", []any{address, callback}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newReadyShop(t)
			s.headless()
			s.setUp(test.path)
			got := s.result(test.path, test.args...)
			if got["show_form"] != true {
				t.Errorf("the result is %v", got)
			}
			if test.data && !s.knows() {
				t.Error("the data of the call did not reach the session")
			}
		})
	}
}

// setUp does what must come before a call of this path, in its own namespace.
func (s *shop) setUp(path string) {
	s.t.Helper()
	switch path {
	case "Payments.reauthorize", "Credit.reauthorize":
		s.check(s.result("Payments.authorize", payLater, callback), approved)
	case "Payments.finalize", "DirectBankTransfer.finalize":
		s.check(s.result("Payments.authorize", with(payLater, object{"auto_finalize": false}), callback), preliminary)
	}
	if path == "Credit.authorize" || path == "Credit.reauthorize" || path == "DirectBankTransfer.finalize" {
		namespace := path[:len(path)-len(".authorize")]
		if path == "Credit.reauthorize" {
			namespace = "Credit"
		} else if path == "DirectBankTransfer.finalize" {
			namespace = "DirectBankTransfer"
		}
		s.call(namespace+".init", object{"client_token": s.session.ClientToken})
		s.result(namespace+".load", with(loading, object{"container": "#other-container"}), callback)
	}
}

// TestWithoutCallback: a call without a callback does its work.
func TestWithoutCallback(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.init()
	if got := s.call("Payments.load", loading); got.Thrown != nil || got.Returned != undefined {
		t.Errorf("load gave %+v", got)
	}
	s.Wait("document.querySelector('#klarna-pay-later-main')")
	s.headless()
	if got := s.call("Payments.authorize", payLater); got.Thrown != nil {
		t.Errorf("authorize threw %+v", got.Thrown)
	}
}

// TestInit: what init returns and calls back, again and again.
func TestInit(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := object{"client_token": s.session.ClientToken, "integrator": object{"name": "test"}, "originators": []any{}}
	for range 3 {
		if got := s.call("Payments.init", token); got.Thrown != nil || got.Returned != "@Klarna.Payments" {
			t.Errorf("init gave %+v", got)
		}
		for _, args := range [][]any{{token, callback}, {token, object{}, callback}} {
			got := s.call("Payments.init", args...)
			if got.Thrown != nil || len(got.Results) != 1 || got.Results[0][0] != "@Klarna.Payments" {
				t.Errorf("init with a callback gave %+v", got)
			}
		}
	}
	s.Do(`(token) => { window.chained = 0; Klarna.Payments.init({client_token: token}).load({container: '#klarna-container'}, {}, (r) => { chained = r }) }`, s.session.ClientToken)
	s.Wait("chained.show_form === true")
}

// TestSecondInclusion: the second script leaves the first alone and only calls
// the page.
func TestSecondInclusion(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.create(cart(amount))
	s.open("/once")
	s.ready()
	s.init()
	s.Do("window.first = Klarna.Payments")
	s.Do(`(src) => new Promise((done) => {
		const script = document.createElement('script')
		script.src = src; script.onload = done
		document.head.append(script)
	})`, kvitto.front.url+"/kp/lib/v1/api.js?1700000000000")
	s.Wait("events.filter(([n]) => n === 'klarnaAsyncCallback').length === 2")
	for i, args := range s.events("klarnaAsyncCallback") {
		if len(args) != 0 {
			t.Errorf("call %d of klarnaAsyncCallback had the arguments %v", i+1, args)
		}
	}
	s.Wait("first === Klarna.Payments")
	s.load() // it is still initialized

	other := newMerchant(t)
	other.open("/twice")
	other.Wait("events.filter(([n]) => n === 'klarnaAsyncCallback').length === 2")
}

// TestNamespaces: the names a shop may find, and no others it must not.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for namespace, want := range map[string][]string{
		"Klarna.Payments":           {"Buttons", "authorize", "finalize", "init", "load", "loadPaymentReview", "off", "on", "reauthorize"},
		"Klarna.Payments.Buttons":   {"authorize", "init", "load"},
		"Klarna.Credit":             {"authorize", "init", "load", "loadPaymentReview", "off", "on", "reauthorize"},
		"Klarna.DirectDebit":        {"authorize", "init", "load", "off", "on", "reauthorize"},
		"Klarna.DirectBankTransfer": {"authorize", "finalize", "init", "load", "off", "on"},
	} {
		var names []string
		for _, name := range s.keys(namespace) {
			if name != "initialized" {
				names = append(names, name)
			}
		}
		for _, name := range want {
			if !contains(names, name) {
				t.Errorf("%s has no %s: %v", namespace, name, names)
			}
		}
	}
	for _, name := range []string{"isReady", "destroy", "unload"} {
		if contains(s.keys("Klarna.Payments"), name) {
			t.Errorf("Klarna.Payments has %s, which the original has not", name)
		}
	}
}
