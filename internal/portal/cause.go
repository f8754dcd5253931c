package portal

import (
	"cmp"
	"context"
	"slices"
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

// causesOf are the causes for people, the most frequent first. What differs only
// in whether it is tried again is one; others are those that are told apart
// nowhere.
func causesOf(s *requestlog.Summary, shown int) (causes []requestlog.Cause, others requestlog.Cause) {
	type key struct {
		operation, what string
		status          int
	}
	places := map[key]int{}
	for i := range s.Causes {
		c := &s.Causes[i]
		k := key{c.Operation, whatOf(c), c.Status}
		if at, known := places[k]; known {
			causes[at].Include(c)
			continue
		}
		places[k] = len(causes)
		causes = append(causes, *c)
	}
	slices.SortStableFunc(causes, func(a, b requestlog.Cause) int { return cmp.Compare(b.Count, a.Count) })
	others = s.Others
	for i := min(shown, len(causes)); i < len(causes); i++ {
		others.Include(&causes[i])
	}
	return causes[:min(shown, len(causes))], others
}

const (
	causesAsked  = 20 // of the log
	repeatsMin   = 3
	repeatsShown = 5
	repeatsTime  = 24 * time.Hour // within which it must have come again
)

// repeats are the causes of refusals that come again and again, of one merchant or
// of all ("").
func (p *portal) repeats(ctx context.Context, merchant string) (often []cause, err error) {
	now, week := p.Now(), periodOf("week")
	since := week.from(now)
	summed, err := p.Log.Tally(ctx, requestlog.TallyQuery{
		AllMerchants: merchant == "", MerchantID: merchant, From: since, To: now, Step: week.step, Causes: causesAsked,
	})
	if err != nil {
		return nil, err
	}
	causes, _ := causesOf(&summed, causesAsked)
	for i := range causes {
		c := &causes[i]
		if c.Count >= repeatsMin && now.Sub(c.Last) < repeatsTime && len(often) < repeatsShown {
			often = append(often, causeOf(c, merchant, since, now))
		}
	}
	return often, nil
}
