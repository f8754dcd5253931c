package checkout

import "github.com/kvitto/kvitto/internal/money"

// Text is a string property that may be absent. An empty string is present
// (it is echoed) but counts as nothing when two contents are compared.
type Text struct {
	Value string
	Set   bool
}

// TextOf is a present string.
func TextOf(value string) Text { return Text{Value: value, Set: true} }

// Integer is an integer property that may be absent.
type Integer struct {
	Value int64
	Set   bool
}

// IntegerOf is a present integer.
func IntegerOf(value int64) Integer { return Integer{Value: value, Set: true} }

// Boolean is a boolean property that may be absent.
type Boolean struct {
	Value bool
	Set   bool
}

// BooleanOf is a present boolean.
func BooleanOf(value bool) Boolean { return Boolean{Value: value, Set: true} }

// Content is what a merchant's server or the customer's browser says about a
// payment: the writable properties of the protocol's session and order bodies.
// Everything is optional here; Validate says what an operation needs. Content
// is also the shape of a patch: absent properties change nothing.
type Content struct {
	AcquiringChannel       Text
	Attachment             *Attachment
	AutoCapture            Boolean // place order only
	BillingAddress         *Address
	CustomPaymentMethodIDs []string
	Customer               *Customer
	Design                 Text
	Intent                 Text
	Locale                 Text
	MerchantData           Text
	MerchantReference1     Text
	MerchantReference2     Text
	MerchantURLs           *MerchantURLs
	Options                *Options
	OrderAmount            Integer // minor units, tax and discounts included
	OrderLines             []Line  // nil is absent; an empty list is not nil
	OrderTaxAmount         Integer // minor units
	PurchaseCountry        Text    // ISO 3166 alpha-2
	PurchaseCurrency       Text    // ISO 4217
	ShippingAddress        *Address
}

// Attachment is extra merchant data (EMD): a JSON document in a string.
type Attachment struct {
	Body        Text
	ContentType Text
}

// Address is a billing or shipping address.
type Address struct {
	Attention        Text
	City             Text
	Country          Text
	Email            Text
	FamilyName       Text
	GivenName        Text
	OrganizationName Text
	Phone            Text
	PostalCode       Text
	Region           Text
	StreetAddress    Text
	StreetAddress2   Text
	Title            Text
}

// Customer is the person or organization that buys.
type Customer struct {
	DateOfBirth                  Text
	Gender                       Text
	LastFourSSN                  Text
	NationalIdentificationNumber Text
	OrganizationEntityType       Text
	OrganizationRegistrationID   Text
	Title                        Text
	Type                         Text
	VATID                        Text
}

// MerchantURLs are the merchant's addresses for the customer and for callbacks.
type MerchantURLs struct {
	Authorization Text
	Confirmation  Text
	Notification  Text
	Push          Text
}

// Options are the colours of the widget.
type Options struct {
	ColorBorder         Text
	ColorBorderSelected Text
	ColorDetails        Text
	ColorText           Text
	RadiusBorder        Text
}

// Line is one order line. Amounts are in minor units and include tax.
type Line struct {
	ImageURL            Text
	MerchantData        Text
	Name                Text
	ProductIdentifiers  *ProductIdentifiers
	ProductURL          Text
	Quantity            Integer
	QuantityUnit        Text
	Reference           Text
	Subscription        *Subscription
	TaxRate             Integer // basis points
	TotalAmount         Integer
	TotalDiscountAmount Integer
	TotalTaxAmount      Integer
	Type                Text
	UnitPrice           Integer
}

// ProductIdentifiers name the product of a line.
type ProductIdentifiers struct {
	Brand                  Text
	CategoryPath           Text
	Color                  Text
	GlobalTradeItemNumber  Text
	ManufacturerPartNumber Text
	Size                   Text
}

// Subscription is the plan a line belongs to.
type Subscription struct {
	Name          Text
	Interval      Text
	IntervalCount Integer
}

// The protocol's order line types. The published schema has no enumeration:
// another value is taken and treated as physical.
const (
	LineSalesTax = "sales_tax"
	LinePhysical = "physical"
)

// Line values with the protocol's defaults for what was not sent.

func (l *Line) total() money.Amount    { return money.Amount(l.TotalAmount.Value) }
func (l *Line) tax() money.Amount      { return money.Amount(l.TotalTaxAmount.Value) }
func (l *Line) discount() money.Amount { return money.Amount(l.TotalDiscountAmount.Value) }
func (l *Line) unit() money.Amount     { return money.Amount(l.UnitPrice.Value) }
func (l *Line) rate() money.Rate       { return money.Rate(l.TaxRate.Value) }

// EffectiveCountry is the country whose rules apply: the billing country
// overrides the purchase country. Source: published schema of address.country;
// a recorded order with purchase country GB, billing country US and USD passed.
func (c *Content) EffectiveCountry() string {
	if c.BillingAddress != nil && c.BillingAddress.Country.Value != "" {
		return c.BillingAddress.Country.Value
	}
	return c.PurchaseCountry.Value
}
