package checkout

// This file is the one table of the string properties of the protocol's
// objects: name, accessor, limits. Decoding, encoding, merging, validating and
// comparing all walk it, so a new property is one line here.

// TextField describes a string property of an object of type T.
type TextField[T any] struct {
	Name    string
	At      func(*T) *Text
	Min     int // characters; an absent property is not checked
	Max     int // characters
	Format  Format
	Numbers bool // a JSON number is taken as its text
}

// AddressFields are the properties of billing_address and shipping_address in
// the order the recorded server writes them. Source: published schema; phone
// has no minimum in its newer versions.
var AddressFields = []TextField[Address]{
	{Name: "given_name", At: func(a *Address) *Text { return &a.GivenName }, Max: 99},
	{Name: "family_name", At: func(a *Address) *Text { return &a.FamilyName }, Max: 99},
	{Name: "title", At: func(a *Address) *Text { return &a.Title }, Max: 20},
	{Name: "attention", At: func(a *Address) *Text { return &a.Attention }, Max: 99},
	{Name: "organization_name", At: func(a *Address) *Text { return &a.OrganizationName }, Max: 99},
	{Name: "email", At: func(a *Address) *Text { return &a.Email }, Max: 99},
	{Name: "street_address", At: func(a *Address) *Text { return &a.StreetAddress }, Max: 99},
	{Name: "street_address2", At: func(a *Address) *Text { return &a.StreetAddress2 }, Max: 99},
	{Name: "postal_code", At: func(a *Address) *Text { return &a.PostalCode }, Max: 10, Numbers: true},
	{Name: "city", At: func(a *Address) *Text { return &a.City }, Max: 99},
	{Name: "region", At: func(a *Address) *Text { return &a.Region }, Max: 99},
	{Name: "phone", At: func(a *Address) *Text { return &a.Phone }, Max: 99, Numbers: true},
	{Name: "country", At: func(a *Address) *Text { return &a.Country }, Max: 255, Format: FormatCountry},
}

// CustomerFields are the properties of customer.
var CustomerFields = []TextField[Customer]{
	{Name: "date_of_birth", At: func(c *Customer) *Text { return &c.DateOfBirth }, Max: 255},
	{Name: "gender", At: func(c *Customer) *Text { return &c.Gender }, Max: 255},
	{Name: "last_four_ssn", At: func(c *Customer) *Text { return &c.LastFourSSN }, Max: 255, Format: FormatSSN, Numbers: true},
	{Name: "national_identification_number", At: func(c *Customer) *Text { return &c.NationalIdentificationNumber }, Max: 255, Numbers: true},
	{Name: "organization_entity_type", At: func(c *Customer) *Text { return &c.OrganizationEntityType }, Max: 255, Format: FormatEntityType},
	{Name: "organization_registration_id", At: func(c *Customer) *Text { return &c.OrganizationRegistrationID }, Max: 255, Numbers: true},
	{Name: "title", At: func(c *Customer) *Text { return &c.Title }, Max: 255},
	{Name: "type", At: func(c *Customer) *Text { return &c.Type }, Max: 255, Format: FormatCustomerType},
	{Name: "vat_id", At: func(c *Customer) *Text { return &c.VATID }, Max: 255},
}

// MerchantURLFields are the properties of merchant_urls.
var MerchantURLFields = []TextField[MerchantURLs]{
	{Name: "authorization", At: func(u *MerchantURLs) *Text { return &u.Authorization }, Max: 2000},
	{Name: "confirmation", At: func(u *MerchantURLs) *Text { return &u.Confirmation }, Max: 2000},
	{Name: "notification", At: func(u *MerchantURLs) *Text { return &u.Notification }, Max: 2000},
	{Name: "push", At: func(u *MerchantURLs) *Text { return &u.Push }, Max: 2000},
}

// OptionFields are the properties of options.
var OptionFields = []TextField[Options]{
	{Name: "color_border", At: func(o *Options) *Text { return &o.ColorBorder }, Max: 255, Format: FormatColor},
	{Name: "color_border_selected", At: func(o *Options) *Text { return &o.ColorBorderSelected }, Max: 255, Format: FormatColor},
	{Name: "color_details", At: func(o *Options) *Text { return &o.ColorDetails }, Max: 255, Format: FormatColor},
	{Name: "color_text", At: func(o *Options) *Text { return &o.ColorText }, Max: 255, Format: FormatColor},
	{Name: "radius_border", At: func(o *Options) *Text { return &o.RadiusBorder }, Max: 255},
}

// AttachmentFields are the properties of attachment.
var AttachmentFields = []TextField[Attachment]{
	{Name: "body", At: func(a *Attachment) *Text { return &a.Body }, Max: unlimited},
	{Name: "content_type", At: func(a *Attachment) *Text { return &a.ContentType }, Max: 255},
}

// ProductIdentifierFields are the properties of product_identifiers.
var ProductIdentifierFields = []TextField[ProductIdentifiers]{
	{Name: "brand", At: func(p *ProductIdentifiers) *Text { return &p.Brand }, Max: 70},
	{Name: "category_path", At: func(p *ProductIdentifiers) *Text { return &p.CategoryPath }, Max: 750},
	{Name: "color", At: func(p *ProductIdentifiers) *Text { return &p.Color }, Max: 64},
	{Name: "global_trade_item_number", At: func(p *ProductIdentifiers) *Text { return &p.GlobalTradeItemNumber }, Max: 50, Numbers: true},
	{Name: "manufacturer_part_number", At: func(p *ProductIdentifiers) *Text { return &p.ManufacturerPartNumber }, Max: 70, Numbers: true},
	{Name: "size", At: func(p *ProductIdentifiers) *Text { return &p.Size }, Max: 64, Numbers: true},
}

