package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// exchangePage is an exchange with all that helps to understand it.
type exchangePage struct {
	requestlog.Exchange
	Name       string // of the operation, for people, as a heading
	Ago        string
	Direction  string // Incoming or Outgoing, as the original's portal has it: outgoing is from the shop to the server
	Headline   string // why, in one sentence
	Advice     string // what to do where no rule says it
	Said       string // what the answer said
	Known      []circumstance
	Outcome    timeline.Outcome
	Effect     *timeline.Entry // the change it made to its session; nil for none
	Decided    *decided        // likewise, the assessment
	Violations []violationView
	Mismatch   *mismatch // the same as a comparison, for an order that is not what was approved
	More       int       // violations beyond those shown
	Request    listing
	Response   listing
	Corrected  *correction // nil when it is not known
	Around     []around
	Before     int // exchanges of the session that are not shown
	After      int
	Copies     copies
}

// violationView is one broken rule, in words.
type violationView struct {
	Number         int
	Path           string
	Rule, Title    string
	Sent, Expected string
	Nothing        bool // it was not sent
	Hint           string
	Mend           string
	SentBy         checkout.Origin
	ExpectedBy     checkout.Origin
	InBody         bool // the body has a place for it
}

// around is an exchange of the same session.
type around struct {
	requestlog.Exchange
	This bool
}

const (
	violationsShown = 50
	aroundShown     = 4 // exchanges of the session on either side
	sessionMax      = 500
	searchFew       = 20
)

// find looks an exchange up by its correlation id, whoever's it is.
func (p *portal) find(ctx context.Context, correlationID string) (requestlog.Exchange, error) {
	unknown := &missing{What: "exchange", ID: correlationID, Advice: "Exchanges are kept until they are deleted for their age or size (see the data directory of this server). " +
		"An id of another server, or one that was mistyped, is not here. A request without valid credentials belongs to nobody and is found by its id alone."}
	if correlationID == "" || len(correlationID) > textMax {
		return requestlog.Exchange{}, unknown
	}
	found, err := p.Log.Search(ctx, requestlog.Query{AllMerchants: true, Text: correlationID, Limit: searchFew})
	if err != nil {
		return requestlog.Exchange{}, err
	}
	for _, e := range found.Exchanges {
		if e.CorrelationID != correlationID {
			continue
		}
		whole, err := p.Log.Find(ctx, e.MerchantID, correlationID) // a list may leave bodies out
		if errors.Is(err, requestlog.ErrNotFound) {
			return requestlog.Exchange{}, unknown // deleted just now
		}
		return whole, err
	}
	return requestlog.Exchange{}, unknown
}

// textMax bounds what is searched for, in bytes.
const textMax = 500

func (p *portal) exchange(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, archived := strings.CutSuffix(r.PathValue("correlation_id"), ".har")
	e, err := p.find(ctx, id)
	if err != nil {
		return err
	}
	if archived {
		return p.har(w, &e)
	}
	shown := exchangePage{Exchange: e, Name: heading(readable(e.Operation)), Ago: ago(e.At, p.Now()), Direction: direction(&e)}
	corrected, violations := p.corrected(ctx, &e)
	shown.Corrected = corrected
	shown.explain(violations)
	if e.Status == http.StatusUnauthorized && p.Next == nil {
		shown.Advice = "Send HTTP Basic credentials: a user name and the password that was shown when the key was made."
	}
	if err := p.explainMore(ctx, &shown); err != nil {
		return err
	}
	if timeline.IsMismatch(&e) {
		if err := p.compare(ctx, &shown); err != nil {
			return err
		}
	}
	if shown.Around, shown.Before, shown.After, err = p.around(ctx, &e); err != nil {
		return err
	}
	if shown.Copies, err = p.copies(ctx, &e); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "exchange", page{Title: fmt.Sprintf("%d %s", e.Status, shown.Name), Current: "logs", Body: &shown})
}

// explainMore adds what the server knows beside the violations.
func (p *portal) explainMore(ctx context.Context, x *exchangePage) (err error) {
	x.Outcome = timeline.OutcomeOf(&x.Exchange)
	if x.Known, err = p.circumstances(ctx, &x.Exchange); err != nil {
		return err
	}
	if x.Effect, err = p.effect(ctx, &x.Exchange); err != nil || x.SessionID == "" {
		return err
	}
	assessed, err := p.decidedIn(ctx, x.MerchantID, x.SessionID)
	x.Decided = assessed[x.CorrelationID]
	return err
}

// direction is who called whom, in the words of the original's portal.
func direction(e *requestlog.Exchange) string {
	if strings.HasSuffix(e.Operation, "_callback") {
		return "Incoming"
	}
	return "Outgoing"
}

