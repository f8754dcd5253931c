package portal

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
	"github.com/kvitto/kvitto/internal/wire"
)

// correction is a body as it would be right.
type correction struct {
	text []byte // compact
	Body listing
	Also []timeline.Change // what changes beside the values that were blamed
}

// corrected is the body of a refused create or update as it would be right, and
// the violations as they are to be told beside it; nil where more than
// arithmetic is wrong.
func (p *portal) corrected(ctx context.Context, e *requestlog.Exchange) (made *correction, violations []checkout.Violation) {
	violations = slices.Clone(e.Violations)
	if len(violations) == 0 || !patches(e.Operation) {
		return nil, violations
	}
	request, err := wire.DecodeRequest(e.RequestBody)
	if err != nil {
		return nil, violations
	}
	var base checkout.Content
	if e.Operation == "update_session" {
		revision, err := p.revisionBefore(ctx, e)
		if err != nil {
			return nil, violations // told without it
		}
		base = revision.Session.Content
	}
	merged := base.Merge(request.Content)
	advised := slices.Clone(violations)
	corrections := checkout.Advise(&merged, advised)
	body, ok := wire.Corrected(e.RequestBody, &request, corrections)
	if !ok {
		return nil, violations
	}
	made = &correction{text: body, Body: listBody("corrected", "The body, corrected", body, nil)}
	made.mark(corrections, violations, timeline.PropertiesOf(&request.Content))
	return made, advised
}

// mark shows what is another now, and gathers what nobody was blamed for.
func (c *correction) mark(corrections []checkout.Correction, blamed []checkout.Violation, sent timeline.Properties) {
	for _, one := range corrections {
		for i := range c.Body.Lines {
			if c.Body.Lines[i].path == one.Path {
				c.Body.Lines[i].Changed = true
			}
		}
		if !slices.ContainsFunc(blamed, func(v checkout.Violation) bool { return v.Path == one.Path }) {
			c.Also = append(c.Also, timeline.Change{Path: one.Path, Old: sent.At(one.Path), New: strconv.FormatInt(one.Value, 10)})
		}
	}
}

// correctedBody sends it to be saved.
func (p *portal) correctedBody(w http.ResponseWriter, r *http.Request) error {
	e, err := p.find(r.Context(), r.PathValue("correlation_id"))
	if err != nil {
		return err
	}
	made, _ := p.corrected(r.Context(), &e)
	if made == nil {
		return &missing{What: "corrected body", ID: e.CorrelationID, Advice: "Only a body that is wrong in nothing but its arithmetic can be corrected."}
	}
	download(w, "application/octet-stream", e.CorrelationID+"-corrected.json", []byte(indented(made.text)))
	return nil
}

// patches tells whether the body of an operation is the content of a session.
func patches(operation string) bool {
	return operation == "create_session" || operation == "browser_create_session" || operation == "update_session"
}

// The history that is looked at for one exchange.
const (
	revisionsAtOnce = 8 // states in memory at a time
	revisionsBefore = 64
)

// lastBefore is what revisionBefore found last: several parts of a page ask.
type lastBefore struct {
	sessionID, correlationID string
	revision                 store.Revision
	err                      error
}

// revisionBefore is what the session was when the request came: the newest
// revision that an earlier request made, store.ErrNotFound when there is none.
func (p *portal) revisionBefore(ctx context.Context, e *requestlog.Exchange) (store.Revision, error) {
	if last := p.before; last != nil && last.sessionID == e.SessionID && last.correlationID == e.CorrelationID {
		return last.revision, last.err
	}
	revision, err := p.readBefore(ctx, e)
	p.before = &lastBefore{e.SessionID, e.CorrelationID, revision, err}
	return revision, err
}

// readBefore walks the history back. The clock of a playground may be anywhere, so
// the times compared are those of the correlation ids.
func (p *portal) readBefore(ctx context.Context, e *requestlog.Exchange) (store.Revision, error) {
	upTo := int64(0)
	for range revisionsBefore / revisionsAtOnce {
		revisions, err := p.Sessions.Revisions(ctx, e.SessionID, revisionsAtOnce, upTo)
		if err != nil {
			return store.Revision{}, err
		}
		for i := len(revisions) - 1; i >= 0; i-- {
			made, ok := identifier.Time(revisions[i].Event.CorrelationID)
			if revisions[i].Session.MerchantID == e.MerchantID && ok && made.Before(e.At) && revisions[i].Event.CorrelationID != e.CorrelationID {
				return revisions[i], nil
			}
		}
		if len(revisions) == 0 || revisions[0].Session.Revision <= 1 {
			break
		}
		upTo = revisions[0].Session.Revision - 1
	}
	return store.Revision{}, store.ErrNotFound
}
