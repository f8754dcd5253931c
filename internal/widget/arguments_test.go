package widget_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestArgumentForms: each way in which shops call, and what reaches the server.
func TestArgumentForms(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	order := object{"order_amount": 1.0}
	forms := []struct {
		name, call, path string
		want             object
	}{
		{"options, data, callback", `pay('authorize', {payment_method_category: 'pay_later'}, {order_amount: 1})`, "/authorize",
			object{"payment_method_category": "pay_later", "data": order}},
		{"callback alone", `pay('authorize')`, "/authorize", object{}},
		{"options, callback", `pay('authorize', {payment_method_category: 'pay_later'})`, "/authorize", object{"payment_method_category": "pay_later"}},
		{"null for data", `pay('authorize', {}, null)`, "/authorize", object{}},
		{"undefined for both", `pay('authorize', undefined, undefined)`, "/authorize", object{}},
		{"the old order", `pay('authorize', {order_amount: 1}, {payment_method_category: 'pay_later'})`, "/authorize",
			object{"payment_method_category": "pay_later", "data": order}},
		{"the old order by instance", `pay('authorize', {order_amount: 1}, {instance_id: 'a'})`, "/authorize", object{"data": order}},
		{"instance_id does not turn finalize", `pay('finalize', {payment_method_category: 'pay_later'}, {instance_id: 'a'})`, "/finalize",
			object{"payment_method_category": "pay_later", "data": object{"instance_id": "a"}}},
		{"order in the place of options", `pay('authorize', {order_amount: 1, payment_method_category: 'pay_now'})`, "/authorize",
			object{"payment_method_category": "pay_now", "data": order}},
		{"order in both places", `pay('authorize', {order_amount: 2}, {order_amount: 1})`, "/authorize", object{"data": order}},
		{"flags as words", `pay('authorize', {auto_finalize: 'false', collect_shipping_address: 'true'}, {})`, "/authorize",
			object{"auto_finalize": false, "collect_shipping_address": true, "data": object{}}},
		{"objects of the session's answer", `pay('authorize', {payment_method_categories: [{identifier: 'pay_now', name: 'Pay now'}, {identifier: 'pay_later'}]})`,
			"/authorize", object{"payment_method_categories": []any{"pay_now", "pay_later"}}},
		{"one category of a list", `pay('finalize', {payment_method_categories: ['pay_now']})`, "/finalize", object{"payment_method_category": "pay_now"}},
		{"klarna needs no instance", `pay('finalize', {payment_method_category: 'klarna', payment_method_categories: ['pay_now', 'pay_later']})`, "/finalize",
			object{"payment_method_category": "klarna", "payment_method_categories": []any{"pay_now", "pay_later"}}},
		{"no category", `pay('finalize', {payment_method_category: '', instance_id: null})`, "/finalize", object{}},
		{"a preferred method", `pay('reauthorize', {preferred_payment_method: 'invoice'}, {order_amount: 1})`, "/reauthorize",
			object{"preferred_payment_method": "invoice", "data": order}},
		{"no preferred method", `pay('reauthorize', {preferred_payment_method: false}, {order_amount: 1})`, "/reauthorize", object{"data": order}},
		{"load", `pay('load', {container: '#box', payment_method_category: 'pay_later'}, {order_amount: 1})`, "/load",
			object{"payment_method_category": "pay_later", "data": order}},
		{"load with an element", `pay('load', {container: document.querySelector('#box')})`, "/load", object{}},
		{"Credit: data, options, callback", `new Promise((done) => {
			Klarna.Credit.init({client_token: token}).load({container: '#box', payment_method_category: 'pay_over_time'}, () =>
				Klarna.Credit.authorize({order_amount: 1}, {payment_method_category: 'pay_over_time'}, done)) })`, "/authorize",
			object{"payment_method_category": "pay_over_time", "data": order}},
		{"Credit: data, callback", `new Promise((done) => Klarna.Credit.reauthorize({order_amount: 1}, done))`, "/reauthorize", object{"data": order}},
		{"DirectBankTransfer: callback", `new Promise((done) => Klarna.DirectBankTransfer.init({client_token: token}).finalize(done))`, "/finalize", object{}},
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			before := len(f.calls(form.path))
			page.Do(form.call)
			got := f.calls(form.path)
			if len(got) != before+1 {
				t.Fatalf("%d calls to %s, wanted one", len(got)-before, form.path)
			}
			body := got[before].body
			delete(body, "shown_revision")
			takeIDs(t, body, form.path != "/load")
			if form.path == "/authorize" {
				form.want = merged(object{"auto_finalize": true, "collect_shipping_address": false}, form.want)
			}
			if diff := cmp.Diff(form.want, body); diff != "" {
				t.Errorf("(- wanted, + got):\n%s", diff)
			}
			if want := "sessions/" + sessionID + form.path; got[before].path != want || got[before].auth != "Bearer "+f.token(t, nil) {
				t.Errorf("sent to %s with %s", got[before].path, got[before].auth)
			}
		})
	}
}

func merged(a, b object) object {
	for name, value := range b {
		a[name] = value
	}
	return a
}

