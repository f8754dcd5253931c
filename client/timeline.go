package client

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Timeline is what happened to a payment.
type Timeline struct {
	Answer
	SessionID     string                 `json:"session_id"`
	MerchantID    string                 `json:"merchant_id"`
	Revision      int64                  `json:"revision"` // the newest
	Status        string                 `json:"status"`   // incomplete, expired or complete
	OrderID       string                 `json:"order_id"` // of a complete one
	CreatedAt     time.Time              `json:"created_at"`
	ExpiresAt     time.Time              `json:"expires_at"`
	Country       string                 `json:"purchase_country"`
	Currency      string                 `json:"purchase_currency"`
	OrderAmount   int64                  `json:"order_amount"` // minor units
	Authorization *TimelineAuthorization `json:"authorization"`
	OlderLeftOut  bool                   `json:"older_left_out"` // there are earlier changes
	Events        []TimelineEvent        `json:"timeline"`       // oldest first
	RefusedOrders []RefusedOrder         `json:"refused_orders"` // the newest first, at most 3
}

// TimelineAuthorization is the newest authorization.
type TimelineAuthorization struct {
	Token     string    `json:"authorization_token"` // empty before finalize and after a denial
	State     string    `json:"state"`               // preliminary, live, denied, released, ordered
	Revision  int64     `json:"revision"`            // that the customer approved
	ExpiresAt time.Time `json:"expires_at"`
}

// TimelineEvent is an exchange, the change it made, or both.
type TimelineEvent struct {
	At            time.Time        `json:"at"`
	MerchantTime  time.Time        `json:"merchant_time"` // zero where it is the same
	Cause         string           `json:"cause"`         // server, browser, stand-in for the browser, callback, reviewer
	Operation     string           `json:"operation"`
	CorrelationID string           `json:"correlation_id"`
	Status        int              `json:"status"`      // 0 where the exchange is not in the log
	Milliseconds  float64          `json:"duration_ms"` // likewise
	Reason        string           `json:"reason"`      // of a refusal
	Outcome       string           `json:"outcome"`     // of a browser's call
	Notes         []string         `json:"notes"`       // what the developer of the page was told
	OrderID       string           `json:"order_id"`
	Revision      int64            `json:"revision"` // that it made; 0 for none
	Event         string           `json:"event"`    // of that revision
	Decision      string           `json:"decision"` // where it is for you
	Person        string           `json:"person"`   // likewise: who reviewed
	Token         string           `json:"authorization_token"`
	Assessment    *EventAssessment `json:"assessment"` // nil for none
	Changes       []TimelineChange `json:"changes"`
	MoreChanges   int              `json:"more_changes"`
	Warnings      []string         `json:"warnings"`
}

// EventAssessment is the assessment of a call; Client.Assessment has all of it.
type EventAssessment struct {
	ID      string `json:"assessment_id"`
	Outcome string `json:"outcome"`
}

// TimelineChange is a property that became another. Values are JSON; an empty side
// is an absent one.
type TimelineChange struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// RefusedOrder is an order that was not what the customer approved.
type RefusedOrder struct {
	CorrelationID string            `json:"correlation_id"`
	At            time.Time         `json:"at"`
	Reason        string            `json:"reason"`
	Mend          string            `json:"mend"` // what to do; may be empty
	Differences   []OrderDifference `json:"differences"`
}

// OrderDifference is one property of it, as it was approved, as the session has it
// now, and as the order had it: JSON, or words.
type OrderDifference struct {
	Path                string `json:"path"`
	Approved            string `json:"approved"`
	Session             string `json:"session"` // empty where it has no part in it
	Order               string `json:"order"`
	OrderFollowsSession bool   `json:"order_follows_session"`
}

// Timeline returns what happened to a session, also to one that has expired.
func (c *Client) Timeline(ctx context.Context, sessionID string) (Timeline, error) {
	var answer Timeline
	err := c.do(ctx, call{operation: "read session timeline", method: http.MethodGet,
		path: "/kvitto/v1/sessions/{id}/timeline", id: sessionID}, &answer)
	return answer, err
}

