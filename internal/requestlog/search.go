package requestlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// ErrQuery: a Query is out of its bounds.
var ErrQuery = errors.New("requestlog: the query is out of its bounds")

// searchTime is how long a search looks before it gives what it has.
const searchTime = 800 * time.Millisecond

// Bounds of what a page holds in memory: a larger body is left out, and so is
// what comes when the page is full. Find has it.
const (
	foundBodyMax   = 64 << 10
	foundBodiesMax = 8 << 20
)

// Search gives the exchanges that a query asks for, the newest first: by their
// correlation ids, which begin with their time. It sees everything recorded
// before the call. It looks for as long as a person waits; a page may be short,
// or empty, and then says that it is partial and where to go on. ErrQuery.
func (l *Log) Search(ctx context.Context, q Query) (Page, error) {
	if q.Limit < 1 || q.Limit > SearchMax || len(q.Text) > TextMax {
		return Page{}, ErrQuery
	}
	if err := l.flush(ctx); err != nil {
		return Page{}, err
	}
	s := newSearch(q, time.Now().Add(l.options.searchTime))
	err := l.use(func(h home.Home) error {
		s.home = h
		if done, err := s.named(ctx); done || err != nil {
			return err
		}
		return s.run(ctx)
	})
	if err != nil {
		return Page{}, fmt.Errorf("requestlog: search: %w", err)
	}
	return s.page, nil
}

// searching is a search under way.
type searching struct {
	query    Query
	text     []wanted
	home     home.Home
	deadline time.Time
	bound    *bodyBound

	keys    []home.Key // to be looked at, the highest last id first
	listed  string     // the lowest first id that was listed; "" before the first
	allKeys bool       // nothing is left to list
	found   []Exchange // not yet given, the highest id first
	page    Page
}

func newSearch(q Query, deadline time.Time) *searching {
	return &searching{
		query: q, text: readText(q.Text), deadline: deadline, listed: q.Before,
		bound: boundOf(Bounds{Bodies: foundBodiesMax}),
	}
}

// named looks for exchanges whose correlation id was typed: there is one.
func (s *searching) named(ctx context.Context) (done bool, err error) {
	for i := range s.text {
		id := string(s.text[i].text)
		if !uuidAt(s.text[i].text, 0) || len(id) != uuidLength {
			continue
		}
		is := func(n *names) bool { return string(n.correlationID) == id }
		err := s.home.Refusal(ctx, id, func(r *home.Refusal) (bool, error) {
			return true, s.look(r.Data, r.Packed, r.Explanation, is)
		})
		if err == nil {
			err = s.home.Covering(ctx, bucket(id), id, func(b *home.Block) (bool, error) {
				return true, s.look(b.Data, b.Packed, "", is)
			})
		}
		if err != nil {
			return false, err
		}
	}
	s.page.Exchanges, s.found = s.found, nil
	return len(s.page.Exchanges) > 0, nil
}

// keysListed is how many keys are listed at a time, and piecesLoaded how many
// pieces are loaded.
const (
	keysListed   = 512
	piecesLoaded = 16
)

// run looks at one piece after the other, from the newest on.
func (s *searching) run(ctx context.Context) error {
	for looked := false; ; looked = true {
		if err := s.list(ctx); err != nil {
			return err
		}
		if s.give() {
			return nil
		}
		if len(s.keys) == 0 {
			return nil
		}
		if looked && !time.Now().Before(s.deadline) {
			// All ids above the next piece's were given.
			s.page.Partial, s.page.Next = true, s.keys[0].LastID+justAbove
			return nil
		}
		now := s.keys[:min(piecesLoaded, len(s.keys))]
		err := s.home.Load(ctx, now, func(p home.Piece) (bool, error) {
			if p.Refusal != nil {
				return true, s.look(p.Refusal.Data, p.Refusal.Packed, p.Refusal.Explanation, nil)
			}
			return true, s.look(p.Block.Data, p.Block.Packed, "", nil)
		})
		if err != nil {
			return err
		}
		s.keys = s.keys[len(now):]
	}
}

// justAbove behind an id is above the id and below all others that are.
const justAbove = "!"

