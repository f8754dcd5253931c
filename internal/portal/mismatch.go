package portal

import (
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/timeline"
)

// mismatch is a refused order beside what was approved and what the session is.
type mismatch struct {
	timeline.Mismatch
	Rows []mismatchRow
}

type mismatchRow struct {
	violationView
	InSession string
	Follows   bool
}

// mismatchOf lays the violations of a refused order beside the session, which
// may be nil; ok is false for what is no mismatch.
func mismatchOf(violations []checkout.Violation, session *checkout.Content, name string) (m mismatch, ok bool) {
	m.Mismatch, ok = timeline.MismatchOf(violations, session, name)
	for i := range m.Mismatch.Rows {
		row := &m.Mismatch.Rows[i]
		m.Rows = append(m.Rows, mismatchRow{violationView: viewOf(i+1, row.Violation), InSession: row.InSession, Follows: row.Follows})
	}
	if ok && m.Mend == "" {
		m.Mend = ruleMend(violations[0].Rule)
	}
	return m, ok
}
