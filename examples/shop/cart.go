package shop

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"

	"github.com/kvitto/kvitto/client"
)

const (
	visitsMax   = 1000 // remembered at a time; the one not seen for longest makes room
	quantityMax = 20   // of one product
)

// visit is what the shop remembers of one browser: the cart and how far its
// payment is.
type visit struct {
	id          string // the cookie
	callbackKey string // tells the payment server's calls about this visit from anybody's
	seen        int64  // guarded by visits.mu

	// mu is held through calls to the payment server, so that they arrive in the
	// order of the cart's changes.
	mu         sync.Mutex
	market     *market
	quantities map[string]int64 // by product
	address    address
	session    client.NewSession
	behind     bool   // the session is not what the cart is
	reference  string // of the order in the making
	approval   *approval
	placed     *placed
	calls      calls
	scenario   *scenario
}

// approval is what authorize has given, for a checkout in steps.
type approval struct {
	Category         string // payment_method_category
	FinalizeRequired bool   // there is no token yet: finalize gives it
	token            string
	amount           int64 // what was approved
	content          string
}

// placed is an order.
type placed struct {
	client.Order
	Token     string
	Reference string
	Market    *market
	Lines     []client.OrderLine
	Amount    int64
	Tax       int64
	Email     string
}

func newVisit() *visit {
	return &visit{id: rand.Text(), callbackKey: rand.Text(), market: markets[0], quantities: map[string]int64{}}
}

// change adds to the quantity of a product, or takes away.
func (v *visit) change(id string, by int64) {
	v.quantities[id] = min(max(v.quantities[id]+by, 0), quantityMax)
}

// lines are the cart as the protocol has it. The total of a line is exactly its
// quantity times its price, and contains its tax.
func (v *visit) lines() []client.OrderLine {
	var lines []client.OrderLine
	add := func(kind, reference, name string, quantity, price int64) {
		total := quantity * price
		lines = append(lines, client.OrderLine{Type: kind, Reference: reference, Name: name, Quantity: quantity, UnitPrice: price,
			TaxRate: v.market.TaxRate, TotalAmount: total, TotalTaxAmount: v.market.taxIn(total)})
	}
	for _, p := range products {
		if quantity := v.quantities[p.ID]; quantity > 0 {
			add("physical", p.ID, p.Name, quantity, p.Price(v.market))
		}
	}
	if len(lines) > 0 {
		add("shipping_fee", "shipping", "Shipping", 1, v.market.Shipping)
	}
	return lines
}

func (v *visit) empty() bool { return len(v.lines()) == 0 }

// visits are in memory: a shop of your own has a database.
type visits struct {
	mu    sync.Mutex
	max   int
	clock int64
	byID  map[string]*visit
}

func (s *visits) find(id string) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.byID[id]
	if v != nil {
		s.clock++
		v.seen = s.clock
	}
	return v
}

// findCallback finds the visit that a call of the payment server is about.
func (s *visits) findCallback(key string) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.byID {
		if subtle.ConstantTimeCompare([]byte(v.callbackKey), []byte(key)) == 1 {
			return v
		}
	}
	return nil
}

func (s *visits) add(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= s.max {
		oldest := v
		for _, other := range s.byID {
			if oldest == v || other.seen < oldest.seen {
				oldest = other
			}
		}
		delete(s.byID, oldest.id)
	}
	s.clock++
	v.seen = s.clock
	s.byID[v.id] = v
}
