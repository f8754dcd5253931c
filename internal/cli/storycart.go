package cli

import "github.com/kvitto/kvitto/client"

// cart is what the customer of the story buys, in minor units. Prices contain
// their tax.
type cart struct {
	socks       int64 // pairs
	shipping    int64 // price; 0 leaves it out
	shippingTax int64
	reference   string
}

const (
	shirtPrice, shirtTax = 49900, 9980
	socksPrice, socksTax = 7900, 1580
	shippingPrice        = 4900
	shippingTax          = 980
	expressPrice         = 9900
	// expressTaxOnTop is the mistake: 25 % of the price, as if it did not
	// contain its tax.
	expressTax, expressTaxOnTop = 1980, 2475
	taxRate                     = 2500 // basis points
)

// express is the cart with express shipping, as it is ordered in the end.
func express(socks int64, reference string) cart {
	return cart{socks: socks, shipping: expressPrice, shippingTax: expressTax, reference: reference}
}

func (c cart) lines() []client.OrderLine {
	lines := []client.OrderLine{{Type: "physical", Reference: "shirt", Name: "Linen shirt", Quantity: 1,
		UnitPrice: shirtPrice, TaxRate: taxRate, TotalAmount: shirtPrice, TotalTaxAmount: shirtTax}}
	if c.socks > 0 {
		lines = append(lines, client.OrderLine{Type: "physical", Reference: "socks", Name: "Wool socks", Quantity: c.socks,
			UnitPrice: socksPrice, TaxRate: taxRate, TotalAmount: c.socks * socksPrice, TotalTaxAmount: c.socks * socksTax})
	}
	if c.shipping > 0 {
		lines = append(lines, client.OrderLine{Type: "shipping_fee", Name: "Shipping", Quantity: 1,
			UnitPrice: c.shipping, TaxRate: taxRate, TotalAmount: c.shipping, TotalTaxAmount: c.shippingTax})
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
