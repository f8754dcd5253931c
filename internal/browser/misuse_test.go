package browser_test

import (
	"testing"
)

// state is how far a page has come before a misuse.
type state int

const (
	included    state = iota // the SDK is there
	initialized              // init has been called
	loaded                   // and load
)

func (s *shop) reach(goal state) {
	s.t.Helper()
	if goal >= initialized {
		s.init()
	}
	if goal >= loaded {
		s.load()
	}
}

// refused are the results of misused calls; a load has no approved.
var (
	refused     = object{"show_form": false, "approved": false}
	refusedLoad = object{"show_form": false}
)

func (s state) String() string { return []string{"included", "initialized", "loaded"}[s] }

// misused is a call that must fail, on a page in a state.
type misused struct {
	name   string
	after  state
	path   string
	option object
	want   string // the error's name
	result object
}

// TestMisuse: the callback gets the negative result first, then the documented
// error is thrown.
func TestMisuse(t *testing.T) {
	t.Parallel()
	in := func(more object) object { return with(object{"container": "#klarna-container"}, more) }
	several := object{"payment_method_categories": []string{"pay_later", "pay_now"}}
	rows := []misused{
		{"load before init", included, "load", in(nil), "ApplicationNotInitializedError", refusedLoad},
		{"review before init", included, "loadPaymentReview", in(nil), "ApplicationNotInitializedError", refusedLoad},
		{"authorize before init", included, "authorize", payLater, "ApplicationNotLoadedError", refused},
		{"reauthorize before init", included, "reauthorize", payLater, "ApplicationNotInitializedError", refused},
		{"finalize before init", included, "finalize", payLater, "ApplicationNotInitializedError", refused},
		{"load with a broken token", included, "load", in(object{"client_token": "not-a-token"}), "InvalidClientTokenError", refusedLoad},
		{"load into nothing", initialized, "load", object{"container": "#nowhere"}, "InvalidContainerSelectorError", refusedLoad},
		{"load without container", initialized, "load", object{}, "TypeError", refusedLoad},
		{"load into a number", initialized, "load", object{"container": 7}, "TypeError", refusedLoad},
		{"load of an unknown category", initialized, "load", in(object{"payment_method_category": "barter"}), "PaymentMethodCategoryNotSupportedError", refusedLoad},
		{"load of unknown categories", initialized, "load", in(object{"payment_method_categories": []string{"pay_later", "barter"}, "instance_id": "a"}),
			"PaymentMethodCategoryNotSupportedError", refusedLoad},
		{"authorize of an unknown category", loaded, "authorize", object{"payment_method_category": "barter"}, "PaymentMethodCategoryNotSupportedError", refused},
		{"reauthorize of an unknown category", loaded, "reauthorize", object{"payment_method_category": "barter"}, "PaymentMethodCategoryNotSupportedError", refused},
		{"finalize of an unknown category", loaded, "finalize", object{"payment_method_category": "barter"}, "PaymentMethodCategoryNotSupportedError", refused},
		{"load of several without a name", initialized, "load", in(several), "InstanceIDNotProvidedError", refusedLoad},
		{"reauthorize of several without a name", loaded, "reauthorize", several, "InstanceIDNotProvidedError", refused},
		{"finalize of several without a name", loaded, "finalize", several, "InstanceIDNotProvidedError", refused},
		{"load with a bad name", initialized, "load", in(object{"instance_id": "a b"}), "InvalidInstanceIDError", refusedLoad},
		{"authorize with a bad name", loaded, "authorize", object{"instance_id": "a/b"}, "InvalidInstanceIDError", refused},
		{"reauthorize with a bad name", loaded, "reauthorize", object{"instance_id": "ä"}, "InvalidInstanceIDError", refused},
		{"finalize with a bad name", loaded, "finalize", object{"instance_id": "a.b"}, "InvalidInstanceIDError", refused},
		{"load preferring the unknown", initialized, "load", in(object{"preferred_payment_method": "gold"}), "PreferredPaymentMethodNotSupportedError", refusedLoad},
		{"authorize preferring the unknown", loaded, "authorize", with(payLater, object{"preferred_payment_method": "gold"}), "PreferredPaymentMethodNotSupportedError", refused},
		{"review in Sweden", initialized, "loadPaymentReview", in(nil), "OperationNotSupportedError", refusedLoad},
	}
	for _, reached := range []state{included, initialized, loaded} {
		t.Run(reached.String(), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.reach(reached)
			for _, row := range rows {
				if row.after == reached {
					s.misuses(t, row)
				}
			}
		})
	}
}

func (s *shop) misuses(t *testing.T, row misused) {
	t.Helper()
	got := s.call("Payments."+row.path, row.option, callback)
	if text(t, got.Order) != `["callback","throw"]` {
		t.Errorf("%s: there came %v, want the callback and then the error", row.name, got.Order)
		return
	}
	s.check(got.Results[0][0].(object), row.result)
	if got.Thrown.Name != row.want || !got.Thrown.Error || got.Thrown.Message == "" {
		t.Errorf("%s: thrown was %+v, want %s with a message", row.name, *got.Thrown, row.want)
	}
	// Whoever gives no callback gets the error just the same.
	if got := s.call("Payments."+row.path, row.option); got.Thrown == nil || got.Thrown.Name != row.want {
		t.Errorf("%s: without a callback thrown was %+v", row.name, got.Thrown)
	}
}

// TestMisuseOfTheOldNamespaces: their authorize needs the widget on the page.
func TestMisuseOfTheOldNamespaces(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"Credit", "DirectDebit", "DirectBankTransfer"} {
		s := newShop(t)
		s.call(namespace+".init", object{"client_token": s.session.ClientToken})
		got := s.call(namespace+".authorize", object{}, payLater, callback)
		if text(t, got.Order) != `["callback","throw"]` || got.Thrown.Name != "ApplicationNotLoadedError" {
			t.Fatalf("%s.authorize gave %+v", namespace, got)
		}
		s.check(got.Results[0][0].(object), refused)
	}
}

func TestMisuseOfInit(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, options := range []any{object{}, object{"client_token": "a.b"}, object{"client_token": "a.b.c"}, object{"client_token": 5}} {
		if got := s.call("Payments.init", options); got.Thrown == nil || got.Thrown.Name != "InvalidClientTokenError" {
			t.Errorf("init(%v) threw %+v", options, got.Thrown)
		}
		got := s.call("Payments.init", options, callback)
		if got.Thrown != nil || len(got.Results) != 1 {
			t.Errorf("init(%v, callback) threw %+v and called back %v", options, got.Thrown, got.Results)
			continue
		}
		failure, _ := got.Results[0][0].(object)["error"].(object)
		if failure["name"] != "InvalidClientTokenError" {
			t.Errorf("init(%v, callback) called back %v", options, got.Results)
		}
	}
}

func TestMisuseOfEvents(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, path := range []string{"Payments.on", "Payments.off"} {
		if got := s.call(path, "loaded", "@event:loaded"); got.Thrown == nil || got.Thrown.Name != "EventNotSupportedError" {
			t.Errorf("%s of an unknown event threw %+v", path, got.Thrown)
		}
	}
}

// TestWithoutTheScript: there is no stub; the browser says so.
func TestWithoutTheScript(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.create(cart(amount))
	s.open("/none")
	if got := s.call("Payments.init", object{"client_token": s.session.ClientToken}); got.Thrown == nil || got.Thrown.Name != "TypeError" {
		t.Errorf("thrown was %+v", got.Thrown)
	}
}
