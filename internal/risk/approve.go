package risk

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Approve approves everything. It is what an operator's server decides without
// rules of its own: no test data has a meaning there.
type Approve struct{}

// Assess implements Assessor.
func (Approve) Assess(context.Context, Input) checkout.Decision {
	return approve("no rule is set")
}
