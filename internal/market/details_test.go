package market_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/market"
)

// TestDetailsOfEveryMarket: everywhere a name, a way to be reached and an
// address, and either the number of a person or the day she was born.
func TestDetailsOfEveryMarket(t *testing.T) {
	t.Parallel()
	regions, numbers := []string{}, []string{}
	for _, m := range market.All() {
		var paths []string
		for _, detail := range m.Details() {
			paths = append(paths, detail.Path)
			switch detail.Path {
			case "billing_address.region":
				regions = append(regions, m.Country)
			case market.PathNationalID:
				numbers = append(numbers, m.Country)
			}
			if detail.Type == "" {
				t.Errorf("%s: %s has no type", m.Country, detail.Path)
			}
		}
		for _, path := range []string{"given_name", "family_name", "email", "phone", "street_address", "postal_code", "city"} {
			if !slices.Contains(paths, "billing_address."+path) {
				t.Errorf("%s: no %s", m.Country, path)
			}
		}
		if slices.Contains(paths, market.PathNationalID) == slices.Contains(paths, market.PathDateOfBirth) {
			t.Errorf("%s: %v", m.Country, paths)
		}
		if slices.Sort(paths); len(slices.Compact(paths)) != len(m.Details()) {
			t.Errorf("%s: a detail is there twice: %v", m.Country, paths)
		}
	}
	if got := strings.Join(regions, " "); got != "AU CA MX US" {
		t.Errorf("regions in %s", got)
	}
	if got := strings.Join(numbers, " "); got != "ES FI GR IT NO RO SE SK" {
		t.Errorf("numbers in %s", got)
	}
}

// TestEveryCategoryHasAName, whether or not the market's sessions are offered it.
func TestEveryCategoryHasAName(t *testing.T) {
	t.Parallel()
	for _, identifier := range []string{"card", "direct_bank_transfer", "direct_debit", "pay_in_parts", "pay_later", "pay_now", "pay_over_time", "klarna"} {
		if !market.KnownCategory(identifier) {
			t.Errorf("%s is not known", identifier)
		}
		for _, m := range market.All() {
			category := m.Category(identifier)
			if category.Name == "" || category.Identifier != identifier {
				t.Errorf("%s: %+v", m.Country, category)
			}
			for _, offered := range m.Categories() {
				if offered.Identifier == identifier && offered != category {
					t.Errorf("%s: %+v is offered as %+v", m.Country, category, offered)
				}
			}
		}
	}
}
