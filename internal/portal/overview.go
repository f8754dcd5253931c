package portal

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// overviewPage is what happened lately.
type overviewPage struct {
	Period     period
	Periods    []periodChoice
	Merchant   string // empty for all that the viewer sees
	Merchants  []string
	Requests   tally
	Assessed   requestlog.Outcomes
	Rate       string // of assessments that were approved; empty where there were none
	Waiting    int    // callbacks
	Shed       uint64
	Dropped    uint64
	Plots      []plot
	Operations []operationRow
	Causes     []cause
	Others     *cause // that are not told apart
	Sessions   []logRow
	Empty      bool
	Longer     string // address of the longest time
	Curl       string

	since time.Time
}

type periodChoice struct {
	period
	Address string
	Current bool
}

// tally counts exchanges by how they ended. Unanswered are callbacks that got no
// answer.
type tally struct{ All, Done, Refused, Failed, Unanswered uint64 }

func tallyOf(c *requestlog.Classes) tally {
	return tally{All: c.All(), Done: c[1] + c[2], Refused: c[4], Failed: c[3] + c[5], Unanswered: c[0]}
}

// Lost are those that were neither done nor refused.
func (t tally) Lost() uint64 { return t.Failed + t.Unanswered }

type operationRow struct {
	Operation string
	tally
	Median, Slow time.Duration // what half of them took at most, and 95 of 100
}

const (
	causesShown      = 8
	sessionsShown    = 8
	sessionsSearched = 50 // exchanges in which sessions are looked for
	operationsListed = 20
)

func (p *portal) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.Now()
	shown := overviewPage{Period: periodOf(r.URL.Query().Get("period")), Merchant: r.URL.Query().Get("merchant"), Curl: p.firstRequest()}
	var err error
	if shown.Merchants, err = p.merchants(ctx); err != nil {
		return err
	}
	if shown.Merchant != "" { // the list may be cut
		if err := p.mustKnow(ctx, shown.Merchant); err != nil {
			return err
		}
	}
	for _, one := range periods {
		shown.Periods = append(shown.Periods, periodChoice{one, shown.address(one.Value), one.Value == shown.Period.Value})
	}
	shown.Longer = shown.address("week")
	shown.since = shown.Period.from(now)
	summed, err := p.Log.Tally(ctx, requestlog.TallyQuery{
		AllMerchants: shown.Merchant == "", MerchantID: shown.Merchant, From: shown.since, To: now.Add(time.Nanosecond), Step: shown.Period.step, Causes: causesAsked,
	})
	if err != nil {
		return err
	}
	shown.sum(&summed, now)
	if shown.Waiting, err = p.waiting(ctx, shown.Merchant); err != nil {
		return err
	}
	if err := p.newestSessions(ctx, &shown); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "overview", page{Title: "Overview", Current: "overview", Body: &shown})
}

// address is the overview of another period.
func (o *overviewPage) address(period string) string {
	values := url.Values{"period": {period}}
	if o.Merchant != "" {
		values.Set("merchant", o.Merchant)
	}
	return Path + "/?" + values.Encode()
}

// Logs is the list of what the page counts, narrowed by names and values.
func (o *overviewPage) Logs(extra ...string) string {
	return filter{Merchant: o.Merchant, From: o.since.UTC().Format(formTime)}.address(extra...)
}

// sum puts what was counted on the page.
func (o *overviewPage) sum(s *requestlog.Summary, now time.Time) {
	var classes requestlog.Classes
	var starts []time.Time
	var ended, assessed [][]uint64
	for i := range s.Steps {
		step := &s.Steps[i]
		for j, n := range step.Classes {
			classes[j] += n
		}
		t, a := tallyOf(&step.Classes), &step.Outcomes
		o.Assessed.Include(a)
		starts = append(starts, step.Start)
		ended = append(ended, []uint64{t.Done, t.Refused, t.Lost()})
		assessed = append(assessed, []uint64{a.Approved, a.Referred, a.Denied})
	}
	o.Requests, o.Shed, o.Dropped = tallyOf(&classes), s.Shed, s.Dropped
	o.Empty = o.Requests.All == 0
	o.Plots = append(o.Plots, newPlot("requests", "Requests", o.Period, []series{{"done", "good"}, {"refused", "bad"}, {"failed or not answered", "worse"}}, starts, ended))
	if approved := o.Assessed.Approved + o.Assessed.Referred; approved+o.Assessed.Denied > 0 {
		o.Rate = percent(approved, approved+o.Assessed.Denied)
		o.Plots = append(o.Plots, newPlot("authorizations", "Authorizations", o.Period, []series{{"approved", "good"}, {"approved, to be reviewed", "middling"}, {"denied", "bad"}}, starts, assessed))
	}
	for i := range s.Operations[:min(len(s.Operations), operationsListed)] {
		one := &s.Operations[i]
		o.Operations = append(o.Operations, operationRow{one.Operation, tallyOf(&one.Classes), one.Took.Quantile(0.5), one.Took.Quantile(0.95)})
	}
	causes, others := causesOf(s, causesShown)
	for i := range causes {
		o.Causes = append(o.Causes, causeOf(&causes[i], o.Merchant, o.since, now))
	}
	if others.Count > 0 {
		rest := causeOf(&others, o.Merchant, o.since, now)
		rest.Address = o.Logs("status", "refused")
		o.Others = &rest
	}
}

// percent says no more than is true: all and nothing are exact.
func percent(part, all uint64) string {
	share := 100 * float64(part) / float64(all)
	switch {
	case part == all || part == 0:
		return fmt.Sprintf("%.0f %%", share)
	case share > 99.9:
		return "> 99.9 %"
	case share < 0.1:
		return "< 0.1 %"
	default:
		return fmt.Sprintf("%.1f %%", share)
	}
}

// newestSessions are those that were lately called for.
func (p *portal) newestSessions(ctx context.Context, shown *overviewPage) error {
	newest, err := p.Log.Search(ctx, requestlog.Query{
		AllMerchants: shown.Merchant == "", MerchantID: shown.Merchant, From: shown.since, Limit: sessionsSearched,
	})
	if err != nil {
		return err
	}
	for i := range newest.Exchanges {
		id := newest.Exchanges[i].SessionID
		if id != "" && len(shown.Sessions) < sessionsShown && !slices.ContainsFunc(shown.Sessions, func(row logRow) bool { return row.SessionID == id }) {
			shown.Sessions = append(shown.Sessions, rowOf(&newest.Exchanges[i], p.Now()))
		}
	}
	return nil
}

// waiting counts the callbacks that wait, of one merchant or of all (""), up to a
// bound.
func (p *portal) waiting(ctx context.Context, merchant string) (waiting int, err error) {
	merchants := []string{merchant}
	if merchant == "" {
		if merchants, err = p.merchants(ctx); err != nil {
			return 0, err
		}
	}
	for _, one := range merchants {
		found, err := p.Callbacks.Callbacks(ctx, store.CallbackFilter{MerchantID: one, State: store.CallbackWaiting, Limit: callbacksShown})
		if err != nil {
			return 0, err
		}
		waiting += len(found)
	}
	return waiting, nil
}

// firstRequest is a mistake to begin with.
func (p *portal) firstRequest() string {
	user := "demo:demo"
	if p.Next == nil {
		user = "USERNAME:PASSWORD"
	}
	return strings.Join([]string{"curl -u " + user + " -d '{}'", "-H 'Content-Type: application/json'", p.URL + "/payments/v1/sessions"}, " ")
}
