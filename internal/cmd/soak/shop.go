package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kvitto/kvitto/internal/rawhttp"
)

// The paths of the operations.
const (
	sessionsPath       = "/payments/v1/sessions"
	authorizationsPath = "/payments/v1/authorizations/"
	browserPath        = "/kvitto/v1/sessions/"
)

// shop is a client that works through sessions, one after the other. Each call
// goes to one of the system's processes.
type shop struct {
	*system
	random      *rand.Rand
	connections []*rawhttp.Connection // one for each process; nil is to be made
	buffer      []byte
	small, big  cart
	merchants   int
	// of the session at hand
	merchant string
}

func (p *plan) newShop(s *system, worker int) *shop {
	return &shop{system: s, random: rand.New(rand.NewPCG(p.seed, uint64(worker))), connections: make([]*rawhttp.Connection, len(s.processes)),
		small: newCart(3), big: newCart(50), merchants: p.merchants}
}

// work goes on until ctx ends.
func (s *shop) work(ctx context.Context) {
	for ctx.Err() == nil {
		s.live(ctx, 4+s.random.IntN(9))
	}
	s.leave()
}

// fill goes on until ctx ends, with sessions that are soon ordered: they take
// as much memory as the others, and less time.
func (s *shop) fill(ctx context.Context) {
	for ctx.Err() == nil {
		s.live(ctx, 0)
	}
	s.leave()
}

func (s *shop) leave() {
	for i := range s.connections {
		s.hangUp(i)
	}
}

func (s *shop) hangUp(process int) {
	if c := s.connections[process]; c != nil {
		_ = c.Close() // nothing is in flight
		s.connections[process] = nil
	}
}

// send makes one exchange with one of the processes.
func (s *shop) send(process int, credentials, method, path string, body []byte) (rawhttp.Answer, error) {
	c := s.connections[process]
	if c == nil {
		var err error
		if c, err = dial(context.Background(), s.processes[process].address); err != nil {
			return rawhttp.Answer{}, err
		}
		s.connections[process] = c
	}
	s.buffer = append(rawhttp.AppendHead(s.buffer[:0], method, path, credentials, len(body)), body...)
	err := c.SetDeadline(time.Now().Add(patience))
	if err == nil {
		_, err = c.Write(s.buffer)
	}
	var a rawhttp.Answer
	if err == nil {
		a, err = c.Answer()
	}
	if err != nil || a.Closing {
		s.hangUp(process)
	}
	return a, err
}

// request is one that a shop makes.
type request struct {
	class        string
	method, path string
	body         []byte
	password     string // "" is a right one
	want         int    // the status
}

// attempts is how often a shop asks again when a server is unavailable.
const attempts = 40

// call asks until it is answered; a 503 asks again. It is false when the answer
// is not the one that must come.
func (s *shop) call(r request) (rawhttp.Answer, bool) {
	password := r.password
	if password == "" {
		password = "secret"
	}
	credentials := rawhttp.Basic(s.merchant, password)
	for range attempts {
		a, err := s.send(s.random.IntN(len(s.processes)), credentials, r.method, r.path, r.body)
		if err != nil {
			s.tally.lose(r.class, err)
			return a, false
		}
		s.tally.answer(r.class, a.Status)
		switch a.Status {
		case r.want:
			return a, true
		case 503:
			pause(context.Background(), 25*time.Millisecond)
		default:
			s.tally.mistake("%s %s: status %d, want %d: %s", r.method, r.path, a.Status, r.want, a.Body)
			return a, false
		}
	}
	s.tally.mistake("%s %s: 503 for %d times", r.method, r.path, attempts)
	return rawhttp.Answer{}, false
}

// live is one session from its creation to its order. What was not answered as
// it must be ends it; it was noted then.
func (s *shop) live(ctx context.Context, updates int) {
	s.merchant = fmt.Sprintf("soak-%d", s.random.IntN(s.merchants))
	l := &life{shop: s, cart: s.small, version: 1}
	if s.random.IntN(12) == 0 {
		l.cart = s.big
	}
	if !l.create() {
		return
	}
	for range updates {
		if !s.pacer.wait(ctx) {
			break
		}
		if !l.update() || !l.somethingElse() {
			return
		}
	}
	if s.random.IntN(10) < 7 && !l.buy() {
		return
	}
	s.sold.keep(l.receipt())
}

