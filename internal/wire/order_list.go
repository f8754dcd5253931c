package wire

import "time"

// ListedOrder is an order as a list has it.
type ListedOrder struct {
	OrderID, SessionID, MerchantID           string
	PlacedAt                                 time.Time
	Status, FraudStatus, Currency            string
	Reference1, Reference2                   string
	Authorized, Captured, Released, Refunded int64 // minor units
}

// AppendOrders writes a page of a list; next is the cursor of what follows.
func AppendOrders(dst []byte, list []ListedOrder, next string) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "orders", list, w.listedOrder)
	w.filled("next", next)
	w.close('}')
	return w.buf
}

func (w *writer) listedOrder(o *ListedOrder) {
	w.open('{')
	w.text("order_id", o.OrderID)
	w.text("session_id", o.SessionID)
	w.text("merchant_id", o.MerchantID)
	w.timestamp("placed_at", o.PlacedAt)
	w.text("status", o.Status)
	w.filled("fraud_status", o.FraudStatus)
	w.filled("purchase_currency", o.Currency)
	w.integer("order_amount", o.Authorized)
	w.integer("captured_amount", o.Captured)
	w.integer("released_amount", o.Released)
	w.integer("refunded_amount", o.Refunded)
	w.filled("merchant_reference1", o.Reference1)
	w.filled("merchant_reference2", o.Reference2)
	w.close('}')
}
