package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// This file says what came of an exchange beyond its status: a denial, a misuse
// of the SDK and a wrong user name are a 200, a 204 and a 404 like others.

// browserOutcome is what a page, or its stand-in, was told.
type browserOutcome struct {
	Says  string   // in a sentence; empty of other exchanges
	Bad   bool     // nobody hopes for it
	Notes []string // what the developer of the page was told
}

// browserAnswer is the part of an answer to a browser's call that is looked at.
type browserAnswer struct {
	browserResult                // of the stand-in
	Result        *browserResult // of a page
	Notes         []string
	Ask           *struct{ Step string }
}

type browserResult struct {
	ShowForm         *bool `json:"show_form"`
	Approved         *bool
	FinalizeRequired bool `json:"finalize_required"`
	Error            struct {
		InvalidFields []string `json:"invalid_fields"`
	}
}

// browserEvent is what a page told of itself.
type browserEvent struct {
	Event  string
	Detail struct{ Call, Error, Message string }
}

// outcomeOf reads what a browser's call ended as. What cannot be read says nothing.
func outcomeOf(e *requestlog.Exchange) (o browserOutcome) {
	if event, ok := strings.CutPrefix(e.Operation, "browser_event_"); ok {
		var told browserEvent
		if event != "misuse" && event != "failure" || json.Unmarshal(e.RequestBody, &told) != nil {
			return o
		}
		o.Bad = true
		o.Says = strings.TrimSuffix("The page "+map[string]string{"misuse": "misused the SDK", "failure": "met a failure"}[event]+": "+
			strings.Join(filled(told.Detail.Call, told.Detail.Error, told.Detail.Message), ": "), ": ")
		return o
	}
	if actor := actorOf(e.Operation); actor != actorBrowser && actor != actorStandIn || e.Status != 200 {
		return o
	}
	var answer browserAnswer
	if json.Unmarshal(e.ResponseBody, &answer) != nil {
		return o
	}
	o.Notes = answer.Notes
	result := &answer.browserResult
	if answer.Result != nil {
		result = answer.Result
	}
	if answer.Ask != nil {
		o.Says = "The customer is asked: " + answer.Ask.Step + "."
		return o
	}
	o.Says, o.Bad = result.says()
	return o
}

// says is a result in a sentence.
func (r *browserResult) says() (text string, bad bool) {
	shown := r.ShowForm != nil && *r.ShowForm
	switch {
	case len(r.Error.InvalidFields) > 0:
		return "Invalid, for the customer to mend: " + strings.Join(r.Error.InvalidFields, ", ") + ".", true
	case r.Approved == nil && r.ShowForm == nil:
		return "", false
	case r.Approved == nil && shown:
		return "The widget can be shown.", false
	case r.Approved == nil:
		return "The widget is not to be shown (show_form: false).", true
	case *r.Approved && r.FinalizeRequired:
		return "Approved; there is a token after finalize.", false
	case *r.Approved:
		return "Approved.", false
	case shown:
		return "Not approved, and the customer may try again (show_form: true).", true
	default:
		return "Denied: offer another way to pay (approved: false, show_form: false).", true
	}
}

func filled(texts ...string) (left []string) {
	for _, text := range texts {
		if text != "" {
			left = append(left, text)
		}
	}
	return left
}

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
func (p *portal) effect(ctx context.Context, e *requestlog.Exchange) (*entry, error) {
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

func (p *portal) effectOf(ctx context.Context, e *requestlog.Exchange, made *store.Revision) (*entry, error) {
	s := step{revision: made.Session.Revision, event: made.Event}
	if s.revision > 1 {
		before, err := p.Sessions.Revisions(ctx, e.SessionID, 1, s.revision-1)
		if err != nil {
			return nil, err
		}
		if len(before) == 1 {
			older, newer := propertiesOf(&before[0].Session.Content), propertiesOf(&made.Session.Content)
			s.changes = changesBetween(&older, &newer)
		}
	}
	changed := entry{At: e.At}
	changed.changed(&s)
	return &changed, nil
}
