package cli

import "github.com/kvitto/kvitto/client"

// cart is what the customer of the story buys, in minor units. Prices contain
// their tax.
type cart struct {
	socks       int64 // pairs
	shippingTax int64 // 0 leaves shipping out
	reference   string
}

const (
	shirtPrice, shirtTax = 49900, 9980
	socksPrice, socksTax = 7900, 1580
	shippingPrice        = 4900
	// shippingTaxOnTop is the mistake: 25 % of the price, as if it did not
	// contain its tax. shippingTaxContained is right.
	shippingTaxOnTop, shippingTaxContained = 1225, 980
	taxRate                                = 2500 // basis points
)

func (c cart) lines() []client.OrderLine {
	lines := []client.OrderLine{{Type: "physical", Reference: "shirt", Name: "Linen shirt", Quantity: 1,
		UnitPrice: shirtPrice, TaxRate: taxRate, TotalAmount: shirtPrice, TotalTaxAmount: shirtTax}}
	if c.socks > 0 {
		lines = append(lines, client.OrderLine{Type: "physical", Reference: "socks", Name: "Wool socks", Quantity: c.socks,
			UnitPrice: socksPrice, TaxRate: taxRate, TotalAmount: c.socks * socksPrice, TotalTaxAmount: c.socks * socksTax})
	}
	if c.shippingTax > 0 {
		lines = append(lines, client.OrderLine{Type: "shipping_fee", Name: "Shipping", Quantity: 1,
			UnitPrice: shippingPrice, TaxRate: taxRate, TotalAmount: shippingPrice, TotalTaxAmount: c.shippingTax})
	}
	return lines
}

// order is the protocol's body for a cart.
type order struct {
	PurchaseCountry    string             `json:"purchase_country"`
	PurchaseCurrency   string             `json:"purchase_currency"`
	Locale             string             `json:"locale"`
	OrderAmount        int64              `json:"order_amount"`
	OrderTaxAmount     int64              `json:"order_tax_amount"`
	OrderLines         []client.OrderLine `json:"order_lines"`
	MerchantReference1 string             `json:"merchant_reference1,omitzero"`
}

func (c cart) order() order {
	o := order{PurchaseCountry: "SE", PurchaseCurrency: "SEK", Locale: "sv-SE", OrderLines: c.lines(), MerchantReference1: c.reference}
	for _, line := range o.OrderLines {
		o.OrderAmount += line.TotalAmount
		o.OrderTaxAmount += line.TotalTaxAmount
	}
	return o
}
