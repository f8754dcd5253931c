package portal

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/wire"
)

// corrected is the body of a refused create or update as it would be right, and
// the violations as they are to be told beside it; "" where more than arithmetic
// is wrong.
func (p *portal) corrected(ctx context.Context, e *requestlog.Exchange) (text string, violations []checkout.Violation) {
	violations = slices.Clone(e.Violations)
	if len(violations) == 0 || !patches(e.Operation) {
		return "", violations
	}
	request, err := wire.DecodeRequest(e.RequestBody)
	if err != nil {
		return "", violations
	}
	var base checkout.Content
	if e.Operation == "update_session" {
		revision, err := p.revisionBefore(ctx, e)
		if err != nil {
			return "", violations // told without it
		}
		base = revision.Session.Content
	}
	merged := base.Merge(request.Content)
	advised := slices.Clone(violations)
	body, ok := wire.Corrected(e.RequestBody, &request, checkout.Advise(&merged, advised))
	if !ok {
		return "", violations
	}
	pretty := jsontext.Value(body)
	if err := pretty.Indent(jsontext.WithIndent("  ")); err != nil {
		return "", violations
	}
	return string(pretty), advised
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

// revisionBefore is what the session was when the request came: the newest
// revision that an earlier request made. The clock of a playground may be
// anywhere, so the times compared are those of the correlation ids.
func (p *portal) revisionBefore(ctx context.Context, e *requestlog.Exchange) (store.Revision, error) {
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
	return store.Revision{}, errNoRevision
}

var errNoRevision = errors.New("portal: no earlier revision of the session")
