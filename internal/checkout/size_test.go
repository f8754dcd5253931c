package checkout_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestSizeCountsEveryString: a longer string anywhere makes a content larger
// by as much.
func TestSizeCountsEveryString(t *testing.T) {
	t.Parallel()
	long := checkout.TextOf(strings.Repeat("x", 10_000))
	empty := (&checkout.Content{}).Size()
	for name, c := range map[string]checkout.Content{
		"top":         {MerchantData: long},
		"attachment":  {Attachment: &checkout.Attachment{Body: long}},
		"billing":     {BillingAddress: &checkout.Address{City: long}},
		"shipping":    {ShippingAddress: &checkout.Address{City: long}},
		"customer":    {Customer: &checkout.Customer{VATID: long}},
		"urls":        {MerchantURLs: &checkout.MerchantURLs{Push: long}},
		"options":     {Options: &checkout.Options{RadiusBorder: long}},
		"methods":     {CustomPaymentMethodIDs: []string{long.Value}},
		"line":        {OrderLines: []checkout.Line{{Name: long}}},
		"identifiers": {OrderLines: []checkout.Line{{ProductIdentifiers: &checkout.ProductIdentifiers{Brand: long}}}},
		"plan":        {OrderLines: []checkout.Line{{Subscription: &checkout.Subscription{Name: long}}}},
	} {
		if grown := c.Size() - empty; grown < 10_000 || grown > 11_000 {
			t.Errorf("%s: %d bytes more", name, grown)
		}
	}
}
