package checkout

import "strings"

// Merge lays a patch over the content. A property that the patch does not have
// stays; objects merge property by property; lists are replaced whole. A JSON
// null is an absent property (a shop sends "options": null and means nothing
// by it). Neither c nor patch is changed.
func (c Content) Merge(patch Content) Content {
	for i := range ContentTextFields {
		at := ContentTextFields[i].At
		overlayText(at(&c), at(&patch))
	}
	for i := range ContentIntegerFields {
		at := ContentIntegerFields[i].At
		if next := at(&patch); next.Set {
			*at(&c) = *next
		}
	}
	if patch.AutoCapture.Set {
		c.AutoCapture = patch.AutoCapture
	}
	if patch.CustomPaymentMethodIDs != nil {
		c.CustomPaymentMethodIDs = patch.CustomPaymentMethodIDs
	}
	if patch.OrderLines != nil {
		c.OrderLines = patch.OrderLines
	}
	c.Attachment = mergeObject(AttachmentFields, c.Attachment, patch.Attachment)
	c.BillingAddress = mergeObject(AddressFields, c.BillingAddress, patch.BillingAddress)
	c.Customer = mergeObject(CustomerFields, c.Customer, patch.Customer)
	c.MerchantURLs = mergeObject(MerchantURLFields, c.MerchantURLs, patch.MerchantURLs)
	c.Options = mergeObject(OptionFields, c.Options, patch.Options)
	c.ShippingAddress = mergeObject(AddressFields, c.ShippingAddress, patch.ShippingAddress)
	return c.normalized()
}

// normalized writes codes the way they are compared and shown: countries and
// currencies in upper case, intent and channel as the schema spells them. A
// value that has not the format of its property stays as it was sent: it is
// shown in the violation, and "ſe" must not become "SE".
func (c Content) normalized() Content {
	c.PurchaseCountry.Value = spelled(FormatCountry, c.PurchaseCountry.Value, strings.ToUpper)
	c.PurchaseCurrency.Value = spelled(FormatCurrency, c.PurchaseCurrency.Value, strings.ToUpper)
	c.Intent.Value = spelled(FormatIntent, c.Intent.Value, strings.ToLower)
	c.AcquiringChannel.Value = spelled(FormatAcquiringChannel, c.AcquiringChannel.Value, strings.ToUpper)
	c.BillingAddress = upperCountry(c.BillingAddress)
	c.ShippingAddress = upperCountry(c.ShippingAddress)
	return c
}

func spelled(format Format, value string, spell func(string) string) string {
	if !format.Matches(value) {
		return value
	}
	return spell(value)
}

func upperCountry(a *Address) *Address {
	if a == nil {
		return nil
	}
	country := spelled(FormatCountry, a.Country.Value, strings.ToUpper)
	if country == a.Country.Value {
		return a
	}
	changed := *a
	changed.Country.Value = country
	return &changed
}

func overlayText(base, patch *Text) {
	if patch.Set {
		*base = *patch
	}
}

// mergeObject overlays the string properties of an object.
func mergeObject[T any](fields []TextField[T], base, patch *T) *T {
	if patch == nil {
		return base
	}
	if base == nil {
		return patch
	}
	merged := *base
	for i := range fields {
		overlayText(fields[i].At(&merged), fields[i].At(patch))
	}
	return &merged
}

// Empty tells whether a patch would change nothing.
func (c *Content) Empty() bool {
	for i := range ContentTextFields {
		if ContentTextFields[i].At(c).Set {
			return false
		}
	}
	return !c.OrderAmount.Set && !c.OrderTaxAmount.Set && !c.AutoCapture.Set &&
		c.OrderLines == nil && c.CustomPaymentMethodIDs == nil && c.Attachment == nil &&
		c.BillingAddress == nil && c.ShippingAddress == nil && c.Customer == nil &&
		c.MerchantURLs == nil && c.Options == nil
}
