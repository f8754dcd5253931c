package checkout_test

import (
	"encoding/json"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// drawObject sets some properties of an object, "" among the values; the values
// are spelled as they are kept.
func drawObject[T any](t *rapid.T, fields []checkout.TextField[T]) *T {
	if rapid.IntRange(0, 2).Draw(t, "absent") == 0 {
		return nil
	}
	object := new(T)
	for _, f := range fields {
		values := []string{"", "a", "b"}
		switch f.Format {
		case checkout.FormatCountry:
			values = []string{"", "SE", "US"}
		case checkout.FormatCurrency:
			values = []string{"", "SEK", "USD"}
		case checkout.FormatIntent:
			values = []string{"", "buy", "tokenize"}
		case checkout.FormatAcquiringChannel:
			values = []string{"", "ECOMMERCE", "IN_STORE"}
		default:
		}
		if rapid.Bool().Draw(t, f.Name) {
			*f.At(object) = text(rapid.SampledFrom(values).Draw(t, "value"))
		}
	}
	return object
}

// drawPatch is any body at all: every property may be there or not.
func drawPatch(t *rapid.T) checkout.Content {
	var c checkout.Content
	if properties := drawObject(t, checkout.ContentTextFields); properties != nil {
		c = *properties
	}
	maybe := rapid.SampledFrom([]checkout.Integer{{}, integer(0), integer(1), integer(2)})
	for _, f := range checkout.ContentIntegerFields {
		*f.At(&c) = maybe.Draw(t, f.Name)
	}
	c.AutoCapture = rapid.SampledFrom([]checkout.Boolean{{}, checkout.BooleanOf(false), checkout.BooleanOf(true)}).Draw(t, "auto_capture")
	c.CustomPaymentMethodIDs = rapid.SampledFrom([][]string{nil, {}, {"a"}, {"a", "b"}}).Draw(t, "custom_payment_method_ids")
	c.OrderLines = rapid.SampledFrom([][]checkout.Line{nil, {}, swedish().OrderLines, american().OrderLines}).Draw(t, "order_lines")
	c.Attachment = drawObject(t, checkout.AttachmentFields)
	c.BillingAddress = drawObject(t, checkout.AddressFields)
	c.ShippingAddress = drawObject(t, checkout.AddressFields)
	c.Customer = drawObject(t, checkout.CustomerFields)
	c.MerchantURLs = drawObject(t, checkout.MerchantURLFields)
	c.Options = drawObject(t, checkout.OptionFields)
	return c
}

// flat is a content as a map from paths to values: the properties of objects
// one by one, lists as one value. Merging is then nothing but laying one map
// over the other.
func flat(c checkout.Content) map[string]string {
	all := map[string]string{}
	flatTexts(all, "", checkout.ContentTextFields, &c)
	for _, f := range checkout.ContentIntegerFields {
		if n := f.At(&c); n.Set {
			all[f.Name] = encoded(n.Value)
		}
	}
	if c.AutoCapture.Set {
		all["auto_capture"] = encoded(c.AutoCapture.Value)
	}
	if c.CustomPaymentMethodIDs != nil {
		all["custom_payment_method_ids"] = encoded(c.CustomPaymentMethodIDs)
	}
	if c.OrderLines != nil {
		all["order_lines"] = encoded(c.OrderLines)
	}
	flatTexts(all, "attachment", checkout.AttachmentFields, c.Attachment)
	flatTexts(all, "billing_address", checkout.AddressFields, c.BillingAddress)
	flatTexts(all, "shipping_address", checkout.AddressFields, c.ShippingAddress)
	flatTexts(all, "customer", checkout.CustomerFields, c.Customer)
	flatTexts(all, "merchant_urls", checkout.MerchantURLFields, c.MerchantURLs)
	flatTexts(all, "options", checkout.OptionFields, c.Options)
	return all
}

func flatTexts[T any](all map[string]string, parent string, fields []checkout.TextField[T], object *T) {
	if object == nil {
		return
	}
	if parent != "" {
		all[parent] = "present"
		parent += "."
	}
	for _, f := range fields {
		if v := f.At(object); v.Set {
			all[parent+f.Name] = encoded(v.Value)
		}
	}
}

func encoded(v any) string {
	bytes, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

// TestMergeIsOneMapOverTheOther: later wins, objects property by property,
// lists whole.
func TestMergeIsOneMapOverTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, patch := drawPatch(t), drawPatch(t)
		want := flat(base)
		maps.Copy(want, flat(patch))
		requireSame(t, "merged", want, flat(base.Merge(patch)))
	})
}

func TestAnEmptyPatchChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawPatch(t)
		requireSame(t, "c.Merge({})", c, c.Merge(checkout.Content{}))
		requireSame(t, "{}.Merge(c)", c, checkout.Content{}.Merge(c))
		requireSame(t, "c.Merge(c)", c, c.Merge(c))
	})
}

// TestPatchesAdd: two updates one after the other are one update with both.
func TestPatchesAdd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, first, second := drawPatch(t), drawPatch(t), drawPatch(t)
		requireSame(t, "(c + first) + second", c.Merge(first.Merge(second)), c.Merge(first).Merge(second))
	})
}

// TestMergeLeavesItsInputsAlone, also when codes are spelled anew.
func TestMergeLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, patch := drawPatch(t), drawPatch(t)
		if base.BillingAddress != nil {
			base.BillingAddress.Country = text("se")
		}
		if patch.ShippingAddress != nil {
			patch.ShippingAddress.Country = text("us")
		}
		baseBefore, patchBefore := copied(base), copied(patch)
		merged := base.Merge(patch)
		requireSame(t, "base", baseBefore, base)
		requireSame(t, "patch", patchBefore, patch)
		if a := merged.BillingAddress; a != nil && a.Country.Value == "se" {
			t.Fatalf("the merged country is %q", a.Country.Value)
		}
	})
}

// TestEmptyPatch: a patch is empty when there is nothing in it, not when its
// values are.
func TestEmptyPatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawPatch(t)
		if got, want := c.Empty(), len(flat(c)) == 0; got != want {
			t.Fatalf("Empty() is %v for %v", got, flat(c))
		}
	})
	nothing := checkout.Content{}
	if !nothing.Empty() {
		t.Error("nothing is not empty")
	}
	for name, c := range map[string]checkout.Content{
		"empty list": {OrderLines: []checkout.Line{}}, "empty object": {Options: &checkout.Options{}}, "empty string": {Design: text("")},
		"zero": {OrderTaxAmount: integer(0)}, "false": {AutoCapture: checkout.BooleanOf(false)},
	} {
		if c.Empty() {
			t.Errorf("a patch with an %s is empty", name)
		}
	}
}

// TestMergeByExample says the laws once more in a shop's words.
func TestMergeByExample(t *testing.T) {
	t.Parallel()
	session := swedish()
	session.BillingAddress = &checkout.Address{City: text("Stockholm"), PostalCode: text("111 22")}
	merged := session.Merge(checkout.Content{
		OrderAmount:    integer(100),
		OrderLines:     []checkout.Line{cartLine("digital", 1, 100)},
		BillingAddress: &checkout.Address{PostalCode: text(""), Phone: text("+46700000000")},
	})
	want := swedish()
	want.OrderAmount = integer(100)
	want.OrderLines = []checkout.Line{cartLine("digital", 1, 100)}
	want.BillingAddress = &checkout.Address{City: text("Stockholm"), PostalCode: text(""), Phone: text("+46700000000")}
	requireSame(t, "merged", want, merged)
}
