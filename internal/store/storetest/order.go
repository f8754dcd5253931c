package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// RunOrders checks the rules of store.Orders, each on an engine of its own that
// holds nothing else. The suite closes what open returns.
func RunOrders(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range orderRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			engine := opened(t, open)
			orders, ok := engine.(store.Orders)
			if !ok {
				t.Fatalf("%T has no list of orders", engine)
			}
			r.check(t, &counter{t: t, engine: engine, orders: orders})
		})
	}
}

// counter is an engine with orders in a test.
type counter struct {
	t      *testing.T
	engine store.Engine
	orders store.Orders
}

type orderRule struct {
	name  string
	check func(t *testing.T, c *counter)
}

// place commits a session whose order is placed so long after the dawn.
func (c *counter) place(merchant string, after time.Duration, reference string) *story {
	c.t.Helper()
	s := begin(c.t, merchant)
	s.now = dawn.Add(after)
	mustCommit(c.t, c.engine, s.created(), s.take(updating(reference)), s.take(authorizing(newID())), s.take(ordering(newID())))
	return s
}

// refer commits a session whose order is reviewed.
func (c *counter) refer(merchant string, after time.Duration) *story {
	c.t.Helper()
	s := begin(c.t, merchant)
	s.now = dawn.Add(after)
	mustCommit(c.t, c.engine, s.created(), s.take(referring(newID(), checkout.ReviewTerms{})), s.take(ordering(newID())))
	return s
}

func listed(s *story) store.Order {
	order, ok := store.OrderOf(&s.session)
	if !ok {
		s.t.Fatal("the session has no order")
	}
	return order
}

func (c *counter) list(filter store.OrderFilter) (found []store.Order, next string) {
	c.t.Helper()
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	found, next, err := c.orders.Orders(c.t.Context(), filter)
	if err != nil {
		c.t.Fatalf("Orders(%+v): %v", filter, err)
	}
	return found, next
}

// mustList expects the orders of these stories, in this order.
func (c *counter) mustList(filter store.OrderFilter, want ...*story) {
	c.t.Helper()
	var wanted []store.Order
	for _, s := range want {
		wanted = append(wanted, listed(s))
	}
	found, next := c.list(filter)
	if diff := cmp.Diff(wanted, found, exactly); diff != "" || next != "" {
		c.t.Fatalf("%+v: next %q, listed (-want +got):\n%s", filter, next, diff)
	}
}

