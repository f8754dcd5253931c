package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/ratelimit"
)

// limit counts the request against its merchant's limit. The playground's part
// of Kvitto's own interface is not limited: the original has no such operations.
// Pages have bounds of their own: a shop's customers must not use up its limit.
func (x *exchange) limit(methods map[string]route) error {
	if x.page {
		return x.limitPage(methods[x.request.Method].operation)
	}
	if x.api.Limiter == nil || x.api.Playground != nil && strings.HasPrefix(x.request.URL.Path, "/kvitto/") {
		return nil
	}
	route := methods[x.request.Method]
	x.class = ratelimit.ClassOf(route.operation)
	x.decision = x.api.Limiter.Take(x.api.WindowTime(), x.record.MerchantID, x.class)
	if x.decision.Allowed {
		return nil
	}
	// The first refusal of a window is kept and explains the others. Were each
	// of them written, a client in a loop would own the disk.
	x.record.Operation = route.operation
	x.record.Expendable, x.unrecorded = true, !x.decision.First
	x.unread = true
	return &checkout.Refusal{Kind: checkout.KindTooManyRequests, Reason: limitReason(x.class, x.decision.Limit)}
}

// limitReason says what the limit was and where to look for the other refusals.
func limitReason(class ratelimit.Class, limit int) string {
	return "more than " + strconv.Itoa(limit) + " requests of the class " + class.String() +
		" in one second; further ones of this second are refused too and counted, not recorded"
}

// numbersKept is how many values of X-RateLimit-Remaining are written down
// beforehand: those of the documented limits, and more.
const numbersKept = 512

// limitHeaders are the values of the rate limit headers, shared between
// answers: net/http only reads them.
type limitHeaders struct {
	limits  [ratelimit.Classes][]string
	numbers [numbersKept][]string
}

var headerRateReset = []string{strconv.Itoa(ratelimit.ResetSeconds)}

// newLimitHeaders returns nil for no limiter.
func newLimitHeaders(limiter *ratelimit.Limiter) *limitHeaders {
	if limiter == nil {
		return nil
	}
	l := &limitHeaders{}
	for class := range l.limits {
		limit := strconv.Itoa(limiter.Limit(ratelimit.Class(class)))
		l.limits[class] = []string{limit + ", " + limit + ";w=1"}
	}
	for n := range l.numbers {
		l.numbers[n] = []string{strconv.Itoa(n)}
	}
	return l
}

// set writes the headers in the recorded form: `5, 5;w=1`, `4`, `1`.
func (l *limitHeaders) set(h http.Header, class ratelimit.Class, remaining int) {
	h["X-Ratelimit-Limit"] = l.limits[class]
	if remaining < numbersKept {
		h["X-Ratelimit-Remaining"] = l.numbers[remaining]
	} else {
		h["X-Ratelimit-Remaining"] = []string{strconv.Itoa(remaining)}
	}
	h["X-Ratelimit-Reset"] = headerRateReset
}