// LineTextFields are the string properties of an order line. The reference may
// have 255 characters: the two newer schemas say so, the oldest says 256.
var LineTextFields = []TextField[Line]{
	{Name: "type", At: func(l *Line) *Text { return &l.Type }, Max: 255},
	{Name: "reference", At: func(l *Line) *Text { return &l.Reference }, Max: 255, Numbers: true},
	{Name: "name", At: func(l *Line) *Text { return &l.Name }, Min: 1, Max: 255},
	{Name: "quantity_unit", At: func(l *Line) *Text { return &l.QuantityUnit }, Min: 1, Max: 8},
	{Name: "image_url", At: func(l *Line) *Text { return &l.ImageURL }, Max: 1024},
	{Name: "product_url", At: func(l *Line) *Text { return &l.ProductURL }, Max: 1024},
	{Name: "merchant_data", At: func(l *Line) *Text { return &l.MerchantData }, Max: 1024, Numbers: true},
}

// SubscriptionTextFields are the string properties of a line's subscription.
var SubscriptionTextFields = []TextField[Subscription]{
	{Name: "name", At: func(s *Subscription) *Text { return &s.Name }, Min: 1, Max: 255},
	{Name: "interval", At: func(s *Subscription) *Text { return &s.Interval }, Max: 255, Format: FormatInterval},
}

// ContentTextFields are the string properties at the top of a body. Country
// and currency stand apart: they are checked in a stage of their own.
var ContentTextFields = []TextField[Content]{
	{Name: "acquiring_channel", At: func(c *Content) *Text { return &c.AcquiringChannel }, Max: 255, Format: FormatAcquiringChannel},
	{Name: "design", At: func(c *Content) *Text { return &c.Design }, Max: 255},
	{Name: "intent", At: func(c *Content) *Text { return &c.Intent }, Max: 255, Format: FormatIntent},
	{Name: "locale", At: func(c *Content) *Text { return &c.Locale }, Max: 255, Format: FormatLocale},
	{Name: "merchant_data", At: func(c *Content) *Text { return &c.MerchantData }, Max: 6000, Numbers: true},
	{Name: "merchant_reference1", At: func(c *Content) *Text { return &c.MerchantReference1 }, Max: 255, Numbers: true},
	{Name: "merchant_reference2", At: func(c *Content) *Text { return &c.MerchantReference2 }, Max: 255, Numbers: true},
	{Name: "purchase_country", At: func(c *Content) *Text { return &c.PurchaseCountry }, Max: 255, Format: FormatCountry},
	{Name: "purchase_currency", At: func(c *Content) *Text { return &c.PurchaseCurrency }, Max: 255, Format: FormatCurrency},
}

// unlimited stands for a string bounded only by the size of the body.
const unlimited = 1 << 30

// IntegerField describes an integer property of an object of type T.
type IntegerField[T any] struct {
	Name     string
	At       func(*T) *Integer
	Min, Max int64
}

// AmountMax is the largest unit_price and total_amount, in minor units.
// Source: the newest published schema (older ones say half of it).
const AmountMax = 200_000_000

const (
	integerMin = -1 << 63
	integerMax = 1<<63 - 1
)

// LineIntegerFields are the integer properties of an order line.
var LineIntegerFields = []IntegerField[Line]{
	{Name: "quantity", At: func(l *Line) *Integer { return &l.Quantity }, Min: 0, Max: integerMax},
	{Name: "unit_price", At: func(l *Line) *Integer { return &l.UnitPrice }, Min: integerMin, Max: AmountMax},
	{Name: "tax_rate", At: func(l *Line) *Integer { return &l.TaxRate }, Min: 0, Max: 10000},
	{Name: "total_amount", At: func(l *Line) *Integer { return &l.TotalAmount }, Min: integerMin, Max: AmountMax},
	{Name: "total_discount_amount", At: func(l *Line) *Integer { return &l.TotalDiscountAmount }, Min: 0, Max: integerMax},
	{Name: "total_tax_amount", At: func(l *Line) *Integer { return &l.TotalTaxAmount }, Min: integerMin, Max: integerMax},
}

// SubscriptionIntegerFields are the integer properties of a subscription.
var SubscriptionIntegerFields = []IntegerField[Subscription]{
	{Name: "interval_count", At: func(s *Subscription) *Integer { return &s.IntervalCount }, Min: 1, Max: integerMax},
}

// ContentIntegerFields are the integer properties at the top of a body.
var ContentIntegerFields = []IntegerField[Content]{
	{Name: "order_amount", At: func(c *Content) *Integer { return &c.OrderAmount }, Min: 0, Max: integerMax},
	{Name: "order_tax_amount", At: func(c *Content) *Integer { return &c.OrderTaxAmount }, Min: 0, Max: integerMax},
}

// LinesMax is the largest number of order lines; at least one is needed.
const LinesMax = 1000