var orderRules = []orderRule{
	{"orders are of one merchant or of all, the last that was placed first", func(t *testing.T, c *counter) {
		one, two := newMerchant(t, c.engine), newMerchant(t, c.engine)
		late, early, other := c.place(one, 3*time.Minute, ""), c.place(one, time.Minute, ""), c.place(two, 2*time.Minute, "")
		mustCommit(t, c.engine, begin(t, one).created())
		c.mustList(store.OrderFilter{}, late, other, early)
		c.mustList(store.OrderFilter{MerchantID: one}, late, early)
		c.mustList(store.OrderFilter{MerchantID: two}, other)
		c.mustList(store.OrderFilter{MerchantID: "nobody"})
	}},
	{"an order is listed with what its session says, at every step", func(t *testing.T, c *counter) {
		merchant := newMerchant(t, c.engine)
		s := c.refer(merchant, 0)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudPending}, s)
		mustCommit(t, c.engine, s.take(claiming("anna")))
		mustCommit(t, c.engine, s.take(deciding("anna", checkout.ReviewAccept)), s.take(capturing(1)))
		c.mustList(store.OrderFilter{MerchantID: merchant}, s)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudPending})
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudAccepted, Status: checkout.OrderPartCaptured}, s)
	}},
	{"orders are found by their fraud status, of one merchant or of all", func(t *testing.T, c *counter) {
		one, two := newMerchant(t, c.engine), newMerchant(t, c.engine)
		rejected, other, pending, accepted := c.refer(one, 0), c.refer(two, time.Minute), c.refer(one, 2*time.Minute), c.place(one, 3*time.Minute, "")
		for _, s := range []*story{rejected, other} {
			mustCommit(t, c.engine, s.take(deciding("anna", checkout.ReviewReject)))
		}
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudRejected}, other, rejected)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudRejected, MerchantID: one}, rejected)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudPending}, pending)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudAccepted}, accepted)
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudAccepted, MerchantID: two})
	}},
	{"orders are found by what became of their sum", func(t *testing.T, c *counter) {
		merchant := newMerchant(t, c.engine)
		whole, part, untouched := c.place(merchant, 0, ""), c.place(merchant, time.Minute, ""), c.place(merchant, 2*time.Minute, "")
		given := c.place(merchant, 3*time.Minute, "")
		mustCommit(t, c.engine, whole.take(capturing(whole.session.Order.Ledger.Authorized)), part.take(capturing(1)),
			given.take(withLedger(checkout.Ledger.Release)))
		for status, want := range map[checkout.OrderStatus]*story{
			checkout.OrderCaptured: whole, checkout.OrderPartCaptured: part, checkout.OrderAuthorized: untouched, checkout.OrderCancelled: given,
		} {
			c.mustList(store.OrderFilter{Status: status, MerchantID: merchant}, want)
		}
	}},
	{"orders are found by a merchant reference, whole, either of the two", func(t *testing.T, c *counter) {
		one, two := newMerchant(t, c.engine), newMerchant(t, c.engine)
		first, again, other := c.place(one, 0, "A-1"), c.place(one, time.Minute, "A-1"), c.place(two, 2*time.Minute, "A-1")
		c.place(one, 3*time.Minute, "A-12")
		c.mustList(store.OrderFilter{Reference: "A-1"}, other, again, first)
		c.mustList(store.OrderFilter{Reference: "A-1", MerchantID: one}, again, first)
		c.mustList(store.OrderFilter{Reference: listed(first).References[1]}, first)
		c.mustList(store.OrderFilter{Reference: "a-1"})
		c.mustList(store.OrderFilter{Reference: "A-1", From: listed(again).PlacedAt, To: listed(other).PlacedAt}, again)
	}},
	{"orders are found by their id or its beginning", func(t *testing.T, c *counter) {
		one, two := newMerchant(t, c.engine), newMerchant(t, c.engine)
		s, other := c.place(one, 0, ""), c.place(two, time.Minute, "")
		id := listed(s).OrderID
		for _, prefix := range []string{id, id[:8], id[:9], id[:35]} {
			c.mustList(store.OrderFilter{OrderID: prefix}, s)
			c.mustList(store.OrderFilter{OrderID: prefix, MerchantID: one}, s)
			c.mustList(store.OrderFilter{OrderID: prefix, MerchantID: two})
		}
		for _, none := range []string{id[:7], id + "0", "ÅÄÖÅÄÖ12", "%", newID(), listed(other).OrderID[1:]} {
			c.mustList(store.OrderFilter{OrderID: none})
		}
	}},
	{"orders are found by their time, from then on and before", func(t *testing.T, c *counter) {
		merchant := newMerchant(t, c.engine)
		first, second, third := c.place(merchant, 0, ""), c.place(merchant, time.Minute, ""), c.place(merchant, 2*time.Minute, "")
		at := listed(second).PlacedAt
		c.mustList(store.OrderFilter{From: at}, third, second)
		c.mustList(store.OrderFilter{To: at}, first)
		c.mustList(store.OrderFilter{From: at, To: at.Add(time.Millisecond), MerchantID: merchant}, second)
		c.mustList(store.OrderFilter{From: at, To: at})
	}},
	{"pages of orders follow each other without a gap, also those of the same time", func(t *testing.T, c *counter) {
		merchant := newMerchant(t, c.engine)
		for i := range 7 {
			c.place(merchant, time.Duration(i/3)*time.Minute, "A")
			s := c.refer(merchant, time.Duration(i/3)*time.Minute)
			mustCommit(t, c.engine, s.take(deciding("anna", checkout.ReviewReject)))
		}
		for _, which := range []store.OrderFilter{
			{}, {MerchantID: merchant}, {Reference: "A"}, {FraudStatus: checkout.FraudRejected}, {FraudStatus: checkout.FraudAccepted, MerchantID: merchant},
			{Status: checkout.OrderAuthorized}, {FraudStatus: checkout.FraudRejected, MerchantID: merchant, To: dawn.Add(time.Hour)},
		} {
			whole, end := c.list(which)
			var pages []store.Order
			for which.Limit = 3; ; {
				page, next := c.list(which)
				pages = append(pages, page...)
				if which.After = next; next == "" {
					break
				}
			}
			if diff := cmp.Diff(whole, pages, exactly); diff != "" || len(pages) < 7 || end != "" {
				t.Errorf("%+v: next %q, pages (-whole +pages):\n%s", which, end, diff)
			}
		}
	}},
	{"a merchant's pages tell nothing of the orders of others", func(t *testing.T, c *counter) {
		alice, bob := newMerchant(t, c.engine), newMerchant(t, c.engine)
		first, foreign, last := c.place(alice, 0, "100"), c.place(bob, time.Minute, "100"), c.place(alice, 2*time.Minute, "100")
		reviewed := c.refer(bob, 3*time.Minute)
		for _, which := range []store.OrderFilter{{}, {Reference: "100"}, {FraudStatus: checkout.FraudAccepted}, {Status: checkout.OrderAuthorized}} {
			which.MerchantID, which.Limit = alice, 1
			found, next := c.list(which)
			want := store.OrderAt(new(listed(last)))
			which.After = next
			if at, err := which.Cursor(); len(found) != 1 || err != nil || at != want {
				t.Fatalf("%+v: %d are listed, next %q; want one, and its own place", which, len(found), next)
			}
			c.mustList(which, first)
		}
		for _, which := range []store.OrderFilter{
			{OrderID: listed(foreign).OrderID}, {OrderID: listed(foreign).OrderID[:8]}, {Reference: listed(foreign).References[1]},
			{FraudStatus: listed(reviewed).FraudStatus}, {Status: checkout.OrderCaptured},
		} {
			which.MerchantID, which.Limit = alice, 1
			c.mustList(which)
		}
	}},
	{"a cursor of orders is one that was given", func(t *testing.T, c *counter) {
		for _, wrong := range []string{"x", "1.x", ".", "x." + newID(), "1." + newID() + "x", "1"} {
			if _, _, err := c.orders.Orders(t.Context(), store.OrderFilter{Limit: 1, After: wrong}); !errors.Is(err, store.ErrCursor) {
				t.Errorf("the cursor %q: %v", wrong, err)
			}
		}
		if _, _, err := c.orders.Orders(t.Context(), store.OrderFilter{}); err == nil {
			t.Error("a list of none was taken")
		}
	}},
	{"a page that looks at many goes on where it stopped", func(t *testing.T, c *counter) {
		merchant, other := newMerchant(t, c.engine), newMerchant(t, c.engine)
		sought, beside := c.place(merchant, 0, ""), c.place(other, 0, "100")
		mustCommit(t, c.engine, sought.take(capturing(1)))
		for range store.OrdersLooked/100 + 1 {
			var changes []store.Change
			for range 100 {
				s := begin(t, merchant)
				s.now = dawn.Add(time.Hour)
				changes = append(changes, s.created(), s.take(updating("100")), s.take(authorizing(newID())), s.take(ordering(newID())))
			}
			mustCommit(t, c.engine, changes...)
		}
		which := store.OrderFilter{MerchantID: merchant, Status: checkout.OrderPartCaptured}
		found, next := c.list(which)
		if len(found) > 0 || next == "" {
			t.Fatalf("the first page has %d, next %q", len(found), next)
		}
		which.After = next
		c.mustList(which, sought)
		// However many there are of others, they fill no page of this one.
		c.mustList(store.OrderFilter{MerchantID: other, Reference: "100"}, beside)
	}},
	{"what is erased of an order's references is not found by them any more", func(t *testing.T, c *counter) {
		s, other := c.place(newMerchant(t, c.engine), 0, "of Astrid"), c.place(newMerchant(t, c.engine), time.Minute, "of Astrid")
		stored := historyOf(t, c.engine, s.session.ID)
		earlier := store.Revision{Session: s.session}
		earlier.Session.Revision, earlier.Session.Order = 1, nil
		order := *s.session.Order
		order.Content.MerchantReference1, order.Content.MerchantReference2 = checkout.TextOf("erased"), checkout.Text{}
		s.session.Order = &order
		read := []store.Revision{stored[len(stored)-1], stored[0]}
		replaced := []store.Revision{{Session: s.session, Event: s.event}, earlier}
		if err := c.engine.(store.Erasing).RewriteRevisions(t.Context(), s.session.ID, read, replaced); err != nil {
			t.Fatal(err)
		}
		c.mustList(store.OrderFilter{Reference: "of Astrid"}, other)
		c.mustList(store.OrderFilter{Reference: "erased"}, s)
		c.mustList(store.OrderFilter{}, other, s)
	}},
	{"a refused change changes no order that is listed", func(t *testing.T, c *counter) {
		s := c.refer(newMerchant(t, c.engine), 0)
		stale := s.fork()
		accepted := s.take(deciding("anna", checkout.ReviewAccept))
		mustAnswer(t, c.engine, []store.Change{accepted, stale.take(deciding("bo", checkout.ReviewReject))}, []error{nil, store.ErrConflict})
		c.mustList(store.OrderFilter{FraudStatus: checkout.FraudAccepted}, s)
		if filled, err := c.orders.FillOrders(t.Context(), 10); filled != 0 || err != nil {
			t.Errorf("%d orders were filled in, %v", filled, err)
		}
	}},
}
