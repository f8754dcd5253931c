package checkout_test

import (
	"math"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// lengths are the fewest and most characters of a string property.
type lengths struct{ min, max int }

// plain is the length of a string without a stated limit.
var plain = lengths{0, 255}

func published[T any](fields []checkout.TextField[T]) map[string]lengths {
	found := map[string]lengths{}
	for _, f := range fields {
		found[f.Name] = lengths{f.Min, f.Max}
	}
	return found
}

// TestTextLimitsAreThePublishedOnes holds the limits of the published schema;
// where its versions differ, the newest.
func TestTextLimitsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	short := lengths{0, 99}
	for _, c := range []struct {
		object string
		want   map[string]lengths
		got    map[string]lengths
	}{
		{"session", map[string]lengths{
			"acquiring_channel": plain, "design": plain, "intent": plain, "locale": plain, "purchase_country": plain, "purchase_currency": plain,
			"merchant_data": {0, 6000}, "merchant_reference1": plain, "merchant_reference2": plain,
		}, published(checkout.ContentTextFields)},
		{"address", map[string]lengths{
			"attention": short, "city": short, "country": plain, "email": short, "family_name": short, "given_name": short,
			"organization_name": short, "phone": short, "postal_code": {0, 10}, "region": short, "street_address": short,
			"street_address2": short, "title": {0, 20},
		}, published(checkout.AddressFields)},
		{"customer", map[string]lengths{
			"date_of_birth": plain, "gender": plain, "last_four_ssn": plain, "national_identification_number": plain,
			"organization_entity_type": plain, "organization_registration_id": plain, "title": plain, "type": plain, "vat_id": plain,
		}, published(checkout.CustomerFields)},
		{"merchant_urls", map[string]lengths{
			"authorization": {0, 2000}, "confirmation": {0, 2000}, "notification": {0, 2000}, "push": {0, 2000},
		}, published(checkout.MerchantURLFields)},
		{"options", map[string]lengths{
			"color_border": plain, "color_border_selected": plain, "color_details": plain, "color_text": plain, "radius_border": plain,
		}, published(checkout.OptionFields)},
		{"order_line", map[string]lengths{
			"type": plain, "reference": plain, "name": {1, 255}, "quantity_unit": {1, 8}, "image_url": {0, 1024}, "product_url": {0, 1024},
			"merchant_data": {0, 1024},
		}, published(checkout.LineTextFields)},
		{"product_identifiers", map[string]lengths{
			"brand": {0, 70}, "category_path": {0, 750}, "color": {0, 64}, "global_trade_item_number": {0, 50},
			"manufacturer_part_number": {0, 70}, "size": {0, 64},
		}, published(checkout.ProductIdentifierFields)},
		{"subscription", map[string]lengths{"name": {1, 255}, "interval": plain}, published(checkout.SubscriptionTextFields)},
	} {
		for name, want := range c.want {
			if got, ok := c.got[name]; !ok || got != want {
				t.Errorf("%s.%s: %+v, known %v; want %+v", c.object, name, got, ok, want)
			}
		}
		if len(c.got) != len(c.want) {
			t.Errorf("%s has %d string properties, want %d", c.object, len(c.got), len(c.want))
		}
	}
}

func TestIntegerLimitsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	type span struct{ min, max int64 }
	got := map[string]span{}
	for _, f := range checkout.ContentIntegerFields {
		got[f.Name] = span{f.Min, f.Max}
	}
	for _, f := range checkout.LineIntegerFields {
		got["line."+f.Name] = span{f.Min, f.Max}
	}
	for _, f := range checkout.SubscriptionIntegerFields {
		got["subscription."+f.Name] = span{f.Min, f.Max}
	}
	for name, want := range map[string]span{
		"order_amount": {0, math.MaxInt64}, "order_tax_amount": {0, math.MaxInt64},
		"line.quantity": {0, math.MaxInt64}, "line.unit_price": {math.MinInt64, 200_000_000}, "line.total_amount": {math.MinInt64, 200_000_000},
		"line.tax_rate": {0, 10000}, "line.total_discount_amount": {0, math.MaxInt64},
		"line.total_tax_amount":       {math.MinInt64, math.MaxInt64},
		"subscription.interval_count": {1, math.MaxInt64},
	} {
		if got[name] != want {
			t.Errorf("%s: %+v, want %+v", name, got[name], want)
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("unexpected integer properties %v", got)
	}
	if checkout.LinesMax != 1000 {
		t.Errorf("LinesMax is %d", checkout.LinesMax)
	}
}