// explain fills in what the violations say, and writes them into the body.
func (x *exchangePage) explain(violations []checkout.Violation) {
	x.Said = strings.Join(x.ErrorMessages, "; ")
	x.Headline, x.Advice = timeline.Headline(&x.Exchange, violations), advice(&x.Exchange)
	var notes []note
	for i := range violations[:min(len(violations), violationsShown)] {
		v := viewOf(i+1, &violations[i])
		x.Violations = append(x.Violations, v)
		text := "expected " + v.Expected
		if v.Nothing {
			text = "is missing: " + text
		}
		notes = append(notes, note{Path: v.Path, Anchor: "request-v" + strconv.Itoa(v.Number), Link: "v" + strconv.Itoa(v.Number), Text: text})
	}
	x.More = len(violations) - len(x.Violations)
	if x.Corrected != nil {
		for _, c := range x.Corrected.Also {
			notes = append(notes, note{Path: c.Path, Text: "becomes " + c.New + " then"})
		}
	}
	x.Request = listBody("request", "Request body", x.RequestBody, notes)
	x.Response = listBody("response", "Answer", x.ResponseBody, nil)
	if number, column, what, ok := malformation(x.RequestBody); ok && x.Refused() && !x.Request.JSON {
		for i := range x.Request.Lines {
			if x.Request.Lines[i].Number == number {
				x.Request.Lines[i].Notes = []note{{Anchor: "request-v1", Text: "column " + strconv.Itoa(column) + ": " + what}}
			}
		}
		x.Headline = fmt.Sprintf("The body is not JSON: line %d, column %d: %s.", number, column, what)
	}
	x.Request.Empty, x.Response.Empty = emptiness(&x.Exchange, "It was sent without a body."), emptiness(&x.Exchange, "It has no body.")
	inBody := x.Request.anchors()
	for i := range x.Violations {
		x.Violations[i].InBody = inBody["request-v"+strconv.Itoa(x.Violations[i].Number)]
	}
}

// compare lays a refused order beside what was approved and what the session was.
func (p *portal) compare(ctx context.Context, x *exchangePage) error {
	var then *checkout.Content
	revision, err := p.revisionBefore(ctx, &x.Exchange)
	switch {
	case err == nil:
		then = &revision.Session.Content
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	made, ok := mismatchOf(x.Exchange.Violations, then, "Session then")
	if !ok {
		return nil
	}
	for i := range made.Rows {
		made.Rows[i].InBody = x.Violations[i].InBody
	}
	x.Mismatch = &made
	return nil
}

func emptiness(e *requestlog.Exchange, nothing string) string {
	if e.Shed {
		return "It was not kept: the server was under overload, or the page had made many calls."
	}
	return nothing
}

// anchors are the notes that found their place.
func (l *listing) anchors() map[string]bool {
	found := map[string]bool{}
	for i := range l.Lines {
		for _, n := range l.Lines[i].Notes {
			found[n.Anchor] = true
		}
	}
	return found
}

func viewOf(number int, v *checkout.Violation) violationView {
	return violationView{
		Number: number, Path: v.Path, Rule: string(v.Rule), Title: ruleTitles[v.Rule], Sent: timeline.SentText(v), Expected: timeline.ExpectedText(v),
		Nothing: v.Sent == nil, Hint: v.Hint, Mend: ruleMend(v.Rule), SentBy: v.SentBy, ExpectedBy: v.ExpectedBy,
	}
}

// advices are what to do about refusals that no rule explains, by status.
var advices = map[int]string{
	401: "Send HTTP Basic credentials. Here any user name is let in, as a merchant of its own, with any password but \"invalid\".",
	403: "Ask what became of the token: the session's page shows every step it took.",
	404: "An id belongs to one merchant: the same user name that made the session has to ask for it. A session ends 48 hours after its last update, a token after an hour.",
	405: "Look at the method: the protocol creates and updates with POST.",
	413: "A body has at most 1 MiB.",
	415: "Send Content-Type: application/json.",
	429: "Wait as long as Retry-After says, then send it again.",
	503: "Send it again after Retry-After: nothing was changed.",
}

func advice(e *requestlog.Exchange) string {
	if len(e.Violations) > 0 || !e.Refused() {
		return ""
	}
	return advices[e.Status]
}

// around are the exchanges of the same session, those next to this one.
func (p *portal) around(ctx context.Context, e *requestlog.Exchange) (shown []around, before, after int, err error) {
	if e.SessionID == "" {
		return nil, 0, 0, nil
	}
	all, err := p.Log.OfSession(ctx, e.MerchantID, e.SessionID, requestlog.Bounds{Count: sessionMax, Body: 1, Bodies: 1})
	if err != nil {
		return nil, 0, 0, err
	}
	at := -1
	for i := range all {
		if all[i].CorrelationID == e.CorrelationID {
			at = i
		}
	}
	if at < 0 {
		return nil, 0, 0, nil
	}
	from, to := max(0, at-aroundShown), min(len(all), at+aroundShown+1)
	for i := from; i < to; i++ {
		shown = append(shown, around{all[i], i == at})
	}
	return shown, from, len(all) - to, nil
}

func (p *portal) requestBody(w http.ResponseWriter, r *http.Request) error {
	return p.body(w, r, "request")
}

func (p *portal) responseBody(w http.ResponseWriter, r *http.Request) error {
	return p.body(w, r, "response")
}

// body sends a body as it is kept, to be saved and never to be shown.
func (p *portal) body(w http.ResponseWriter, r *http.Request, which string) error {
	e, err := p.find(r.Context(), r.PathValue("correlation_id"))
	if err != nil {
		return err
	}
	content := e.RequestBody
	if which == "response" {
		content = e.ResponseBody
	}
	download(w, "application/octet-stream", e.CorrelationID+"-"+which+".json", content)
	return nil
}

// download sends a file to be saved.
func download(w http.ResponseWriter, contentType, name string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(content) // a browser that is gone misses nothing
}
