package store

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// Order is what a list tells of an order. It follows from the session that was
// committed last.
type Order struct {
	OrderID     string
	SessionID   string
	MerchantID  string
	PlacedAt    time.Time // on the merchant's clock
	Currency    string    // "", as the two below, of an order that FillOrders has yet to look at
	FraudStatus string    // one of checkout.FraudStatuses
	References  [2]string // merchant_reference1 and 2; "" for none
	Ledger      checkout.Ledger
}

// OrderOf is the order of a session; ok is false without one.
func OrderOf(s *checkout.Session) (order Order, ok bool) {
	o := s.Order
	if o == nil {
		return Order{}, false
	}
	return Order{
		OrderID: o.ID, SessionID: s.ID, MerchantID: s.MerchantID, PlacedAt: o.CreatedAt, Currency: o.Content.PurchaseCurrency.Value,
		FraudStatus: o.FraudStatus, References: [2]string{o.Content.MerchantReference1.Value, o.Content.MerchantReference2.Value}, Ledger: o.Ledger,
	}, true
}

// ReferencesIn are the references of the order that the newest of some revisions of a
// session has; ok is false where none has one.
func ReferencesIn(revisions []Revision) (references [2]string, ok bool) {
	newest := int64(0)
	for i := range revisions {
		s := &revisions[i].Session
		if order, has := OrderOf(s); has && s.Revision > newest {
			references, newest = order.References, s.Revision
		}
	}
	return references, newest > 0
}

const (
	// OrdersLooked is how many orders one call of Orders looks at, at most.
	OrdersLooked = 2000
	// OrderPrefixMin is the shortest beginning of an id that is looked for, in
	// characters: ids begin with their time, so it is about a minute of orders.
	OrderPrefixMin = 8
)

// OrderFilter says which orders are listed. What is empty does not narrow.
type OrderFilter struct {
	MerchantID  string
	OrderID     string // the whole id, or its beginning of at least OrderPrefixMin characters
	Reference   string // one of the two merchant references, whole
	FraudStatus string
	Status      checkout.OrderStatus
	From        time.Time // placed then or later
	To          time.Time // placed before
	Limit       int       // at least 1
	After       string    // the cursor of the page before; "" begins
}

// Orders finds orders. A change whose session has an order keeps what is listed of
// it up to date, in the same transaction.
type Orders interface {
	// Orders lists orders, those that were placed last first. It looks at OrdersLooked
	// at most: a page may have fewer than Limit, or none, and go on all the same. next
	// is the cursor of what follows, "" at the end. ErrCursor for a cursor that was
	// never given.
	Orders(ctx context.Context, filter OrderFilter) (found []Order, next string, err error)
	// FillOrders looks for up to limit orders that were placed or changed by a program
	// which kept no list, and tells how many it put there. Until then filters may miss them.
	FillOrders(ctx context.Context, limit int) (filled int, err error)
}

// OrderCursor is where a list has come to with an order.
type OrderCursor struct {
	PlacedAt int64 // unix milliseconds
	OrderID  [16]byte
}

// Before tells whether the list has an order at the cursor before one at the other:
// the last that was placed comes first.
func (c OrderCursor) Before(other OrderCursor) bool {
	return cmp.Or(cmp.Compare(other.PlacedAt, c.PlacedAt), bytes.Compare(other.OrderID[:], c.OrderID[:])) < 0
}

// OrderAt is the cursor of an order.
func OrderAt(o *Order) OrderCursor {
	c := OrderCursor{PlacedAt: o.PlacedAt.UnixMilli()}
	identifier.Parse(o.OrderID, &c.OrderID) // an engine gives no other
	return c
}

func (c OrderCursor) text() string {
	return strconv.FormatInt(c.PlacedAt, 10) + "." + identifier.Format(c.OrderID)
}

// Cursor is what the orders of a page come after: it reads After and To.
func (f *OrderFilter) Cursor() (OrderCursor, error) {
	after := OrderCursor{PlacedAt: math.MaxInt64}
	if f.After != "" {
		placed, order, _ := strings.Cut(f.After, ".")
		at, err := strconv.ParseInt(placed, 10, 64)
		if err != nil || !identifier.Parse(order, &after.OrderID) {
			return OrderCursor{}, ErrCursor
		}
		after.PlacedAt = at
	}
	// Before a time is after the least of ids at that time, which is nobody's.
	if until := (OrderCursor{PlacedAt: f.To.UnixMilli()}); !f.To.IsZero() && after.Before(until) {
		after = until
	}
	return after, nil
}

// Since is From in unix milliseconds, the least there is when it is empty.
func (f *OrderFilter) Since() int64 {
	if f.From.IsZero() {
		return math.MinInt64
	}
	return f.From.UnixMilli()
}

// IDs is the range of ids that begin with OrderID; ok is false where no id does, or
// too many.
func (f *OrderFilter) IDs() (low, high [16]byte, ok bool) {
	const least, greatest = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
	n := len(f.OrderID)
	if n < OrderPrefixMin || n > len(least) {
		return low, high, false
	}
	return low, high, identifier.Parse(f.OrderID+least[n:], &low) && identifier.Parse(f.OrderID+greatest[n:], &high)
}

// looks is how many orders a page may look at: with a filter that no index serves
// alone, more than it shows.
func (f *OrderFilter) looks() int {
	if f.OrderID == "" && f.FraudStatus == "" && f.Status == "" {
		return f.Limit
	}
	return max(f.Limit, OrdersLooked)
}

// Rows is how many rows a query must find, at most, for a page to know whether more
// follow.
func (f *OrderFilter) Rows() int { return f.looks() + 1 }

// apart tells of an order that no engine's query would have found, which reads those
// of the merchant with the reference alone.
func (f *OrderFilter) apart(o *Order) bool {
	return f.MerchantID != "" && o.MerchantID != f.MerchantID || f.Reference != "" && !slices.Contains(o.References[:], f.Reference)
}

// matches looks at what may be looked at one by one.
func (f *OrderFilter) matches(o *Order) bool {
	return strings.HasPrefix(o.OrderID, f.OrderID) &&
		(f.FraudStatus == "" || o.FraudStatus == f.FraudStatus) && (f.Status == "" || o.Ledger.Status() == f.Status)
}

// OrderPage gathers a page from orders that come in the order of the list.
type OrderPage struct {
	Filter *OrderFilter
	Found  []Order
	Next   string // when more may follow

	last   OrderCursor
	looked int
}

// Add takes the next order. It is false when the page is made. An order of another
// merchant counts for nothing: neither the page nor its cursor tells of it.
func (p *OrderPage) Add(o *Order) bool {
	if p.Filter.apart(o) {
		return true
	}
	matches := p.Filter.matches(o)
	if p.looked == p.Filter.looks() || matches && len(p.Found) == p.Filter.Limit {
		p.Next = p.last.text()
		return false
	}
	if matches {
		p.Found = append(p.Found, *o)
	}
	p.looked, p.last = p.looked+1, OrderAt(o)
	return true
}