// whole is a valid content in which every object is present.
func whole() checkout.Content {
	c := swedish()
	c.BillingAddress, c.ShippingAddress = address("SE"), address("SE")
	c.Customer = &checkout.Customer{Type: text("person"), DateOfBirth: text("1990-01-01")}
	c.MerchantURLs = &checkout.MerchantURLs{Confirmation: text("https://example.com/thanks")}
	c.Options = &checkout.Options{ColorBorder: text("#FF9900")}
	c.Attachment = &checkout.Attachment{Body: text(`{"event":[]}`), ContentType: text("application/vnd.klarna.internal.emd-v2+json")}
	c.OrderLines[0].ProductIdentifiers = &checkout.ProductIdentifiers{Brand: text("Kvitto")}
	c.OrderLines[0].Subscription = &checkout.Subscription{Name: text("monthly"), Interval: text("MONTH"), IntervalCount: integer(1)}
	return c
}

func TestWholeContentIsValid(t *testing.T) {
	t.Parallel()
	for _, op := range []checkout.Operation{checkout.OperationCreate, checkout.OperationUpdate, checkout.OperationOrder} {
		c := whole()
		if violations := checkout.Validate(op, &c, nil); violations != nil {
			t.Errorf("operation %d: %v", op, broken(violations))
		}
	}
}

// walkTexts sets each property of an object to values at and beyond its limits.
func walkTexts[T any](t *testing.T, parent string, fields []checkout.TextField[T], at func(*checkout.Content) *T) {
	t.Helper()
	for _, f := range fields {
		path := parent + f.Name
		if path == "attachment.body" || path == "purchase_country" || path == "purchase_currency" {
			continue // bounded by the body; checked in a stage of their own
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			// Two bytes a character: limits count characters.
			requireLength(t, path, at, f, strings.Repeat("å", f.Max), true)
			requireLength(t, path, at, f, strings.Repeat("å", f.Max+1), false)
			if f.Min > 0 {
				requireLength(t, path, at, f, strings.Repeat("å", f.Min), true)
				requireLength(t, path, at, f, strings.Repeat("å", f.Min-1), false)
			}
		})
	}
}

func requireLength[T any](t *testing.T, path string, at func(*checkout.Content) *T, f checkout.TextField[T], value string, fits bool) {
	t.Helper()
	c := whole()
	*f.At(at(&c)) = text(value)
	violations := violationsOf(checkout.Validate(checkout.OperationCreate, &c, nil), path)
	characters := int64(len([]rune(value)))
	switch {
	case !fits && (len(violations) != 1 || violations[0].Rule != checkout.RuleLength || violations[0].Sent != characters):
		t.Errorf("%s of %d characters: %+v", path, characters, violations)
	case fits && f.Format == checkout.FormatNone && len(violations) != 0:
		t.Errorf("%s of %d characters is refused: %v", path, characters, broken(violations))
	case fits && f.Format != checkout.FormatNone && (len(violations) != 1 || violations[0].Rule != checkout.RuleFormat):
		t.Errorf("%s of %d characters is not judged by its format: %v", path, characters, broken(violations))
	}
}

// violationsOf are those of one path.
func violationsOf(all []checkout.Violation, path string) []checkout.Violation {
	var found []checkout.Violation
	for _, v := range all {
		if v.Path == path {
			found = append(found, v)
		}
	}
	return found
}

func TestEveryTextAtAndBeyondItsLimits(t *testing.T) {
	t.Parallel()
	walkTexts(t, "", checkout.ContentTextFields, func(c *checkout.Content) *checkout.Content { return c })
	walkTexts(t, "billing_address.", checkout.AddressFields, func(c *checkout.Content) *checkout.Address { return c.BillingAddress })
	walkTexts(t, "shipping_address.", checkout.AddressFields, func(c *checkout.Content) *checkout.Address { return c.ShippingAddress })
	walkTexts(t, "customer.", checkout.CustomerFields, func(c *checkout.Content) *checkout.Customer { return c.Customer })
	walkTexts(t, "merchant_urls.", checkout.MerchantURLFields, func(c *checkout.Content) *checkout.MerchantURLs { return c.MerchantURLs })
	walkTexts(t, "options.", checkout.OptionFields, func(c *checkout.Content) *checkout.Options { return c.Options })
	walkTexts(t, "attachment.", checkout.AttachmentFields, func(c *checkout.Content) *checkout.Attachment { return c.Attachment })
	walkTexts(t, "order_lines[0].", checkout.LineTextFields, func(c *checkout.Content) *checkout.Line { return &c.OrderLines[0] })
	walkTexts(t, "order_lines[0].product_identifiers.", checkout.ProductIdentifierFields,
		func(c *checkout.Content) *checkout.ProductIdentifiers { return c.OrderLines[0].ProductIdentifiers })
	walkTexts(t, "order_lines[0].subscription.", checkout.SubscriptionTextFields,
		func(c *checkout.Content) *checkout.Subscription { return c.OrderLines[0].Subscription })
}

