package market

// Category is a group of payment methods shown as one choice in the checkout.
type Category struct {
	Identifier string // protocol value, e.g. "pay_later"
	Name       string // text shown to the customer
}

// Method is what a customer ends up paying with.
type Method struct {
	Type                 string // protocol value of authorized_payment_method.type, lower case
	NumberOfDays         int    // days until the payment is due, 0 when at once
	NumberOfInstallments int    // 1 when paid in one go
}

// AssetURL is the badge of every category in all recordings since 2020.
const AssetURL = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg"

var (
	// Recorded for Sweden on the EU playground, January 2024.
	europeanCategories = []Category{
		{"pay_later", "Buy now, pay later"},
		{"pay_over_time", "Monthly financing"},
		{"pay_now", "Pay now"},
	}
	// Recorded for the US in July 2020 (pay_later) and August 2021.
	americanCategories = []Category{
		{"pay_later", "Pay later in 30 days"},
		{"pay_over_time", "4 interest-free payments"},
	}
)

// Categories are what a session in this market is offered. The caller must
// not change the slice.
func (m Market) Categories() []Category {
	if m.Country == "US" {
		return americanCategories
	}
	return europeanCategories
}

// categoryNames are for categories that a call names though the market's
// sessions are not offered them.
var categoryNames = map[string]string{
	"pay_later":     "Buy now, pay later",
	"pay_over_time": "Monthly financing",
	"pay_in_parts":  "Pay in parts",
	"pay_now":       "Pay now",
	"card":          "Card",
	"direct_debit":  "Direct debit",
	BankTransfer:    "Bank transfer",
	AnyCategory:     "Pay with Klarna",
}

// AnyCategory is the category that stands for all that a session is offered.
const AnyCategory = "klarna"

// BankTransfer is the category whose payment ends with a step at the bank.
const BankTransfer = "direct_bank_transfer"

// Category is the category of the identifier as this market names it.
func (m Market) Category(identifier string) Category {
	for _, c := range m.Categories() {
		if c.Identifier == identifier {
			return c
		}
	}
	return Category{identifier, categoryNames[identifier]}
}

var methodOfCategory = map[string]Method{
	"pay_later":     {"invoice", 30, 1},
	"pay_over_time": {"fixed_amount", 0, 12},
	"pay_in_parts":  {"slice_it_by_card", 0, 4},
	"pay_now":       {"card", 0, 1},
	"card":          {"card", 0, 1},
	"direct_debit":  {"direct_debit", 0, 1},
	BankTransfer:    {"direct_bank_transfer", 0, 1},
	AnyCategory:     {"invoice", 30, 1},
}

// MethodOf is the method an authorization of the category ends with. In the US
// "pay over time" is four card payments, as recorded.
func (m Market) MethodOf(category string) Method {
	if m.Country == "US" && category == "pay_over_time" {
		category = "pay_in_parts"
	}
	if method, ok := methodOfCategory[category]; ok {
		return method
	}
	return methodOfCategory[AnyCategory]
}

// KnownCategory tells whether the identifier is one the protocol knows.
func KnownCategory(identifier string) bool {
	_, ok := methodOfCategory[identifier]
	return ok
}
