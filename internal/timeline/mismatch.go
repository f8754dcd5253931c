package timeline

import (
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// Mismatch is a refused order beside what was approved and what the session is.
type Mismatch struct {
	Rows []MismatchRow
	Mend string // empty where it is what the rule says
	// Approved and Session name the columns beside the order; the session's is
	// empty when it is not known.
	Approved, Session string
}

type MismatchRow struct {
	*checkout.Violation
	SentText, ExpectedText string // as JSON, or in words
	InSession              string // what the session has
	// Follows tells that the order is what the session is: it was updated after
	// the approval.
	Follows bool
}

// mismatchesShown bounds the properties that are compared.
const mismatchesShown = 50

// MismatchOf lays the violations of a refused order beside the session, which
// may be nil; ok is false for what is no mismatch.
func MismatchOf(violations []checkout.Violation, session *checkout.Content, name string) (m Mismatch, ok bool) {
	var now Properties
	m.Approved = "Approved"
	if len(violations) > 0 && violations[0].Rule == checkout.RuleSameBody {
		m.Approved, session = "Ordered before", nil // the session has no part in it
	}
	if session != nil {
		now, m.Session = PropertiesOf(session), name
	}
	for i := range violations[:min(len(violations), mismatchesShown)] {
		v := &violations[i]
		if v.Rule != checkout.RuleMatch && v.Rule != checkout.RuleCartSize && v.Rule != checkout.RuleSameBody {
			return Mismatch{}, false
		}
		row := MismatchRow{Violation: v, SentText: SentText(v), ExpectedText: ExpectedText(v)}
		row.InSession = now.At(v.Path)
		if v.Rule == checkout.RuleCartSize && session != nil {
			row.InSession = ValueText(int64(len(session.OrderLines)), false)
		}
		if row.InSession == "" {
			row.InSession = "nothing"
		}
		row.Follows = m.Session != "" && row.InSession == row.SentText
		m.Rows = append(m.Rows, row)
	}
	if len(m.Rows) == 0 {
		return Mismatch{}, false
	}
	m.Mend = mendOf(&m, violations[0].Rule)
	return m, true
}

// mendOf says what to do, from what is known of the session.
func mendOf(m *Mismatch, rule checkout.Rule) string {
	if m.Session == "" || rule == checkout.RuleSameBody {
		return "" // what the rule itself says
	}
	for i := range m.Rows {
		if !m.Rows[i].Follows {
			return "The order is neither what was approved nor what the session is: build its body from the cart that was sent to the session. " +
				"If the cart changed, update the session and reauthorize first."
		}
	}
	return "The session was updated after the customer had approved it, and the order follows the session: call reauthorize after the update, and place the order with the new token."
}

// IsMismatch tells whether an exchange is an order that was refused for what it says.
func IsMismatch(e *requestlog.Exchange) bool {
	return e.Operation == "create_order" && e.Status == 409 && len(e.Violations) > 0
}
