package requestlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// ErrQuery: a Query is out of its bounds.
var ErrQuery = errors.New("requestlog: the query is out of its bounds")

// searchTime is how long a search looks before it gives what it has.
const searchTime = 800 * time.Millisecond

// searchesAtOnce is how many searches are under way at a time; others wait.
// They are work for one core each, and there is other work.
const searchesAtOnce = 2

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
	select {
	case l.searches <- struct{}{}:
		defer func() { <-l.searches }()
	case <-ctx.Done():
		return Page{}, fmt.Errorf("requestlog: search: %w", ctx.Err())
	}
	redaction := newRedaction(&l.options)
	s := newSearch(q, redaction.readText(q.Text), time.Now().Add(l.options.searchTime))
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

	terms home.Terms // nil when everything is looked at
	from  uint32     // the oldest minute that is looked at
	// What no segment has is listed before the segments of its time: it may move
	// to one at any moment, and must not be missed.
	listed   listing    // pieces outside of segments, or all pieces when there are no terms
	segments listing    // likewise
	keys     []home.Key // to be looked at, the highest last id first
	found    []Exchange // not yet given, the highest id first
	page     Page
	full     time.Time // when the page was; zero before
}

// listing is how far a list has come.
type listing struct {
	below  string // the lowest first id so far; "" before the first
	number int64  // of segments: the lowest so far
	ended  bool
}

// passed tells whether what is still to be listed is below the minute.
func (l *listing) passed(minute uint32) bool {
	return l.ended || l.below != "" && home.Minute(l.below) < minute
}

func newSearch(q Query, text []wanted, deadline time.Time) *searching {
	s := &searching{
		query: q, text: text, deadline: deadline, bound: boundOf(Bounds{Bodies: foundBodiesMax}),
		listed: listing{below: q.Before}, segments: listing{below: q.Before, number: math.MaxInt64},
	}
	if !q.To.IsZero() {
		// The first id of the minute after.
		to := fmt.Sprintf("%08x", min(int64(home.MinuteOf(q.To.Add(timeSlack)))+1, math.MaxUint32))
		if q.Before == "" || to < q.Before {
			s.listed.below, s.segments.below = to, to
		}
	}
	if !q.From.IsZero() {
		s.from = home.MinuteOf(q.From.Add(-timeSlack))
	}
	if s.segments.below != "" {
		s.segments.number = home.MinuteEnd(home.Minute(s.segments.below))
	}
	s.terms = termsOf(&s.query, s.text)
	s.segments.ended = s.terms == nil
	return s
}

// timeSlack is how far the time in a correlation id may be from the beginning of
// its exchange.
const timeSlack = time.Minute

