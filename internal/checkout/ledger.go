package checkout

import "github.com/kvitto/kvitto/internal/money"

// Ledger counts what became of an order's sum, in minor units. It holds always:
//
//	0 <= Captured, 0 <= Released, Captured + Released <= Authorized
//	0 <= Refunded <= Captured
type Ledger struct {
	Authorized money.Amount
	Captured   money.Amount
	Released   money.Amount
	Refunded   money.Amount
}

// NewLedger starts the ledger of an order.
func NewLedger(authorized money.Amount) Ledger { return Ledger{Authorized: authorized} }

// Remaining is what can still be captured.
func (l Ledger) Remaining() money.Amount { return l.Authorized - l.Captured - l.Released }

// Capture takes an amount; ok is false when it is not positive or more than
// remains. An order of zero may be captured with zero.
func (l Ledger) Capture(amount money.Amount) (next Ledger, ok bool) {
	if amount < 0 || amount > l.Remaining() || (amount == 0 && l.Authorized != 0) {
		return l, false
	}
	l.Captured += amount
	return l, true
}

// Release gives the rest of the authorization back.
func (l Ledger) Release() Ledger {
	l.Released += l.Remaining()
	return l
}

// Refund returns an amount to the customer; ok is false when it is not
// positive or more than was captured and not yet refunded.
func (l Ledger) Refund(amount money.Amount) (next Ledger, ok bool) {
	if amount <= 0 || amount > l.Captured-l.Refunded {
		return l, false
	}
	l.Refunded += amount
	return l, true
}

// Holds tells whether the equations above are true: the store asserts it.
func (l Ledger) Holds() bool {
	return l.Captured >= 0 && l.Released >= 0 && l.Refunded >= 0 && l.Authorized >= 0 &&
		l.Captured <= l.Authorized && l.Released <= l.Authorized-l.Captured && l.Refunded <= l.Captured
}

// OrderStatus is what became of the sum of an order.
type OrderStatus string

// The statuses, in the words of the protocol's order management.
const (
	OrderAuthorized   OrderStatus = "AUTHORIZED"    // all of it can be captured
	OrderPartCaptured OrderStatus = "PART_CAPTURED" // some was, and more can be
	OrderCaptured     OrderStatus = "CAPTURED"      // some was, and nothing is left
	OrderCancelled    OrderStatus = "CANCELLED"     // nothing was, and nothing is left
)

// OrderStatuses are all of them, in the order of an order's life.
var OrderStatuses = []OrderStatus{OrderAuthorized, OrderPartCaptured, OrderCaptured, OrderCancelled}

// Status is what became of the sum. An order of zero stays authorized.
func (l Ledger) Status() OrderStatus {
	switch {
	case l.Captured == 0 && l.Released == 0:
		return OrderAuthorized
	case l.Captured == 0:
		return OrderCancelled
	case l.Remaining() > 0:
		return OrderPartCaptured
	default:
		return OrderCaptured
	}
}