// TestMisuse: the callback gets the negative result, and then the named error
// is thrown.
func TestMisuse(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	page.Do(`(us) => { window.us = us }`, f.token(t, object{"purchase_country": "US"}))
	hidden, refused := object{"show_form": false}, object{"show_form": false, "approved": false}
	for _, row := range []struct {
		name, call string
		want       []any
	}{
		{"selector without element", `(done) => Klarna.Payments.load({container: '#none'}, done)`, []any{hidden, "InvalidContainerSelectorError"}},
		{"no selector", `(done) => Klarna.Payments.load({container: '###'}, done)`, []any{hidden, "InvalidContainerSelectorError"}},
		{"container of another type", `(done) => Klarna.Payments.load({container: 7}, done)`, []any{hidden, "TypeError"}},
		{"no container", `(done) => Klarna.Payments.load({}, done)`, []any{hidden, "TypeError"}},
		{"unknown category", `(done) => Klarna.Payments.load({container: '#box', payment_method_category: 'pay_never'}, done)`,
			[]any{hidden, "PaymentMethodCategoryNotSupportedError"}},
		{"unknown category in a list", `(done) => Klarna.Payments.authorize({payment_method_categories: ['pay_now', 'x'], instance_id: 'a'}, {}, done)`,
			[]any{refused, "PaymentMethodCategoryNotSupportedError"}},
		{"categories without instance", `(done) => Klarna.Payments.load({container: '#box', payment_method_categories: ['pay_now', 'pay_later']}, done)`,
			[]any{hidden, "InstanceIDNotProvidedError"}},
		{"finalize without instance", `(done) => Klarna.Payments.finalize({payment_method_categories: ['pay_now', 'pay_later']}, {}, done)`,
			[]any{refused, "InstanceIDNotProvidedError"}},
		{"bad instance", `(done) => Klarna.Payments.authorize({instance_id: 'a b'}, {}, done)`, []any{refused, "InvalidInstanceIDError"}},
		{"unknown preferred method", `(done) => Klarna.Payments.load({container: '#box', preferred_payment_method: 'cash'}, done)`,
			[]any{hidden, "PreferredPaymentMethodNotSupportedError"}},
		{"review outside US and GB", `(done) => Klarna.Payments.loadPaymentReview({container: '#box'}, done)`, []any{hidden, "OperationNotSupportedError"}},
		{"load with a bad token", `(done) => Klarna.Payments.load({container: '#box', client_token: 'a.b.c'}, done)`, []any{hidden, "InvalidClientTokenError"}},
		{"load without init", `(done) => Klarna.Payments.load({container: '#box'}, done)`, []any{hidden, "ApplicationNotInitializedError"}},
		{"review without init", `(done) => Klarna.Payments.loadPaymentReview({container: '#box'}, done)`, []any{hidden, "ApplicationNotInitializedError"}},
		{"reauthorize without init", `(done) => Klarna.Payments.reauthorize({}, done)`, []any{refused, "ApplicationNotInitializedError"}},
		{"finalize without init", `(done) => Klarna.Payments.finalize({}, done)`, []any{refused, "ApplicationNotInitializedError"}},
		{"authorize without init", `(done) => Klarna.Payments.authorize({}, done)`, []any{refused, "ApplicationNotLoadedError"}},
		{"Credit without load", `(done) => Klarna.Credit.init({client_token: token}).authorize({}, done)`, []any{refused, "ApplicationNotLoadedError"}},
		{"init without token", `() => Klarna.Payments.init({})`, []any{"InvalidClientTokenError"}},
		{"init with no token", `() => Klarna.Payments.init({client_token: 'abc'})`, []any{"InvalidClientTokenError"}},
		{"init that tells its callback", `(done) => Klarna.Payments.init({client_token: 'abc'}, ({error}) => done(error.name))`, []any{"InvalidClientTokenError"}},
		{"unknown event", `() => Klarna.Payments.on('loaded', () => 0)`, []any{"EventNotSupportedError"}},
		{"unknown event to leave", `() => Klarna.Payments.off('loaded')`, []any{"EventNotSupportedError"}},
		{"review with the country", `(done) => { Klarna.Payments.init({client_token: us}); Klarna.Payments.loadPaymentReview({container: '#none'}, done) }`,
			[]any{hidden, "InvalidContainerSelectorError"}},
		{"data that is no JSON", `(done) => { const a = {}; a.a = a; Klarna.Payments.authorize({}, a, done) }`, []any{refused, "TypeError"}},
		{"misuse without callback", `() => Klarna.Payments.load({container: 7})`, []any{"TypeError"}},
		{"Buttons without init", `() => Klarna.Payments.Buttons.load({container: '#box', on_click() {}})`, []any{"ApplicationNotInitializedError"}},
		{"Buttons with nothing", `() => Klarna.Payments.Buttons.init({})`, []any{"Error"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := browsertest.Eval[[]any](page, `misuse(`+row.call+`)`); !cmp.Equal(row.want, got) {
				t.Errorf("got %v, wanted %v", got, row.want)
			}
		})
	}
	// Events are sent side by side and arrive in any order.
	f.await(t, "/events", 1, func(r request) bool {
		told, _ := r.body["detail"].(object)
		return r.body["event"] == "misuse" && told["call"] == "load" && told["error"] == "InvalidContainerSelectorError"
	})
	if n := len(f.calls("load")) + len(f.calls("authorize")); n > 0 {
		t.Errorf("%d misuses reached the server as calls", n)
	}
}

// takeIDs takes out of a body the ids that every call of the purchase has.
func takeIDs(t *testing.T, body object, wanted bool) {
	t.Helper()
	for _, name := range []string{"call_id", "device_id"} {
		if _, named := body[name]; named != wanted {
			t.Errorf("%s %v", name, body[name])
		}
		delete(body, name)
	}
}
