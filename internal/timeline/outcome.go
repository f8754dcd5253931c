package timeline

import (
	"encoding/json"
	"strings"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// This file says what came of an exchange beyond its status: a denial and a misuse of
// the SDK are a 200 and a 204 like others.

// Outcome is what a page, or its stand-in, was told.
type Outcome struct {
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

// OutcomeOf reads what a browser's call ended as. What cannot be read says nothing.
func OutcomeOf(e *requestlog.Exchange) (o Outcome) {
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
	if actor := actorOf(e.Operation); actor != ActorBrowser && actor != ActorStandIn || e.Status != 200 {
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