// named looks for exchanges whose correlation id was typed: there is one.
func (s *searching) named(ctx context.Context) (done bool, err error) {
	for i := range s.text {
		id := string(s.text[i].text)
		if !isUUID(s.text[i].text) {
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

// How many keys are listed at a time, and how many of them are loaded.
const (
	keysListed     = 512
	segmentsListed = 64
)

// So many are loaded at first, and then twice as many until the most: what is
// everywhere is on the first, and what is rare needs all of them.
const (
	piecesLoaded, piecesMost     = 8, 64
	segmentsLoaded, segmentsMost = 1, 8
)

// next are the keys that are loaded together, all of segments or none.
func (s *searching) next(loaded int) []home.Key {
	segments := s.keys[0].Kind == home.KindSegment
	most := min(piecesLoaded<<min(loaded, 16), piecesMost)
	if segments {
		most = min(segmentsLoaded<<min(loaded, 16), segmentsMost)
	}
	n := 1
	for n < min(most, len(s.keys)) && (s.keys[n].Kind == home.KindSegment) == segments {
		n++
	}
	return s.keys[:n]
}

// run looks at one piece after the other, from the newest on.
func (s *searching) run(ctx context.Context) error {
	for loaded := 0; ; loaded++ {
		if err := s.list(ctx); err != nil {
			return err
		}
		if s.give() {
			return nil
		}
		if len(s.keys) == 0 {
			s.page.Next = ""
			return nil
		}
		if s.ahead(time.Now()) {
			return nil
		}
		if loaded > 0 && !time.Now().Before(s.deadline) && s.stop() {
			return nil
		}
		now := s.next(loaded)
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
// among them: those of one minute overlap.
func (s *searching) list(ctx context.Context) error {
	for {
		minute := uint32(0)
		if len(s.keys) > 0 {
			minute = home.Minute(s.keys[0].LastID)
		}
		var keys []home.Key
		var err error
		switch {
		case !s.listed.passed(max(minute, s.from)):
			keys, err = s.listPieces(ctx)
		case !s.segments.passed(max(minute, s.from)):
			keys, err = s.listSegments(ctx)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		for _, k := range keys {
			if home.Minute(k.LastID) >= s.from {
				s.keys = append(s.keys, k)
			}
		}
		slices.SortStableFunc(s.keys, func(a, b home.Key) int { return strings.Compare(b.LastID, a.LastID) })
	}
}

func (s *searching) listPieces(ctx context.Context) ([]home.Key, error) {
	scope := home.Everything
	if s.terms != nil {
		scope = home.Unindexed
	}
	keys, err := s.home.List(ctx, scope, s.listed.below, keysListed)
	s.listed.ended = len(keys) < keysListed
	if len(keys) > 0 {
		s.listed.below = keys[len(keys)-1].FirstID
	}
	return keys, err
}

// listSegments lists segments of the time for which everything else is listed.
func (s *searching) listSegments(ctx context.Context) ([]home.Key, error) {
	wanted := home.Wanted{Terms: s.terms, Below: s.segments.number, From: home.SegmentNumber(s.from), Limit: segmentsListed}
	if !s.listed.ended {
		wanted.From = max(wanted.From, home.MinuteEnd(home.Minute(s.listed.below)))
	}
	keys, err := s.home.Segments(ctx, wanted)
	switch {
	case len(keys) == segmentsListed:
		last := keys[len(keys)-1]
		s.segments.below, s.segments.number = last.FirstID, last.Place.Number
	case s.listed.ended:
		s.segments.ended = true
	default: // all of them down to where the other list is
		s.segments.below, s.segments.number = s.listed.below, wanted.From
	}
	return keys, err
}

// give puts into the page what is found and above everything that is not looked
// at, and tells whether the page is full.
func (s *searching) give() (full bool) {
	for len(s.found) > 0 && (len(s.keys) == 0 || searchable(s.found[0].CorrelationID) > s.keys[0].LastID) {
		if len(s.page.Exchanges) == s.query.Limit {
			s.page.Next = s.given()
			return true
		}
		s.page.Exchanges = append(s.page.Exchanges, s.found[0])
		s.lighten(&s.page.Exchanges[len(s.page.Exchanges)-1])
		s.found = s.found[1:]
	}
	return false
}

// stop ends a search that has no time left, unless the next page would begin
// where this one did: pieces of one minute overlap, and must be looked at
// together.
func (s *searching) stop() bool {
	if len(s.page.Exchanges) == s.query.Limit {
		return true
	}
	// All ids above the next piece's were given, and some in it when it is a
	// segment that was made meanwhile.
	next := s.keys[0].LastID + justAbove
	if last := s.given(); last != "" {
		next = min(next, last)
	}
	if s.query.Before != "" && next >= s.query.Before {
		return false
	}
	s.page.Partial, s.page.Next = true, next
	return true
}

// given is the id that was given last; "" before the first.
func (s *searching) given() string {
	if len(s.page.Exchanges) == 0 {
		return ""
	}
	return s.page.Exchanges[len(s.page.Exchanges)-1].CorrelationID
}

// ahead tells whether a full page has been looked beyond for long enough: there
// may be a next one. Usually the next exchange is soon found.
func (s *searching) ahead(now time.Time) bool {
	if len(s.page.Exchanges) < s.query.Limit {
		return false
	}
	if s.full.IsZero() {
		s.full = now
	}
	s.page.Next = s.given()
	return now.Sub(s.full) > aheadTime
}

// aheadTime is how long a search looks whether there is a next page.
const aheadTime = 50 * time.Millisecond

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
	if !q.AllMerchants && q.MerchantID != string(n.merchantID) || q.Before != "" && string(n.correlationID) >= q.Before {
		return false
	}
	last := s.given() // what is not below it was listed, given, and then moved to a segment
	return last == "" || string(n.correlationID) < last
}

// asksFor tells whether the rest is, too.
func (s *searching) asksFor(e *kept) bool {
	q := &s.query
	if q.StatusFrom != 0 && e.status < q.StatusFrom || q.StatusTo != 0 && e.status > q.StatusTo ||
		!q.From.IsZero() && e.at.Before(q.From) || !q.To.IsZero() && !e.at.Before(q.To) {
		return false
	}
	for i := range s.text {
		if !s.text[i].in(e) {
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
	at, again := slices.BinarySearchFunc(s.found, e.CorrelationID, func(have Exchange, id string) int { return strings.Compare(id, have.CorrelationID) })
	if again {
		return // it was listed, and then again in a segment
	}
	s.found = slices.Insert(s.found, at, e)
	s.found = s.found[:min(len(s.found), s.room())]
}