// list lists keys until every piece that may hold an id above the next one's is
// among them: pieces of one bucket overlap.
func (s *searching) list(ctx context.Context) error {
	for !s.allKeys && (len(s.keys) == 0 || bucket(s.listed) >= bucket(s.keys[0].LastID)) {
		keys, err := s.home.List(ctx, s.listed, keysListed)
		if err != nil {
			return err
		}
		s.allKeys = len(keys) < keysListed
		if len(keys) > 0 {
			s.listed = keys[len(keys)-1].FirstID
		}
		s.keys = append(s.keys, keys...)
		slices.SortStableFunc(s.keys, func(a, b home.Key) int { return strings.Compare(b.LastID, a.LastID) })
	}
	return nil
}

// give puts into the page what is found and above everything that is not looked
// at, and tells whether the page is full.
func (s *searching) give() (full bool) {
	for len(s.found) > 0 && (len(s.keys) == 0 || searchable(s.found[0].CorrelationID) > s.keys[0].LastID) {
		if len(s.page.Exchanges) == s.query.Limit {
			s.page.Next = s.page.Exchanges[s.query.Limit-1].CorrelationID
			return true
		}
		s.page.Exchanges = append(s.page.Exchanges, s.found[0])
		s.lighten(&s.page.Exchanges[len(s.page.Exchanges)-1])
		s.found = s.found[1:]
	}
	if len(s.page.Exchanges) == s.query.Limit && len(s.keys) > 0 {
		s.page.Next = s.page.Exchanges[s.query.Limit-1].CorrelationID
		return true
	}
	return false
}

// lighten leaves the bodies out when the page has too many.
func (s *searching) lighten(e *Exchange) {
	if !s.bound.admit(len(e.RequestBody) + len(e.ResponseBody)) {
		e.RequestBody, e.ResponseBody, e.LeftOut = nil, nil, true
	}
}

// look keeps the exchanges of stored data that are asked for.
func (s *searching) look(data []byte, packed bool, explanation string, also func(*names) bool) error {
	_, err := walk(data, packed, func(n *names, rest *cursor) (bool, error) {
		if !s.asks(n) || also != nil && !also(n) {
			return true, nil
		}
		k, err := rest.kept(n)
		if err != nil || !s.asksFor(&k) || s.beyond(n) {
			return true, err
		}
		each := boundOf(Bounds{Body: foundBodyMax})
		e, err := k.exchange(each)
		if err == nil && explanation != "" {
			err = each.explain(&e, []byte(explanation))
		}
		s.keep(e)
		return true, err
	})
	return err
}

// asks tells whether the names are what the query asks for.
func (s *searching) asks(n *names) bool {
	q := &s.query
	for _, of := range [...]struct {
		wanted string
		is     []byte
	}{{q.Method, n.method}, {q.Operation, n.operation}, {q.SessionID, n.sessionID}, {q.OrderID, n.orderID}} {
		if of.wanted != "" && of.wanted != string(of.is) {
			return false
		}
	}
	return (q.AllMerchants || q.MerchantID == string(n.merchantID)) && (q.Before == "" || string(n.correlationID) < q.Before)
}

// asksFor tells whether the rest is, too.
func (s *searching) asksFor(e *kept) bool {
	q := &s.query
	if q.StatusFrom != 0 && e.status < q.StatusFrom || q.StatusTo != 0 && e.status > q.StatusTo ||
		!q.From.IsZero() && e.at.Before(q.From) || !q.To.IsZero() && !e.at.Before(q.To) {
		return false
	}
	for i := range s.text {
		if !s.text[i].in(&e.names, e.request, e.response) {
			return false
		}
	}
	return true
}

// room is how many more exchanges are of use: those of the page, and one that
// tells that there is a next page.
func (s *searching) room() int { return s.query.Limit - len(s.page.Exchanges) + 1 }

// beyond tells whether an exchange comes after all that there is room for.
func (s *searching) beyond(n *names) bool {
	return len(s.found) >= s.room() && string(n.correlationID) < s.found[len(s.found)-1].CorrelationID
}

// keep puts what was found in its place.
func (s *searching) keep(e Exchange) {
	at, _ := slices.BinarySearchFunc(s.found, e.CorrelationID, func(have Exchange, id string) int { return strings.Compare(id, have.CorrelationID) })
	s.found = slices.Insert(s.found, at, e)
	s.found = s.found[:min(len(s.found), s.room())]
}
