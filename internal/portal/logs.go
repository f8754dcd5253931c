package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// logsPage is a list of exchanges, the newest first.
type logsPage struct {
	Filter   filter
	Rows     []logRow
	Next     string // address of the next page; empty when there is none
	Live     string // address of the newest rows; empty where the list does not follow
	Partial  bool
	Kept     requestlog.Stats // since this server started; zero for who does not see all
	Narrowed bool
	Later    bool    // not the first page
	Repeats  []cause // what was refused again and again
	Session  string  // that was searched for
	Problem  string  // what of the filter could not be understood
	Curl     string  // for who has no request yet
	Filters  []choice
	Classes  []choice
	Methods  []choice
}

// logRow is an exchange in a list.
type logRow struct {
	requestlog.Exchange
	Direction string
	Why       string
	Day       string // of an exchange that is not of today
}

// choice is one of several values of a filter.
type choice struct{ Value, Label string }

// filter is what a list is narrowed to, as it stands in the address.
type filter struct{ Q, Status, Method, Operation, Merchant, From, To, Before string }

const (
	rowsShown = 50
)

// statusClasses are the values of the filter for the status.
var statusClasses = []struct {
	choice
	from, to int
}{
	{choice{"refused", "refused or failed"}, 400, 599}, {choice{"2xx", "2xx, done"}, 200, 299},
	{choice{"4xx", "4xx, refused"}, 400, 499}, {choice{"5xx", "5xx, failed"}, 500, 599},
}

