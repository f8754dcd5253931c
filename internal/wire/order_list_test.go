package wire_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/wire"
)

func TestTheFormOfAListOfOrders(t *testing.T) {
	t.Parallel()
	whole := wire.ListedOrder{OrderID: "o", SessionID: "s", MerchantID: "m", PlacedAt: time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC), Status: "PART_CAPTURED",
		FraudStatus: "ACCEPTED", Currency: "SEK", Reference1: "A-1", Reference2: "B", Authorized: 100, Captured: 40, Released: 3, Refunded: 2}
	const head = `{"order_id":"o","session_id":"s","merchant_id":"m","placed_at":"2026-03-01T12:00:00.005Z","status":`
	bare := wire.ListedOrder{OrderID: "o", SessionID: "s", MerchantID: "m", PlacedAt: whole.PlacedAt, Status: "AUTHORIZED", Authorized: 100}
	for want, got := range map[string][]byte{
		`{"orders":[]}`: wire.AppendOrders(nil, nil, ""),
		`{"orders":[` + head + `"PART_CAPTURED","fraud_status":"ACCEPTED","purchase_currency":"SEK","order_amount":100,"captured_amount":40,` +
			`"released_amount":3,"refunded_amount":2,"merchant_reference1":"A-1","merchant_reference2":"B"}],"next":"x"}`: wire.AppendOrders(nil, []wire.ListedOrder{whole}, "x"),
		`{"orders":[` + head + `"AUTHORIZED","order_amount":100,"captured_amount":0,"released_amount":0,"refunded_amount":0}]}`: wire.AppendOrders(nil, []wire.ListedOrder{bare}, ""),
	} {
		if string(got) != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}
