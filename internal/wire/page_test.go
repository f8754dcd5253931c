package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

func TestAPagesCallIsReadWhole(t *testing.T) {
	t.Parallel()
	got, err := wire.DecodePageRequest([]byte(`{"data":{"locale":"sv-SE","order_amount":1.5,"nonsense":[{}],"billing_address":{"city":7}},
		"payment_method_category":"pay_later","payment_method_categories":[{"identifier":"pay_now","name":"Pay now"},"pay_later"],
		"preferred_payment_method":"invoice","auto_finalize":"false","collect_shipping_address":true,"interaction":"none","shown_revision":3,
		"answers":{"login":46701740615,"code":123456,"details":{"customer":{"date_of_birth":"1941-03-21"}},"payment_method_category":"pay_now",
		"consent":{"payment_method_category":"pay_now","order_amount":10000,"purchase_currency":"SEK","number_of_days":30,"number_of_installments":3},"cancelled":true},
		"outcome":{"ignored":1},"invalid_fields":1}`))
	if err != nil {
		t.Fatal(err)
	}
	want := checkout.Answers{
		Login: checkout.TextOf("46701740615"), Code: checkout.TextOf("123456"), Category: checkout.TextOf("pay_now"), Cancelled: true,
		Details: &checkout.Content{Customer: &checkout.Customer{DateOfBirth: checkout.TextOf("1941-03-21")}},
		Consent: &checkout.Terms{Category: "pay_now", OrderAmount: 10000, Currency: "SEK", Days: 30, Installments: 3},
	}
	if diff := cmp.Diff(want, got.Answers); diff != "" {
		t.Error(diff)
	}
	if got.Category.Value != "pay_later" || len(got.Categories) != 2 || got.Preferred.Value != "invoice" || got.AutoFinalize.Value ||
		!got.AutoFinalize.Set || !got.CollectShippingAddress.Value || got.Interaction.Value != "none" || got.ShownRevision.Value != 3 ||
		got.Content.Locale.Value != "sv-SE" || got.Outcome.Set || got.Invalid != nil || len(got.Own) > 0 {
		t.Errorf("%+v", got)
	}
	if len(got.Problems) != 1 || got.Problems[0].Path != "billing_address.city" || len(got.Notes) != 1 || got.Notes[0].Path != "order_amount" {
		t.Errorf("%+v %+v", got.Problems, got.Notes)
	}
}

// TestAnAskIsWhatItsStepNeeds: no step has another's properties.
func TestAnAskIsWhatItsStepNeeds(t *testing.T) {
	t.Parallel()
	terms := &checkout.Terms{Category: "pay_now", OrderAmount: 1, Currency: "SEK", Installments: 1}
	always := []string{"call", "intent", "language", "locale", "merchant_name", "options", "order_amount", "order_lines", "playground", "problems", "purchase_currency", "step"}
	for step, more := range map[checkout.Step][]string{
		checkout.StepIdentify: {"login"}, checkout.StepCode: {"login"}, checkout.StepDetails: {"fields"},
		checkout.StepMethod: {"methods", "preferred"}, checkout.StepConfirm: {"methods", "preferred", "terms", "agreed"},
	} {
		ask := &checkout.Ask{Step: step, Login: "a@b.se", Content: checkout.Content{PurchaseCountry: checkout.TextOf("SE"), Locale: checkout.TextOf("sv-SE")}}
		if step == checkout.StepConfirm {
			ask.Terms, ask.Agreed = terms, terms
		}
		text := wire.AppendBrowserAnswer(nil, wire.Page{Call: "authorize"}, checkout.BrowserResult{Ask: ask}, nil)
		var answer struct {
			Ask    map[string]any
			Result any
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, name := range append(more, always...) {
			if _, ok := answer.Ask[name]; !ok {
				t.Errorf("%s: no %s", step, name)
			}
		}
		if len(answer.Ask) != len(more)+len(always) || answer.Result != nil {
			t.Errorf("%s: %s", step, text)
		}
	}
}

// TestAPersonalNumberIsNotSentBack, while everything else that was typed is.
func TestAPersonalNumberIsNotSentBack(t *testing.T) {
	t.Parallel()
	ask := &checkout.Ask{Step: checkout.StepDetails, Fields: []checkout.Field{
		{Path: "customer.national_identification_number", Value: "194103219202", Type: "national_id"},
		{Path: "billing_address.city", Value: "Lund", Type: "text"},
	}}
	text := string(wire.AppendBrowserAnswer(nil, wire.Page{}, checkout.BrowserResult{Ask: ask}, nil))
	if strings.Contains(text, "194103219202") || !strings.Contains(text, "Lund") {
		t.Error(text)
	}
}

// FuzzDecodePageRequest: a page may send anything. What is read is a call that
// the rules take, and nothing of it makes an answer that is no JSON.
func FuzzDecodePageRequest(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"answers":{"login":"a@b.se","code":"123456"}}`, `{"payment_method_categories":[{"identifier":"x"},7,"y",[]]}`,
		`{"answers":{"consent":{"order_amount":1e3,"number_of_days":9223372036854775807}}}`, `{"auto_finalize":"tru"}`,
		`{"answers":{"details":{"billing_address":{"city":"\ud83d\ude00","postal_code":1}}}}`, `{"data":{"order_lines":[{}]},"data":{}}`,
		`{"event":"init","detail":{"a":[{}]}}`, `{"session_id":"x","invalid_fields":["a",1],"standing":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, _ = wire.DecodeNext(body)
		_, _ = wire.DecodeEvent(body)
		_, _ = wire.DecodeBrowserRequest(body)
		got, err := wire.DecodePageRequest(body)
		if err != nil || len(got.Own) > 0 {
			return
		}
		ask := &checkout.Ask{Step: checkout.StepConfirm, Login: got.Answers.Login.Value, Content: got.Content, Terms: got.Answers.Consent,
			Preferred: got.Answers.Category.Value}
		for _, category := range got.Categories {
			ask.Methods = append(ask.Methods, checkout.Offer{Category: category})
		}
		if text := wire.AppendBrowserAnswer(nil, wire.Page{}, checkout.BrowserResult{Ask: ask}, nil); !json.Valid(text) {
			t.Errorf("%s", text)
		}
	})
}
