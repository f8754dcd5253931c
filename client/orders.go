package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ListedOrder is an order as a list has it. Amounts are in minor units.
type ListedOrder struct {
	OrderID     string    `json:"order_id"`
	SessionID   string    `json:"session_id"`
	MerchantID  string    `json:"merchant_id"`
	PlacedAt    time.Time `json:"placed_at"`
	Status      string    `json:"status"`       // AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED
	FraudStatus string    `json:"fraud_status"` // PENDING, ACCEPTED, REJECTED
	Currency    string    `json:"purchase_currency"`
	Amount      int64     `json:"order_amount"`
	Captured    int64     `json:"captured_amount"`
	Released    int64     `json:"released_amount"` // given back without a capture
	Refunded    int64     `json:"refunded_amount"`
	Reference1  string    `json:"merchant_reference1"`
	Reference2  string    `json:"merchant_reference2"`
}

// Orders is a page of orders, the last that was placed first.
type Orders struct {
	Answer
	Orders []ListedOrder `json:"orders"`
	// Next is for OrderQuery.After; empty at the end. With a filter a page may be
	// short, or empty, and go on.
	Next string `json:"next"`
}

// OrderQuery says which orders are listed. What is empty does not narrow.
type OrderQuery struct {
	OrderID     string // or its first 8 characters and more
	Reference   string // one of the two merchant references, whole
	FraudStatus string
	Status      string
	From        time.Time // placed then or later
	To          time.Time // placed before
	Limit       int       // 50 unless 1 to 100 is said
	After       string    // Next of the page before
}

// Orders lists this merchant's orders.
func (c *Client) Orders(ctx context.Context, which OrderQuery) (Orders, error) {
	read := call{operation: "read orders", method: http.MethodGet, path: "/kvitto/v1/orders", query: url.Values{}}
	for name, value := range map[string]string{
		"order_id": which.OrderID, "merchant_reference": which.Reference, "fraud_status": which.FraudStatus, "status": which.Status, "after": which.After,
	} {
		if value != "" {
			read.query.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"from": which.From, "to": which.To} {
		if !at.IsZero() {
			read.query.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if which.Limit != 0 {
		read.query.Set("limit", strconv.Itoa(which.Limit))
	}
	var answer Orders
	err := c.do(ctx, read, &answer)
	return answer, err
}
