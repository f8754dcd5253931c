package storetest

import "github.com/kvitto/kvitto/internal/checkout"

// cart is a body that creates a session and places its order: two lines and a
// billing address, with an intent that allows customer tokens as well.
func cart() checkout.Content {
	return checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"),
		Locale: checkout.TextOf("sv-SE"), Intent: checkout.TextOf(checkout.IntentBuyAndTokenize),
		OrderAmount: checkout.IntegerOf(29_900), OrderTaxAmount: checkout.IntegerOf(5_980),
		BillingAddress: &checkout.Address{
			GivenName: checkout.TextOf("Åsa"), FamilyName: checkout.TextOf("Öberg"),
			StreetAddress: checkout.TextOf("Kungsgatan 1"), PostalCode: checkout.TextOf("111 43"),
			City: checkout.TextOf("Stockholm"), Country: checkout.TextOf("SE"), Email: checkout.TextOf(""),
		},
		MerchantURLs: &checkout.MerchantURLs{Push: checkout.TextOf("https://shop.example/push?order={checkout.order.id}")},
		OrderLines: []checkout.Line{
			line("Kaffekvarn", 1, 25_000, 5_000),
			line("Frakt", 1, 4_900, 980),
		},
	}
}

// line costs unit in all, 25 % tax included.
func line(name string, quantity, unit, tax int64) checkout.Line {
	return checkout.Line{
		Name: checkout.TextOf(name), Quantity: checkout.IntegerOf(quantity), UnitPrice: checkout.IntegerOf(unit),
		TotalAmount: checkout.IntegerOf(quantity * unit), TaxRate: checkout.IntegerOf(2500), TotalTaxAmount: checkout.IntegerOf(tax),
	}
}
