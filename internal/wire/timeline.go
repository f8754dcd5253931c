package wire

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Timeline is the life of a session.
type Timeline struct {
	Session *checkout.Session
	Now     time.Time // on the merchant's clock
	Older   bool      // there are earlier changes, which are not shown
	Events  []TimelineEvent
	Refused []RefusedOrder
}

// TimelineEvent is an exchange, a change, or both. Empty is left out.
type TimelineEvent struct {
	At, MerchantTime         time.Time
	Cause, Operation         string
	CorrelationID            string
	Logged                   bool // status and duration are known
	Status                   int
	Duration                 time.Duration
	Reason, Outcome          string
	Notes                    []string
	OrderID                  string
	Revision                 int64
	Event, Decision, Person  string
	Token                    string
	AssessmentID, Assessment string // id and outcome
	Changes                  []TimelineChange
	MoreChanges              int
	Warnings                 []string
}

// TimelineChange is a property that became another, as JSON; an empty side is an
// absent one.
type TimelineChange struct{ Path, Old, New string }

// RefusedOrder is an order that was not what was approved.
type RefusedOrder struct {
	CorrelationID string
	At            time.Time
	Reason, Mend  string
	Rows          []RefusedRow
}

// RefusedRow is a property of it, thrice. Values are as JSON, or words.
type RefusedRow struct {
	Path, Approved, Session, Order string
	ApprovedBy                     checkout.Origin
	Follows                        bool // the order is what the session is
}

// AppendTimeline writes the answer of read session timeline.
func AppendTimeline(dst []byte, t *Timeline) []byte {
	w := writer{buf: dst}
	s := t.Session
	w.open('{')
	w.text("session_id", s.ID)
	w.text("merchant_id", s.MerchantID)
	w.integer("revision", s.Revision)
	switch {
	case s.Complete():
		w.text("status", "complete")
		w.text("order_id", s.Order.ID)
	case s.Expired(t.Now):
		w.text("status", "expired")
	default:
		w.text("status", "incomplete")
	}
	w.timestamp("created_at", s.CreatedAt)
	w.timestamp("expires_at", s.ExpiresAt)
	w.optional("purchase_country", s.Content.PurchaseCountry)
	w.optional("purchase_currency", s.Content.PurchaseCurrency)
	w.optionalInteger("order_amount", s.Content.OrderAmount)
	if a := s.Authorization; a != nil {
		w.key("authorization")
		w.open('{')
		w.filled("authorization_token", a.Token)
		w.text("state", string(a.State))
		w.integer("revision", a.Revision)
		if a.Token != "" {
			w.timestamp("expires_at", a.ExpiresAt)
		}
		w.close('}')
	}
	w.boolean("older_left_out", t.Older)
	writeList(&w, "timeline", t.Events, w.timelineEvent)
	writeList(&w, "refused_orders", t.Refused, w.refusedOrder)
	w.close('}')
	return w.buf
}

func (w *writer) timelineEvent(e *TimelineEvent) {
	w.open('{')
	w.timestamp("at", e.At)
	if !e.MerchantTime.IsZero() {
		w.timestamp("merchant_time", e.MerchantTime)
	}
	w.text("cause", e.Cause)
	w.text("operation", e.Operation)
	w.text("correlation_id", e.CorrelationID)
	if e.Logged {
		w.integer("status", int64(e.Status))
		w.milliseconds("duration_ms", e.Duration)
	}
	w.filled("reason", e.Reason)
	w.filled("outcome", e.Outcome)
	if len(e.Notes) > 0 {
		w.texts("notes", e.Notes)
	}
	w.filled("order_id", e.OrderID)
	if e.Revision > 0 {
		w.integer("revision", e.Revision)
		w.text("event", e.Event)
	}
	w.filled("decision", e.Decision)
	w.filled("person", e.Person)
	w.filled("authorization_token", e.Token)
	if e.AssessmentID != "" {
		w.key("assessment")
		w.open('{')
		w.text("assessment_id", e.AssessmentID)
		w.text("outcome", e.Assessment)
		w.close('}')
	}
	writeList(w, "changes", e.Changes, func(c *TimelineChange) {
		w.open('{')
		w.text("path", c.Path)
		w.filled("old", c.Old)
		w.filled("new", c.New)
		w.close('}')
	})
	if e.MoreChanges > 0 {
		w.integer("more_changes", int64(e.MoreChanges))
	}
	w.texts("warnings", e.Warnings)
	w.close('}')
}

func (w *writer) refusedOrder(r *RefusedOrder) {
	w.open('{')
	w.text("correlation_id", r.CorrelationID)
	w.timestamp("at", r.At)
	w.text("reason", r.Reason)
	w.filled("mend", r.Mend)
	writeList(w, "differences", r.Rows, func(row *RefusedRow) {
		w.open('{')
		w.text("path", row.Path)
		w.text("approved", row.Approved)
		w.filled("session", row.Session)
		w.text("order", row.Order)
		w.boolean("order_follows_session", row.Follows)
		w.origin("approved_by", row.ApprovedBy)
		w.close('}')
	})
	w.close('}')
}