// life is a session of a shop.
type life struct {
	*shop
	cart    cart
	version int64 // of the cart that was acknowledged last
	session string
	token   string
	order   string
}

func (l *life) path() string { return sessionsPath + "/" + l.session }

func (l *life) create() bool {
	a, ok := l.call(request{class: "create session", method: "POST", path: sessionsPath, body: l.cart.body(l.version), want: 200})
	l.session = a.Text("session_id")
	return ok
}

func (l *life) update() bool {
	_, ok := l.call(request{class: "update session", method: "POST", path: l.path(), body: l.cart.body(l.version + 1), want: 204})
	if ok {
		l.version++
	}
	return ok
}

// read tells whether the session is as it was acknowledged last.
func (l *life) read() bool {
	a, ok := l.call(request{class: "read session", method: "GET", path: l.path(), want: 200})
	if ok && a.Number("order_amount") != l.cart.amount(l.version) {
		l.tally.mistake("session %s reads %d after %d was acknowledged", l.session, a.Number("order_amount"), l.cart.amount(l.version))
		return false
	}
	return ok
}

// somethingElse is what shops do between updates, errors first of all.
func (l *life) somethingElse() bool {
	r := request{method: "POST", path: l.path()}
	switch l.random.IntN(24) {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		return l.read()
	case 8, 9:
		r.class, r.body, r.want = "update with a wrong sum", []byte(`{"order_amount":7000}`), 400
	case 10:
		whole := l.cart.body(l.version)
		r.class, r.body, r.want = "update with bad JSON", whole[:len(whole)/2], 400
	case 11:
		r.class, r.method, r.path, r.want = "read unknown session", "GET", sessionsPath+"/00000000-0000-4000-8000-000000000000", 404
	case 12:
		r.class, r.body, r.password, r.want = "update with a wrong password", l.cart.body(l.version), "invalid", 401
	case 13:
		r.class, r.path, r.body, r.want = "unknown path", "/payments/v1/nothing", l.cart.body(l.version), 404
	case 14:
		r.class, r.method, r.want = "wrong method", "PUT", 405
	default:
		return true
	}
	_, ok := l.call(r)
	return ok
}

// buy authorizes and orders, some of it wrongly or twice.
func (l *life) buy() bool {
	a, ok := l.call(request{class: "authorize", method: "POST", path: browserPath + l.session + "/authorize", body: []byte(`{}`), want: 200})
	if !ok {
		return false
	}
	l.token = a.Text("authorization_token")
	if l.random.IntN(6) == 0 && !l.place("order with another cart", l.version+1, 409) {
		return false
	}
	if !l.place("create order", l.version, 200) {
		return false
	}
	if l.random.IntN(4) == 0 && !l.place("order again", l.version, 200) {
		return false
	}
	if l.random.IntN(6) == 0 && !l.place("order again with another cart", l.version+1, 409) {
		return false
	}
	if l.random.IntN(6) == 0 {
		_, ok := l.call(request{class: "update after the order", method: "POST", path: l.path(), body: l.cart.body(l.version + 1), want: 404})
		return ok
	}
	return true
}

// place orders a version of the cart. There is one order, however often.
func (l *life) place(class string, version int64, want int) bool {
	a, ok := l.call(request{class: class, method: "POST", path: authorizationsPath + l.token + "/order", body: l.cart.body(version), want: want})
	if !ok || want != 200 {
		return ok
	}
	order := a.Text("order_id")
	switch {
	case order == "" || (l.order != "" && l.order != order):
		l.tally.mistake("session %s: order %q after order %q", l.session, order, l.order)
		return false
	case l.order == "" && !l.sold.order(order):
		l.tally.mistake("order %s was placed for two sessions", order)
		return false
	}
	l.order = order
	return true
}

func (l *life) receipt() receipt {
	return receipt{merchant: l.merchant, session: l.session, token: l.token, order: l.order, cart: l.cart, version: l.version}
}

// readBack looks at a session of the past, more than once: the processes take turns
// at random.
func (s *shop) readBack(r receipt) bool {
	s.merchant = r.merchant
	l := &life{shop: s, cart: r.cart, version: r.version, session: r.session, token: r.token, order: r.order}
	right := true
	for range 2 * len(s.processes) { // they are chosen at random
		right = l.read() && right
	}
	return right && (r.order == "" || l.place("order again", l.version, 200))
}
