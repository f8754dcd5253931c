package requestlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// The log of BenchmarkSearch: sessions of twenty merchants, ten exchanges each
// over five minutes, as shops have them. A hundred sessions begin in a minute,
// one exchange of fifty is refused: ten million are a week.
const (
	chunk           = 1000 // exchanges of a minute
	chunkSessions   = 100  // that begin in a minute
	chunksOfSession = 5    // minutes that a session takes, two steps in each
)

// chunkBegin is when the nth minute begins.
func chunkBegin(n int) time.Time { return noon(1).Add(time.Duration(n) * time.Minute) }

// benchID is an id in the form of identifier.New that is always the same.
func benchID(kind string, n int, at time.Time) string {
	sum := fnv.New128a()
	fmt.Fprint(sum, kind, n)
	var id [16]byte
	sum.Sum(id[:0])
	ms := uint64(at.UnixMilli())
	id[0], id[1], id[2], id[3], id[4], id[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return identifier.Format(id)
}

// sale is the nth session.
type sale struct {
	n                      int
	session, token, order  string
	merchant               string
	reference, mail, phone string
	word                   string // a hundred sessions have it
	amount                 string
	cart                   []byte // a body
}

func merchantOf(n int) string { return fmt.Sprintf("K%06d", n*n%20) }

func saleOf(n int) *sale {
	at := chunkBegin(n / chunkSessions)
	s := &sale{
		n: n, session: benchID("session", n, at), token: benchID("token", n, at), order: benchID("order", n, at),
		merchant: merchantOf(n), reference: fmt.Sprintf("SE-%07d", n), mail: fmt.Sprintf("anna.%d@example.com", n),
		phone: fmt.Sprintf("+4670%07d", n), word: fmt.Sprintf("word%d", n/100),
	}
	cart := shopBody(3, n)
	_, amount, _ := bytes.Cut(cart, []byte(`"order_amount":`))
	amount, _, _ = bytes.Cut(amount, []byte(","))
	s.amount = string(amount)
	s.cart = append(fmt.Appendf(nil, `{"merchant_reference1":%q,"merchant_data":"campaign %s %d",`, s.reference, s.word, n%1000), cart[1:]...)
	return s
}

// withAddress is the cart with who buys it.
func (s *sale) withAddress() []byte {
	return append(fmt.Appendf(nil, `{"billing_address":{"given_name":"Anna","family_name":"Larsson","email":%q,"phone":%q,`+
		`"street_address":"Storgatan %d","postal_code":"11122","city":"Stockholm","country":"SE"},`, s.mail, s.phone, s.n%300), s.cart[1:]...)
}

// at is when a step of the sale begins, and the number of its exchange.
func (s *sale) at(step int) (at time.Time, number int) {
	c := s.n/chunkSessions + step/2
	place := step*chunkSessions + s.n%chunkSessions // in its minute
	return chunkBegin(c).Add(time.Duration(place) * (time.Minute / chunk)), c*chunk + place
}

func (s *sale) correlation(step int) string {
	at, number := s.at(step)
	return benchID("correlation", number, at)
}

// exchange is a step of the sale.
func (s *sale) exchange(step int) Exchange {
	at, _ := s.at(step)
	e := Exchange{
		CorrelationID: s.correlation(step), MerchantID: s.merchant, At: at, Duration: 3 * time.Millisecond, Method: "POST", Status: 204,
		Path: "/payments/v1/sessions/" + s.session, Operation: "update_session", SessionID: s.session, RequestBody: s.cart,
	}
	switch step {
	case 0:
		e.Operation, e.Status, e.Path = "create_session", 200, "/payments/v1/sessions"
		e.ResponseBody = createdBody(s.n)
	case 5:
		if s.n%5 == 0 {
			e.Status, e.ErrorCode, e.ErrorMessages = 400, "BAD_VALUE", []string{"Bad value: order_amount"}
			e.ResponseBody = []byte(`{"error_code":"BAD_VALUE","error_messages":["Bad value: order_amount"]}`)
		}
	case 8:
		e.Operation, e.Status, e.AuthorizationToken, e.RequestBody = "browser_authorize", 200, s.token, s.withAddress()
		e.ResponseBody = fmt.Appendf(nil, `{"approved":true,"authorization_token":%q}`, s.token)
	case 9:
		e.Operation, e.Status, e.Path, e.OrderID = "create_order", 200, "/payments/v1/authorizations/"+s.token+"/order", s.order
		e.AuthorizationToken, e.RequestBody = s.token, s.withAddress()
		e.ResponseBody = fmt.Appendf(nil, `{"order_id":%q,"fraud_status":"ACCEPTED"}`, s.order)
	}
	return e
}

// chunksOf is how many minutes have so many exchanges. The sessions that would
// have begun before the first minute are missing.
func chunksOf(count int) int { return (count + 2*chunk) / chunk }

// fillShops records count exchanges, to the next thousand.
func fillShops(b *testing.B, l *Log, count int) {
	b.Helper()
	ctx := context.Background()
	sales := map[int]*sale{}
	for c := range chunksOf(count) {
		for n := c * chunkSessions; n < (c+1)*chunkSessions; n++ {
			sales[n] = saleOf(n)
			delete(sales, n-chunksOfSession*chunkSessions)
		}
		var refused []Exchange
		for place := range chunk {
			step := place / chunkSessions
			s := sales[(c-step/2)*chunkSessions+place%chunkSessions]
			if s == nil {
				continue
			}
			e := s.exchange(step)
			if e.Refused() {
				refused = append(refused, e)
			} else if err := l.Record(ctx, e); err != nil {
				b.Fatal(err)
			}
		}
		recordTogether(b, l, refused)
		if c%4 == 3 { // before the queue is full
			if err := l.flush(ctx); err != nil {
				b.Fatal(err)
			}
		}
		if c%1000 == 999 {
			fmt.Printf("%s: %d exchanges are written\n", time.Now().Format(time.TimeOnly), l.Stats().Written)
		}
	}
	if err := l.flush(ctx); err != nil {
		b.Fatal(err)
	}
	if s := l.Stats(); s.Shed != 0 || s.Dropped != 0 || s.Failed != 0 {
		b.Fatalf("not all was written: %+v", s)
	}
}

// recordTogether lets refusals share a transaction.
func recordTogether(b *testing.B, l *Log, refused []Exchange) {
	b.Helper()
	var group sync.WaitGroup
	for _, e := range refused {
		group.Go(func() {
			if err := l.Record(context.Background(), e); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
}

// twins keeps the same in two homes.
type twins struct {
	home.Home
	other home.Home
}

func (t twins) Write(ctx context.Context, batch *home.Batch) error {
	return errors.Join(t.Home.Write(ctx, batch), t.other.Write(ctx, batch))
}

func (t twins) Close() error { return errors.Join(t.Home.Close(), t.other.Close()) }
