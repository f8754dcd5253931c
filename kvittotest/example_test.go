package kvittotest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/kvittotest"
)

// cart is what the shop sends: a shirt for 499.00 SEK with 25 % tax inside.
var cart = map[string]any{
	"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
	"order_amount": 49900, "order_tax_amount": 9980,
	"order_lines": []client.OrderLine{
		{Reference: "shirt", Name: "Linen shirt", Quantity: 1, UnitPrice: 49900, TaxRate: 2500, TotalAmount: 49900, TotalTaxAmount: 9980},
	},
}

// checkout is TestCheckout(t *testing.T) in your project.
func checkout(t testing.TB) {
	server := kvittotest.Start(t)
	shop := server.Client // or point your own client at server.URL

	session, err := shop.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.UpdateSession(t.Context(), session.SessionID, map[string]any{"merchant_reference1": "1001"}); err != nil {
		t.Fatal(err)
	}

	authorized := server.Authorize(session.SessionID, client.Approve)
	fmt.Println("approved:", authorized.Approved)

	order, err := shop.PlaceOrder(t.Context(), authorized.AuthorizationToken, cart)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("order:", order.FraudStatus)

	// The same call again is the same order.
	again, err := shop.PlaceOrder(t.Context(), authorized.AuthorizationToken, cart)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("one order:", again.OrderID == order.OrderID)

	// Another session waits too long: its clock is yours to move.
	late, err := shop.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	server.Advance(48 * time.Hour)
	_, err = shop.ReadSession(t.Context(), late.SessionID)
	var refused *client.Error
	if errors.As(err, &refused) {
		fmt.Println("two days later:", refused.Status, refused.Code)
	}
}

func Example() {
	run(checkout)
	// Output:
	// approved: true
	// order: ACCEPTED
	// one order: true
	// two days later: 404 NOT_FOUND
}
