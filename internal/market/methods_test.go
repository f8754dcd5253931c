package market_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/market"
)

func TestCategoriesAsRecorded(t *testing.T) {
	t.Parallel()
	sweden, _ := market.Lookup("SE")
	want := []market.Category{
		{Identifier: "pay_later", Name: "Buy now, pay later"},
		{Identifier: "pay_over_time", Name: "Monthly financing"},
		{Identifier: "pay_now", Name: "Pay now"},
	}
	if diff := cmp.Diff(want, sweden.Categories()); diff != "" {
		t.Errorf("Sweden, recorded January 2024 (-recorded +offered):\n%s", diff)
	}
	america, _ := market.Lookup("US")
	want = []market.Category{
		{Identifier: "pay_later", Name: "Pay later in 30 days"},
		{Identifier: "pay_over_time", Name: "4 interest-free payments"},
	}
	if diff := cmp.Diff(want, america.Categories()); diff != "" {
		t.Errorf("US, recorded 2020 and 2021 (-recorded +offered):\n%s", diff)
	}
}

// TestKnownCategories are the published identifiers and the older method names
// that clients send in their place.
func TestKnownCategories(t *testing.T) {
	t.Parallel()
	for _, identifier := range []string{
		"klarna", "pay_later", "pay_now", "pay_over_time", "direct_bank_transfer", "direct_debit", "pay_in_parts", "card",
	} {
		if !market.KnownCategory(identifier) {
			t.Errorf("%q is not known", identifier)
		}
	}
	for _, identifier := range []string{"", "PAY_LATER", "paylater", "invoice"} {
		if market.KnownCategory(identifier) {
			t.Errorf("%q is known", identifier)
		}
	}
}

func TestMethodOfCategory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, category string
		want              market.Method
	}{
		{"US", "pay_later", market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1}},
		{"US", "pay_over_time", market.Method{Type: "slice_it_by_card", NumberOfInstallments: 4}}, // recorded
		{"SE", "pay_over_time", market.Method{Type: "fixed_amount", NumberOfInstallments: 12}},
		{"SE", "pay_now", market.Method{Type: "card", NumberOfInstallments: 1}},
		{"DE", "direct_debit", market.Method{Type: "direct_debit", NumberOfInstallments: 1}},
		{"DE", "direct_bank_transfer", market.Method{Type: "direct_bank_transfer", NumberOfInstallments: 1}},
		{"SE", "klarna", market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1}},
		{"SE", "", market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1}},
		{"SE", "unheard_of", market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1}},
	} {
		m, _ := market.Lookup(c.country)
		if got := m.MethodOf(c.category); got != c.want {
			t.Errorf("%s in %s ends with %+v, want %+v", c.category, c.country, got, c.want)
		}
	}
}

// publishedMethods is the enumeration of authorized_payment_method.type.
var publishedMethods = []string{
	"invoice", "fixed_amount", "base_account", "direct_debit", "direct_bank_transfer", "b2b_invoice", "card", "slice_it_by_card",
	"pay_later_by_card", "pay_by_card", "fixed_sum_credit", "alternative_payment_method",
}

func TestEveryOfferEndsWithAPublishedMethod(t *testing.T) {
	t.Parallel()
	for _, m := range market.All() {
		if len(m.Categories()) == 0 {
			t.Errorf("%s offers nothing", m.Country)
		}
		for _, category := range m.Categories() {
			if !market.KnownCategory(category.Identifier) || category.Name == "" {
				t.Errorf("%s offers %+v", m.Country, category)
			}
			if method := m.MethodOf(category.Identifier); !slices.Contains(publishedMethods, method.Type) || method.NumberOfInstallments < 1 {
				t.Errorf("%s in %s ends with %+v", category.Identifier, m.Country, method)
			}
		}
	}
}

func TestAssetURLAsRecorded(t *testing.T) {
	t.Parallel()
	if want := "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg"; market.AssetURL != want {
		t.Errorf("AssetURL = %s", market.AssetURL)
	}
}
