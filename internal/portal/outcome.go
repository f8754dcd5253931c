package portal

import (
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// circumstance is something that the server knows and the answer does not say.
type circumstance struct{ Text, SessionID string }

// circumstances explain a 403 or a 404 by what is known of the session and the
// token, whoever's they are.
func (p *portal) circumstances(ctx context.Context, e *requestlog.Exchange) (found []circumstance, err error) {
	if e.Status != 403 && e.Status != 404 || e.SessionID == "" && e.AuthorizationToken == "" {
		return nil, nil
	}
	add := func(sessionID, format string, values ...any) {
		found = append(found, circumstance{fmt.Sprintf(format, values...), sessionID})
	}
	id, named := e.SessionID, "session"
	if e.AuthorizationToken != "" {
		named = "token"
		id, err = p.Sessions.SessionOfAuthorization(ctx, e.AuthorizationToken)
	}
	var session checkout.Session
	if err == nil {
		session, err = p.Sessions.Session(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		if p.viewer.OfOperator() {
			add("", "This server knows no such %s, of any merchant: it was made by another server, or with another data directory, or is deleted by now.", named)
		} else { // what others have is nobody else's to know
			add("", "This server knows no such %s of yours: it was made with other credentials, by another server, or is deleted by now.", named)
		}
		return found, nil
	} else if err != nil {
		return nil, err
	}
	if session.MerchantID != e.MerchantID {
		add(id, "The %s belongs to the merchant %q, and the request came as %q: sign in with the user name that made the session.", named, session.MerchantID, e.MerchantID)
		return found, nil
	}
	now, err := p.Clock.Now(ctx, session.MerchantID)
	if err != nil {
		return nil, err
	}
	if a := session.Authorization; e.AuthorizationToken != "" && a != nil {
		if a.Token != e.AuthorizationToken {
			add(id, "The token was replaced at revision %d by %s.", a.Revision, a.Token)
		}
		add(id, "The newest authorization is %s.", tokenOf(&session, now).Says)
	}
	return found, nil
}

// effect is the change that an exchange made to its session; nil when it made none.
func (p *portal) effect(ctx context.Context, e *requestlog.Exchange) (*timeline.Entry, error) {
	if e.SessionID == "" || e.Status < 200 || e.Status > 299 || e.Method == "GET" {
		return nil, nil
	}
	upTo := int64(0)
	for range revisionsBefore / revisionsAtOnce {
		revisions, err := p.Sessions.Revisions(ctx, e.SessionID, revisionsAtOnce, upTo)
		if errors.Is(err, store.ErrNotFound) || err == nil && len(revisions) == 0 {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		for i := range revisions {
			if revisions[i].Event.CorrelationID == e.CorrelationID {
				return p.effectOf(ctx, e, &revisions[i])
			}
		}
		if upTo = revisions[0].Session.Revision - 1; upTo < 1 {
			break
		}
	}
	return nil, nil
}

func (p *portal) effectOf(ctx context.Context, e *requestlog.Exchange, made *store.Revision) (*timeline.Entry, error) {
	var before []store.Revision
	var err error
	if made.Session.Revision > 1 {
		if before, err = p.Sessions.Revisions(ctx, e.SessionID, 1, made.Session.Revision-1); err != nil {
			return nil, err
		}
	}
	changed := timeline.Effect(e.At, before, made)
	return &changed, nil
}
