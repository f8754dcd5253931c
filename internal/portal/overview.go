package portal

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// overviewPage is what happened lately.
type overviewPage struct {
	Hour, Day  tally
	Bounded    bool // the day had more than was counted
	Plot       plot
	Operations []operationTally
	Causes     []cause
	Waiting    int // callbacks
	Sessions   []around
	Empty      bool
	Curl       string
}

// tally counts exchanges by how they ended. Unanswered are callbacks that got no
// answer.
type tally struct{ All, Done, Refused, Failed, Unanswered int }

type operationTally struct {
	Operation string
	tally
	Median time.Duration
	took   []time.Duration
}

const (
	overviewPages    = 10 // of the search
	refusalPages     = 3  // of one for refusals, beyond those
	causesShown      = 8
	sessionsShown    = 8
	operationsListed = 20
)

func (p *portal) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.Now()
	query := requestlog.Query{AllMerchants: true, From: now.Add(-24 * time.Hour), Limit: requestlog.SearchMax}
	day, err := p.gather(ctx, &query, overviewPages)
	if err != nil {
		return err
	}
	shown := overviewPage{Operations: operationsOf(day), Plot: plotOf(day, now), Empty: len(day) == 0, Curl: p.firstRequest()}
	all := day
	if query.Before != "" {
		// A busy shop must not push its refusals off the page.
		shown.Bounded, query.StatusFrom, query.StatusTo = true, 400, 599
		older, err := p.gather(ctx, &query, refusalPages)
		if err != nil {
			return err
		}
		all = append(slices.Clone(day), older...)
	}
	causes := causesOf(all)
	shown.Causes = causes[:min(len(causes), causesShown)]
	for i := range all {
		shown.Day.add(&all[i])
		if now.Sub(all[i].At) <= time.Hour {
			shown.Hour.add(&all[i])
		}
	}
	for i := range day {
		id := day[i].SessionID
		if id != "" && len(shown.Sessions) < sessionsShown && !slices.ContainsFunc(shown.Sessions, func(a around) bool { return a.SessionID == id }) {
			shown.Sessions = append(shown.Sessions, around{Exchange: day[i]})
		}
	}
	if shown.Waiting, err = p.waiting(ctx); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "overview", page{Title: "Overview", Current: "overview", Body: &shown})
}

// gather reads several pages of a search, without bodies. The query goes on
// where they end; with nothing left it begins anew.
func (p *portal) gather(ctx context.Context, query *requestlog.Query, pages int) (found []requestlog.Exchange, err error) {
	for range pages {
		page, err := p.Log.Search(ctx, *query)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Exchanges {
			e.RequestBody, e.ResponseBody = nil, nil // they are of no use here
			found = append(found, e)
		}
		if query.Before = page.Next; page.Next == "" {
			break
		}
	}
	return found, nil
}

// Troubles are those that did not do what they were meant to.
func (t tally) Troubles() int { return t.All - t.Done }

// Lost are those that were neither done nor refused.
func (t tally) Lost() int { return t.Failed + t.Unanswered }

// figure is a tally with its name.
type figure struct {
	Label string
	tally
	Bounded bool // there were more
}

func figureOf(label string, t tally, bounded bool) figure { return figure{label, t, bounded} }

func (t *tally) add(e *requestlog.Exchange) {
	t.All++
	switch {
	case !timeline.Failed(e):
		t.Done++
	case e.Status == 0:
		t.Unanswered++
	case e.Status >= 400 && e.Status < 500:
		t.Refused++
	default:
		t.Failed++
	}
}

func operationsOf(exchanges []requestlog.Exchange) (all []operationTally) {
	for i := range exchanges {
		e := &exchanges[i]
		at := slices.IndexFunc(all, func(o operationTally) bool { return o.Operation == e.Operation })
		if at < 0 {
			at = len(all)
			all = append(all, operationTally{Operation: e.Operation})
		}
		all[at].add(e)
		all[at].took = append(all[at].took, e.Duration)
	}
	for i := range all {
		slices.Sort(all[i].took)
		all[i].Median = all[i].took[len(all[i].took)/2]
	}
	slices.SortStableFunc(all, func(a, b operationTally) int { return b.All - a.All })
	return all[:min(len(all), operationsListed)]
}

// waiting counts the callbacks that wait, up to a bound.
func (p *portal) waiting(ctx context.Context) (waiting int, err error) {
	merchants, err := p.merchants(ctx)
	if err != nil {
		return 0, err
	}
	for _, merchant := range merchants {
		found, err := p.Callbacks.Callbacks(ctx, store.CallbackFilter{MerchantID: merchant, State: store.CallbackWaiting, Limit: callbacksShown})
		if err != nil {
			return 0, err
		}
		waiting += len(found)
	}
	return waiting, nil
}

// plot is the last hour in bars of five minutes.
type plot struct {
	Bars  []bar
	Most  int
	Says  string // for who does not see it
	Width int
}

// bar is one of a plot; the heights are in the plot's own units.
type bar struct {
	tally
	From            string
	X, Good, Bad    int // where it stands, and how high its two parts are
	GoodTop, BadTop int
	Label           string
	Marked          bool // its time stands below it
}

const (
	bars      = 12
	barSpan   = time.Hour / bars
	barStep   = 40
	barHeight = 100
)

func plotOf(exchanges []requestlog.Exchange, now time.Time) plot {
	p := plot{Bars: make([]bar, bars), Width: bars * barStep}
	begin := now.Add(-time.Hour)
	for i := range exchanges {
		at := int(exchanges[i].At.Sub(begin) / barSpan)
		if exchanges[i].At.After(begin) && at < bars {
			p.Bars[at].add(&exchanges[i])
		}
	}
	all, bad := 0, 0
	for i := range p.Bars {
		b := &p.Bars[i]
		p.Most = max(p.Most, b.All)
		all, bad = all+b.All, bad+b.All-b.Done
	}
	for i := range p.Bars {
		b := &p.Bars[i]
		b.From, b.X = begin.Add(time.Duration(i)*barSpan).UTC().Format("15:04"), i*barStep
		b.Label = fmt.Sprintf("from %s: %s, %d refused or failed", b.From, count(b.All, "request"), b.All-b.Done)
		b.Marked = i%4 == 0
		if p.Most == 0 {
			continue
		}
		b.Good, b.Bad = heightOf(b.Done, p.Most), heightOf(b.Troubles(), p.Most)
		b.BadTop = barHeight - b.Bad
		b.GoodTop = b.BadTop - b.Good
	}
	p.Says = fmt.Sprintf("The last hour in steps of five minutes: %s, %d refused or failed, at most %d in one step", count(all, "request"), bad, p.Most)
	return p
}

// heightOf is seen also where it is little beside the most.
func heightOf(n, most int) int {
	if n == 0 {
		return 0
	}
	const least = 2
	return max(least, n*barHeight/most)
}

// firstRequest is a mistake to begin with.
func (p *portal) firstRequest() string {
	user := "demo:demo"
	if p.Next == nil {
		user = "USERNAME:PASSWORD"
	}
	return strings.Join([]string{"curl -u " + user + " -d '{}'", "-H 'Content-Type: application/json'", p.URL + "/payments/v1/sessions"}, " ")
}
