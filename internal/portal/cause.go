package portal

import (
	"context"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// cause is what several refusals have in common.
type cause struct {
	requestlog.Cause
	What    string // the rule and the path, or the reason
	Times   string // how often
	Since   string // when it was first met in the time that is looked at
	Ago     string // when it was last met
	Address string // of the list of them all
}

// causeOf is a cause for people who look at a merchant, or at all (""), since a time.
func causeOf(c *requestlog.Cause, merchant string, since, now time.Time) cause {
	shown := cause{Cause: *c, What: whatOf(c), Times: grouped(c.Count), Since: sinceWhen(c.First, now), Ago: ago(c.Last, now)}
	shown.Address = filter{Status: statusFilter(c.Status), Operation: c.Operation, Merchant: merchant, From: since.UTC().Format(formTime)}.address()
	return shown
}

// whatOf says what was wrong.
func whatOf(c *requestlog.Cause) string {
	if c.Rule == "" && c.Path == "" {
		what := c.Reason
		if attempt, said, ok := strings.Cut(what, ": "); ok && strings.HasPrefix(attempt, "callback ") {
			what = strings.TrimSuffix(said, "; it is tried again")
		}
		if what == "" {
			what = statusMeaning(c.Status)
		}
		return what
	}
	what := strings.ReplaceAll(c.Path, "[]", "[…]")
	if title := ruleTitles[c.Rule]; title != "" {
		what += ": " + strings.ToLower(title[:1]) + title[1:]
	}
	return what
}

const (
	repeatsMin   = 3
	repeatsShown = 5
	repeatsOf    = 20             // causes that are looked at
	repeatsTime  = 24 * time.Hour // within which it must have come again
)

// repeats are the causes of refusals that come again and again, of one merchant or
// of all ("").
func (p *portal) repeats(ctx context.Context, merchant string) (often []cause, err error) {
	now, week := p.Now(), periodOf("week")
	since := week.from(now)
	summed, err := p.Log.Tally(ctx, requestlog.TallyQuery{
		AllMerchants: merchant == "", MerchantID: merchant, From: since, To: now, Step: week.step, Causes: repeatsOf,
	})
	if err != nil {
		return nil, err
	}
	for i := range summed.Causes {
		c := &summed.Causes[i]
		if c.Count >= repeatsMin && now.Sub(c.Last) < repeatsTime && len(often) < repeatsShown {
			often = append(often, causeOf(c, merchant, since, now))
		}
	}
	return often, nil
}

// failed tells whether an exchange did not do what it was meant to: it was
// refused, or a callback was not answered.
func failed(e *requestlog.Exchange) bool { return !e.Done() }
