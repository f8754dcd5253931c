package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/client"
)

func Example() {
	// The address of a `kvitto dev`, for example http://127.0.0.1:7420.
	url, stop := playground()
	defer stop()

	ctx := context.Background()
	c := client.New(url, "demo", "any password")

	// Bodies are yours: here a map, and text that is JSON already.
	session, err := c.CreateSession(ctx, map[string]any{
		"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE", "order_amount": 4900,
		"order_lines": []client.OrderLine{{Name: "Socks", Quantity: 1, UnitPrice: 4900, TotalAmount: 4900}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("offered:", session.PaymentMethodCategories[0].Name)

	// Refusals are errors; ask why.
	_, err = c.UpdateSession(ctx, session.SessionID, json.RawMessage(`{"order_amount": 9800}`))
	var refused *client.Error
	if errors.As(err, &refused) {
		fmt.Println("refused:", refused.Status, refused.Code, refused.Messages)
		exchange, err := c.Explain(ctx, refused.CorrelationID)
		if err != nil {
			fmt.Println(err)
			return
		}
		v := exchange.Violations[0]
		fmt.Printf("%s: sent %v, expected %v\n", v.Path, v.Sent, v.Expected)
	}

	// Output:
	// offered: Buy now, pay later
	// refused: 400 BAD_VALUE [Bad value: order_amount]
	// order_amount: sent 9800, expected 4900
}