// statusFilter is the value of the filter for one status; that of what got no
// answer does not narrow.
func statusFilter(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

func filterOf(query url.Values) filter {
	get := func(name string) string {
		text := strings.TrimSpace(query.Get(name))
		return text[:min(len(text), textMax)]
	}
	return filter{get("q"), get("status"), get("method"), get("operation"), get("merchant"), get("from"), get("to"), get("before")}
}

// formTime is how a browser writes a time that was picked; it is UTC here.
const formTime = "2006-01-02T15:04"

// query is the filter as the log takes it; problem says what of it was no time.
func (f *filter) query() (q requestlog.Query, problem string) {
	q = requestlog.Query{AllMerchants: f.Merchant == "", MerchantID: f.Merchant, Text: f.Q, Method: f.Method, Operation: f.Operation, Before: f.Before, Limit: rowsShown}
	for _, class := range statusClasses {
		if class.Value == f.Status {
			q.StatusFrom, q.StatusTo = class.from, class.to
		}
	}
	if status, err := strconv.Atoi(f.Status); err == nil && 100 <= status && status <= 599 {
		q.StatusFrom, q.StatusTo = status, status
	}
	for _, t := range []struct {
		text string
		into *time.Time
	}{{f.From, &q.From}, {f.To, &q.To}} {
		if said := readFormTime(t.text, t.into); said != "" {
			problem = said
		}
	}
	return q, problem
}

// readFormTime reads a time that was picked, if any; problem says that it is none.
func readFormTime(text string, into *time.Time) (problem string) {
	if text == "" {
		return ""
	}
	at, err := time.ParseInLocation(formTime, text[:min(len(text), len(formTime))], time.UTC)
	if err != nil {
		return "“" + timeline.Beginning(text) + "” is no time such as 2026-03-04T12:00."
	}
	*into = at
	return ""
}

// address is the list of the filter.
func (f filter) address(extra ...string) string {
	values := url.Values{}
	for _, v := range [][2]string{{"q", f.Q}, {"status", f.Status}, {"method", f.Method}, {"operation", f.Operation},
		{"merchant", f.Merchant}, {"from", f.From}, {"to", f.To}, {"before", f.Before}} {
		if v[1] != "" {
			values.Set(v[0], v[1])
		}
	}
	for i := 0; i+1 < len(extra); i += 2 {
		values.Set(extra[i], extra[i+1])
	}
	if len(values) == 0 {
		return Path + "/logs"
	}
	return Path + "/logs?" + values.Encode()
}

// live is the address of the rows that come from now on. It says from when on, so
// that looking for them again and again is no search of the whole log.
func (f filter) live(now time.Time) string {
	if f.From == "" {
		f.From = now.UTC().Add(-time.Minute).Format(formTime)
	}
	return f.address("rows", "1")
}

func (f filter) narrowed() bool { return f != filter{Before: f.Before} }

func (p *portal) logs(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	shown := logsPage{Filter: filterOf(r.URL.Query()), Methods: []choice{{"GET", "GET"}, {"POST", "POST"}, {"DELETE", "DELETE"}}, Filters: operationChoices}
	query, problem := shown.Filter.query()
	found, err := p.Log.Search(ctx, query)
	if err != nil {
		return err
	}
	following := r.URL.Query().Get("rows") != ""
	if id, ok := exactly(&shown.Filter, &found); ok && !following {
		http.Redirect(w, r, Path+"/exchanges/"+id, http.StatusSeeOther)
		return nil
	}
	for i := range found.Exchanges {
		shown.Rows = append(shown.Rows, rowOf(&found.Exchanges[i], p.Now()))
	}
	if following {
		return p.render(w, http.StatusOK, "logs", "rows", shown.Rows)
	}
	shown.Problem, shown.Partial, shown.Kept = problem, found.Partial, p.Log.Stats()
	shown.Narrowed, shown.Later = shown.Filter.narrowed(), shown.Filter.Before != ""
	if found.Next != "" {
		shown.Next = shown.Filter.address("before", found.Next)
	}
	if !shown.Later {
		shown.Live = shown.Filter.live(p.Now())
	}
	for _, class := range statusClasses {
		shown.Classes = append(shown.Classes, class.choice)
	}
	if query.StatusFrom > 0 && query.StatusFrom == query.StatusTo {
		shown.Classes = append(shown.Classes, choice{shown.Filter.Status, shown.Filter.Status + ", " + statusMeaning(query.StatusFrom)})
	}
	if shown.Session, err = p.sessionNamed(ctx, shown.Filter.Q); err != nil {
		return err
	}
	if (shown.Filter == filter{Merchant: shown.Filter.Merchant}) {
		if shown.Repeats, err = p.repeats(ctx, shown.Filter.Merchant); err != nil {
			return err
		}
	}
	shown.Curl = p.firstRequest()
	return p.show(w, http.StatusOK, "logs", page{Title: "Logs", Current: "logs", Query: shown.Filter.Q, Body: &shown})
}

// exactly is the one exchange that a search for an id leads to.
func exactly(f *filter, found *requestlog.Page) (correlationID string, ok bool) {
	if f.Q == "" || len(found.Exchanges) == 0 || f.Before != "" {
		return "", false
	}
	for i := range found.Exchanges {
		if found.Exchanges[i].CorrelationID == f.Q {
			return f.Q, true
		}
	}
	// An order or a reference may lead to one too; words are a list.
	alone := len(found.Exchanges) == 1 && found.Next == "" && !found.Partial
	return found.Exchanges[0].CorrelationID, alone && len(f.Q) >= 8 && !strings.ContainsAny(f.Q, " =@")
}

func rowOf(e *requestlog.Exchange, now time.Time) logRow {
	row := logRow{Exchange: *e, Direction: direction(e)}
	if day := e.At.UTC().Format("2 Jan"); day != now.UTC().Format("2 Jan") {
		row.Day = day
	}
	if o := timeline.OutcomeOf(e); o.Bad {
		row.Why = o.Says
	}
	if timeline.Failed(e) {
		row.Why = timeline.Headline(e, e.Violations)
	}
	return row
}

// sessionNamed is the session of an id that somebody searched for.
func (p *portal) sessionNamed(ctx context.Context, text string) (sessionID string, err error) {
	if len(text) != idLength {
		return "", nil
	}
	if _, err := p.Sessions.Session(ctx, text); err == nil {
		return text, nil
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	for _, find := range []func(context.Context, string) (string, error){p.Sessions.SessionOfOrder, p.Sessions.SessionOfAuthorization} {
		sessionID, err := find(ctx, text)
		if !errors.Is(err, store.ErrNotFound) {
			return sessionID, err
		}
	}
	return "", nil
}
