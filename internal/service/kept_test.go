package service_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// TestWhatIsKeptIsWhatHolds: reauthorize and finalize have no later step, so that
// what asks for one is an approval.
func TestWhatIsKeptIsWhatHolds(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	s := remembering(t, engine, engine, &limited{approvals: 1}, 1)[0]
	session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		call risk.Call
		want string
	}{{risk.CallAuthorize, "finalize_required"}, {risk.CallFinalize, "approve"}, {risk.CallReauthorize, "approve"}} {
		answered, err := s.Browser(t.Context(), caller("m"), session.ID, primed(step.call, checkout.OutcomeFinalizeRequired))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := engine.Assessment(t.Context(), "m", answered.AssessmentID)
		if err != nil || kept.Outcome != step.want || answered.Result.FinalizeRequired != (step.want == "finalize_required") {
			t.Errorf("%s: kept is %s, answered %+v (%v)", step.call, kept.Outcome, answered.Result, err)
		}
	}
}
