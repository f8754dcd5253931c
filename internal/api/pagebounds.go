package api

import (
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Bounds of what a page may do with the token of one session. Whoever has a
// cart has such a token: it must not fill the log or the store. A browser comes
// nowhere near them.
const (
	pageBurst       = 256  // calls at once
	pageRate        = 8    // calls a second in the long run
	pageCallsMax    = 2000 // calls of a session
	assessmentsMax  = 200  // results of a session that were assessed or changed it
	pageBodiesWhole = 64   // calls of a session whose bodies are recorded
	pageBodyMax     = 512 << 10
	reviewBodyMax   = 4 << 10
	// pageSessionsKept is how many sessions are counted at a time.
	pageSessionsKept = 16384
	// pageProblemsKept are recorded of a call whose bodies are not.
	pageProblemsKept = 3
)

// pageVerdict is what becomes of a call.
type pageVerdict struct {
	allowed bool
	record  bool          // the exchange is recorded, and not only counted
	whole   bool          // with its bodies
	reason  string        // of a refusal
	wait    time.Duration // until the next call is allowed; 0 is never
}

// pageBounds count what each session's pages did. A session that was forgotten
// for others begins anew.
type pageBounds struct {
	mu       sync.Mutex
	sessions *simplelru.LRU[string, *pageCounts]
}

type pageCounts struct {
	recorded    int     // calls, and refusals that were recorded
	refused     bool    // for ever, and that was recorded
	assessments int     // with those under way
	events      int     // recorded, of those that happened in the browser alone
	used        float64 // of the burst
	at          time.Time
	explained   time.Time // when a refusal for the rate was recorded
}

// counts is called with the mutex held.
func (b *pageBounds) counts(sessionID string) *pageCounts {
	if b.sessions == nil {
		b.sessions, _ = simplelru.NewLRU[string, *pageCounts](pageSessionsKept, nil) // it fails for a size of 0
	}
	counts, ok := b.sessions.Get(sessionID)
	if !ok {
		counts = &pageCounts{}
		b.sessions.Add(sessionID, counts)
	}
	return counts
}

// take counts one call.
func (b *pageBounds) take(sessionID string, now time.Time) pageVerdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts(sessionID)
	if c.recorded >= pageCallsMax {
		first := !c.refused
		c.refused = true
		return pageVerdict{record: first, reason: "the pages of this session made " + strconv.Itoa(pageCallsMax) +
			" calls, which is all they may; create another session. Further ones are refused too and counted, not recorded"}
	}
	if since := now.Sub(c.at).Seconds(); since > 0 {
		c.used = max(0, c.used-since*pageRate)
	}
	c.at = now
	if c.used+1 > pageBurst {
		verdict := pageVerdict{
			wait: time.Duration(math.Ceil((c.used + 1 - pageBurst) / pageRate * float64(time.Second))),
			reason: "the pages of this session make more than " + strconv.Itoa(pageRate) + " calls a second, beyond the first " + strconv.Itoa(pageBurst) +
				"; further refusals of this second are counted, not recorded"}
		if verdict.record = now.Sub(c.explained) >= time.Second || c.explained.IsZero(); verdict.record {
			c.explained = now
			c.recorded++
		}
		return verdict
	}
	c.used++
	c.recorded++
	return pageVerdict{allowed: true, record: true, whole: c.recorded <= pageBodiesWhole}
}

// assess takes one of the session's assessments. The function that it returns
// gives it back where there was none.
func (b *pageBounds) assess(sessionID string) (giveBack func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts(sessionID)
	if c.assessments >= assessmentsMax {
		return nil, false
	}
	c.assessments++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		c.assessments--
	}, true
}

// limitPage counts a call of a page against the bounds of its session. Events
// have a bound of their own: what comes after is answered and not recorded.
func (x *exchange) limitPage(operation string) error {
	if x.tokenOf == "" {
		return nil // Express checkout: there is no session yet
	}
	if operation == operationEvent {
		x.unrecorded = !x.api.pages.event(x.tokenOf)
		return nil
	}
	verdict := x.api.pages.take(x.tokenOf, x.api.WindowTime())
	x.unrecorded, x.bare = !verdict.record, !verdict.whole
	if verdict.allowed {
		return nil
	}
	x.record.Operation, x.record.Expendable, x.unread = operation, true, true
	if verdict.wait > 0 {
		x.retryAfter = strconv.FormatInt(int64(math.Ceil(verdict.wait.Seconds())), 10)
	}
	return &checkout.Refusal{Kind: checkout.KindTooManyRequests, Reason: verdict.reason}
}

// assessing is taken before a call that may be assessed, and ended after it.
func (x *exchange) assessing(sessionID string) (giveBack func(), err error) {
	giveBack, ok := x.api.pages.assess(sessionID)
	if !ok {
		return nil, &checkout.Refusal{Kind: checkout.KindTooManyRequests, Reason: "the pages of this session had " + strconv.Itoa(assessmentsMax) +
			" results that were assessed or changed it, which is all they may; create another session"}
	}
	return giveBack, nil
}

// strip takes from the record what is not kept of the later calls of a session.
func (x *exchange) strip() {
	if !x.bare {
		return
	}
	r := &x.record
	r.RequestBody, r.ResponseBody, r.Shed = nil, nil, true
	r.Violations = r.Violations[:min(len(r.Violations), pageProblemsKept)]
	r.ErrorMessages = r.ErrorMessages[:min(len(r.ErrorMessages), pageProblemsKept)]
}

// bodyMax is the largest body of the operation, in bytes.
func (x *exchange) bodyMax() int {
	switch {
	case x.record.Operation == operationReplay:
		return replayBodyMax
	case !x.page || x.tokenOf == "":
		return BodyMax
	case x.record.Operation == operationEvent:
		return eventBodyMax
	case x.record.Operation == operationReview:
		return reviewBodyMax
	}
	return pageBodyMax
}

// event tells whether one more event of a session may be recorded.
func (b *pageBounds) event(sessionID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts(sessionID)
	if c.events >= eventsOfSession {
		return false
	}
	c.events++
	return true
}