// TestQuickPathOfALineAgrees: a line without objects is judged by a quicker
// way first; it must see the same limits.
func TestQuickPathOfALineAgrees(t *testing.T) {
	t.Parallel()
	plainLine := func(c *checkout.Content) *checkout.Line {
		c.OrderLines[0].ProductIdentifiers, c.OrderLines[0].Subscription = nil, nil
		return &c.OrderLines[0]
	}
	walkTexts(t, "order_lines[0].", checkout.LineTextFields, plainLine)
	walkIntegers(t, "order_lines[0].", checkout.LineIntegerFields, plainLine)
}

// walkIntegers sets each property to its limits and one beyond.
func walkIntegers[T any](t *testing.T, parent string, fields []checkout.IntegerField[T], at func(*checkout.Content) *T) {
	t.Helper()
	for _, f := range fields {
		path := parent + f.Name
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			requireRange(t, path, at, f, f.Min, true)
			requireRange(t, path, at, f, f.Max, true)
			if f.Min > math.MinInt64 {
				requireRange(t, path, at, f, f.Min-1, false)
				requireRange(t, path, at, f, math.MinInt64, false)
			}
			if f.Max < math.MaxInt64 {
				requireRange(t, path, at, f, f.Max+1, false)
				requireRange(t, path, at, f, math.MaxInt64, false)
			}
		})
	}
}

func requireRange[T any](t *testing.T, path string, at func(*checkout.Content) *T, f checkout.IntegerField[T], value int64, fits bool) {
	t.Helper()
	c := whole()
	*f.At(at(&c)) = integer(value)
	var found []checkout.Violation
	for _, v := range violationsOf(checkout.Validate(checkout.OperationCreate, &c, nil), path) {
		if !v.Stage.Arithmetic() {
			found = append(found, v)
		}
	}
	if fits != (len(found) == 0) {
		t.Fatalf("%s = %d: %v, want it to fit: %v", path, value, broken(found), fits)
	}
	if !fits && (found[0].Rule != checkout.RuleRange || found[0].Sent != value || found[0].Stage != checkout.StageFields) {
		t.Errorf("%s = %d: %+v", path, value, found[0])
	}
}

func TestEveryIntegerAtAndBeyondItsLimits(t *testing.T) {
	t.Parallel()
	walkIntegers(t, "", checkout.ContentIntegerFields, func(c *checkout.Content) *checkout.Content { return c })
	walkIntegers(t, "order_lines[0].", checkout.LineIntegerFields, func(c *checkout.Content) *checkout.Line { return &c.OrderLines[0] })
	walkIntegers(t, "order_lines[0].subscription.", checkout.SubscriptionIntegerFields,
		func(c *checkout.Content) *checkout.Subscription { return c.OrderLines[0].Subscription })
}

// TestLimitsAreSaidInWords: an integrator reads what was expected.
func TestLimitsAreSaidInWords(t *testing.T) {
	t.Parallel()
	c := whole()
	c.OrderLines[0].TaxRate = integer(10001)
	c.OrderLines[0].UnitPrice = integer(checkout.AmountMax + 1)
	c.OrderLines[0].Quantity = integer(-1)
	c.OrderLines[0].QuantityUnit = text("kilograms")
	for path, want := range map[string]string{
		"order_lines[0].tax_rate":      "0 to 10000",
		"order_lines[0].unit_price":    "at most 200000000",
		"order_lines[0].quantity":      "at least 0",
		"order_lines[0].quantity_unit": "1 to 8 characters",
	} {
		found := violationsOf(checkout.Validate(checkout.OperationCreate, &c, nil), path)
		if len(found) != 1 || found[0].Expected != want {
			t.Errorf("%s: %+v, want %q", path, found, want)
		}
	}
}
