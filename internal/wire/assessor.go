package wire

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// AssessorQuestion is what an operator's own assessor is asked. What is empty
// is left out, but for the rules' part.
type AssessorQuestion struct {
	MerchantID, SessionID, Call string
	At                          time.Time // of the merchant's clock
	Content                     *checkout.Content
	Login, DeviceID, IP         string
	Signals                     []Signal
	Rules                       RulesAnswer
}

// Signal is something computed, with its value as JSON.
type Signal struct{ Name, Value string }

// RulesAnswer is what the rules said before.
type RulesAnswer struct {
	Outcome, Rule, Reason, RuleSet, Version string
	Failed                                  int // rules that failed
}

// AppendAssessorQuestion writes the body of the request; its schema is
// docs/assessor.schema.json.
func AppendAssessorQuestion(dst []byte, q *AssessorQuestion) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("merchant_id", q.MerchantID)
	w.text("session_id", q.SessionID)
	w.text("call", q.Call)
	w.timestamp("at", q.At)
	for _, known := range []struct{ name, value string }{{"login", q.Login}, {"device_id", q.DeviceID}, {"ip", q.IP}} {
		w.filled(known.name, known.value)
	}
	w.key("rules")
	w.open('{')
	w.text("outcome", q.Rules.Outcome)
	w.filled("rule", q.Rules.Rule)
	w.text("reason", q.Rules.Reason)
	w.text("rule_set", q.Rules.RuleSet)
	w.text("version", q.Rules.Version)
	w.integer("failed", int64(q.Rules.Failed))
	w.close('}')
	if len(q.Signals) > 0 {
		w.key("signals")
		w.open('{')
		for _, signal := range q.Signals {
			w.key(signal.Name)
			w.buf = append(w.buf, signal.Value...)
		}
		w.close('}')
	}
	w.key("content")
	w.buf = AppendContent(w.buf, q.Content)
	w.comma = true
	w.close('}')
	return w.buf
}

// AssessorAnswer is what an assessor answered, as it was written: nothing is
// checked but types. Empty is not said.
type AssessorAnswer struct {
	Outcome, Reason string
	Fields          []string
	DueMinutes      checkout.Integer
	AtDue           string
}

// DecodeAssessorAnswer reads the body of an answer; problems are values of a
// wrong type and names that the answer does not have: a misspelt one would
// silently say nothing.
func DecodeAssessorAnswer(body []byte) (answer AssessorAnswer, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	var outcome, reason, atDue checkout.Text
	err = d.document(func(name string) {
		switch name {
		case "outcome":
			d.readText(&outcome, false)
		case "reason":
			d.readText(&reason, false)
		case "fields":
			d.readTexts(&answer.Fields)
		case "due_minutes":
			d.readInteger(&answer.DueMinutes)
		case "at_due":
			d.readText(&atDue, false)
		default:
			d.wrongType("no such property")
		}
	})
	for _, cut := range d.notes {
		d.problems = append(d.problems, checkout.Violation{Path: cut.Path, Rule: checkout.RuleType, Sent: cut.Sent, Expected: "integer"})
	}
	answer.Outcome, answer.Reason, answer.AtDue = outcome.Value, reason.Value, atDue.Value
	return answer, d.problems, err
}
