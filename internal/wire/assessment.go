package wire

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Assessment is a run of the risk rules as Kvitto's own interface shows it.
type Assessment struct {
	ID, SessionID, CorrelationID string
	Revision                     int64 // of the session, that it led to; 0 when it changed nothing
	At                           time.Time
	Call                         string
	RuledBy
	Review   checkout.ReviewTerms
	Duration time.Duration
	Steps    []AssessmentStep

	// What it looked at.
	Content           []byte // JSON; empty when there was none
	Login, Device, IP string
	Changes           int64
	CreatedAt         time.Time // of the session; zero when it is not known
	Denied            bool
	Signals           []Signal
}

// RuledBy is a decision of rules.
type RuledBy struct {
	Outcome          string
	Reason           string // empty when it is not for the caller
	Rule             string // that decided; empty when none did
	RuleSet, Version string // empty when no rules were asked
	InvalidFields    []string
}

// AssessmentStep is one rule of it.
type AssessmentStep struct {
	Rule, State string
	Duration    time.Duration
	Error       string
}

// AppendAssessment writes the answer of read assessment.
func AppendAssessment(dst []byte, a Assessment) []byte {
	w := writer{buf: dst}
	w.assessment(&a)
	return w.buf
}

// ListedAssessment is an assessment in a list: what was decided, and when.
type ListedAssessment struct {
	ID, SessionID, CorrelationID string
	Revision                     int64
	At                           time.Time
	Call, Outcome                string
}

// AppendAssessments writes the answer of read session assessments.
func AppendAssessments(dst []byte, list []ListedAssessment) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "assessments", list, func(a *ListedAssessment) {
		w.open('{')
		w.listedAssessment(a)
		w.text("outcome", a.Outcome)
		w.close('}')
	})
	w.close('}')
	return w.buf
}

// listedAssessment is how each begins.
func (w *writer) listedAssessment(a *ListedAssessment) {
	w.text("assessment_id", a.ID)
	w.text("session_id", a.SessionID)
	if a.Revision > 0 {
		w.integer("revision", a.Revision)
	}
	w.text("correlation_id", a.CorrelationID)
	w.timestamp("at", a.At)
	w.text("call", a.Call)
}

func (w *writer) assessment(a *Assessment) {
	w.open('{')
	w.listedAssessment(&ListedAssessment{a.ID, a.SessionID, a.CorrelationID, a.Revision, a.At, a.Call, a.Outcome})
	w.ruledBy(&a.RuledBy)
	w.reviewTerms(a.Review)
	w.microseconds("duration_us", a.Duration) // 0 and no steps where those are not for the caller
	writeList(w, "steps", a.Steps, func(s *AssessmentStep) {
		w.open('{')
		w.text("rule", s.Rule)
		w.text("state", s.State)
		w.microseconds("duration_us", s.Duration)
		w.filled("error", s.Error)
		w.close('}')
	})
	w.key("inputs")
	w.assessed(a)
	w.close('}')
}

func (w *writer) ruledBy(r *RuledBy) {
	w.text("outcome", r.Outcome)
	w.filled("reason", r.Reason)
	w.filled("rule", r.Rule)
	if r.RuleSet != "" {
		w.ruleSet(r.RuleSet, r.Version)
	}
	if len(r.InvalidFields) > 0 {
		w.texts("invalid_fields", r.InvalidFields)
	}
}

func (w *writer) ruleSet(name, version string) {
	w.key("rule_set")
	w.open('{')
	w.text("name", name)
	w.text("version", version)
	w.close('}')
}

// reviewTerms are said where a rule said them.
func (w *writer) reviewTerms(terms checkout.ReviewTerms) {
	if terms == (checkout.ReviewTerms{}) {
		return
	}
	w.key("review")
	w.open('{')
	if terms.Due > 0 {
		w.integer("due_seconds", int64(terms.Due/time.Second))
	}
	w.filled("at_due", string(terms.AtDue))
	w.close('}')
}

// assessed is what the rules looked at.
func (w *writer) assessed(a *Assessment) {
	w.open('{')
	w.key("content")
	if len(a.Content) > 0 {
		w.buf = append(w.buf, a.Content...)
	} else {
		w.buf = append(w.buf, "null"...)
	}
	for _, said := range []struct{ name, value string }{{"login", a.Login}, {"device_id", a.Device}, {"ip", a.IP}} {
		w.filled(said.name, said.value)
	}
	w.key("session")
	w.open('{')
	w.integer("changes", a.Changes)
	if !a.CreatedAt.IsZero() {
		w.timestamp("created_at", a.CreatedAt)
		w.integer("age_seconds", int64(max(a.At.Sub(a.CreatedAt), 0)/time.Second))
	}
	w.boolean("denied", a.Denied)
	w.close('}')
	writeList(w, "signals", a.Signals, func(s *Signal) {
		w.open('{')
		w.text("name", s.Name)
		w.text("value", s.Value)
		w.close('}')
	})
	w.close('}')
}

func (w *writer) microseconds(name string, d time.Duration) { w.integer(name, d.Microseconds()) }

// Offers is what a load would show.
type Offers struct {
	SessionID string
	Content   *checkout.Content // that was asked about
	Offerings []checkout.Offering
	Load      RuledBy // what the rules say of a load
}

// AppendOffers writes the answer of read offers.
func AppendOffers(dst []byte, o Offers) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.filled("session_id", o.SessionID)
	w.optional("purchase_country", o.Content.PurchaseCountry)
	w.optional("purchase_currency", o.Content.PurchaseCurrency)
	w.optionalInteger("order_amount", o.Content.OrderAmount)
	writeList(&w, "offers", o.Offerings, func(offering *checkout.Offering) {
		w.open('{')
		w.text("payment_method_category", offering.Category)
		w.text("name", offering.Name)
		w.boolean("offered", offering.Offered)
		writeList(&w, "reasons", offering.Reasons, w.violation)
		writeList(&w, "notes", offering.Notes, w.violation)
		w.close('}')
	})
	w.key("load")
	w.open('{')
	w.ruledBy(&o.Load)
	w.close('}')
	w.close('}')
	return w.buf
}