// String tells it in lines, with what to beware of and orders that were refused. It
// ends with a newline and has no control characters in its lines.
func (t Timeline) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "session %s: %s\n", clean(t.SessionID), clean(t.Status))
	fmt.Fprintf(&b, "%d.%02d %s, %s, merchant %s\n", t.OrderAmount/100, t.OrderAmount%100, clean(t.Currency), clean(t.Country), clean(t.MerchantID))
	if t.OrderID != "" {
		fmt.Fprintf(&b, "order %s\n", clean(t.OrderID))
	} else {
		fmt.Fprintf(&b, "ends %s\n", moment(t.ExpiresAt))
	}
	if a := t.Authorization; a != nil {
		fmt.Fprintf(&b, "authorization %s, of revision %d", clean(a.State), a.Revision)
		if a.Token != "" {
			fmt.Fprintf(&b, ": %s", clean(a.Token))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	if t.OlderLeftOut {
		b.WriteString("earlier changes are left out\n")
	}
	for i := range t.Events {
		t.Events[i].write(&b)
	}
	for i := range t.RefusedOrders {
		t.RefusedOrders[i].write(&b)
	}
	return b.String()
}

const eventIndent = "    "

func (e *TimelineEvent) write(b *strings.Builder) {
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf(" %d", e.Status)
	}
	fmt.Fprintf(b, "%s  %s: %s%s", moment(e.At), clean(e.Cause), clean(e.Operation), status)
	if e.Revision > 0 {
		fmt.Fprintf(b, ", revision %d: %s", e.Revision, clean(strings.ReplaceAll(e.Event, "_", " ")))
	}
	fmt.Fprintf(b, "\n%s%s\n", eventIndent, clean(e.CorrelationID))
	said := func(lead, text string) {
		if text != "" {
			b.WriteString(wrapped(eventIndent+lead, eventIndent+"  ", clean(text)))
		}
	}
	if !e.MerchantTime.IsZero() {
		said("on the merchant's clock ", moment(e.MerchantTime))
	}
	said("", e.Reason)
	said("", e.Outcome)
	for _, note := range e.Notes {
		said("note: ", note)
	}
	if e.Person != "" {
		said("by ", e.Person)
	}
	said("decided: ", e.Decision)
	if e.Assessment != nil {
		said("assessment ", e.Assessment.ID+": "+e.Assessment.Outcome)
	}
	said("token ", e.Token)
	said("order ", e.OrderID)
	for _, c := range e.Changes {
		said("", c.String())
	}
	if e.MoreChanges > 0 {
		said("", fmt.Sprintf("and %d more changes", e.MoreChanges))
	}
	for _, warning := range e.Warnings {
		said("! ", warning)
	}
}

// String is the change in words.
func (c TimelineChange) String() string {
	switch {
	case c.Old == "":
		return c.Path + ": new, " + c.New
	case c.New == "":
		return c.Path + ": " + c.Old + ", taken away"
	default:
		return c.Path + ": " + c.Old + " -> " + c.New
	}
}

func (r *RefusedOrder) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nrefused order, %s\n%s%s\n", moment(r.At), eventIndent, clean(r.CorrelationID))
	b.WriteString(wrapped(eventIndent, eventIndent, clean(r.Reason)))
	if r.Mend != "" {
		b.WriteString(wrapped(eventIndent+"what to do: ", eventIndent+"  ", clean(r.Mend)))
	}
	for _, d := range r.Differences {
		fmt.Fprintf(b, "%s%s\n", eventIndent, clean(d.Path))
		rows := [][2]string{{"approved", d.Approved}, {"session ", d.Session}, {"order   ", d.Order}}
		for _, row := range rows {
			if row[1] != "" {
				b.WriteString(wrapped(eventIndent+"  "+row[0]+"  ", eventIndent+"            ", clean(row[1])))
			}
		}
	}
}
