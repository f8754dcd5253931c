package service_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// unsure cannot tell who took part in an assessment, and must not be asked for
// documents.
type unsure struct{ service.Memory }

func (unsure) SubjectsOfAssessment(context.Context, string, string) ([]store.SubjectKey, error) {
	return nil, errors.New("the disk is gone")
}

func (unsure) Assessment(context.Context, string, string) (store.Assessment, error) {
	return store.Assessment{}, errors.New("a whole document was asked for")
}

// TestAnOrderIsWorthMoreThanAFact: where it cannot be read who took part in the
// assessment the order is placed all the same. The e-mail address knows of it, the
// device does not, and the operator is told.
func TestAnOrderIsWorthMoreThanAFact(t *testing.T) {
	t.Parallel()
	engine, rules := memstore.New(), &limited{approvals: 9}
	s := remembering(t, engine, engine, rules, 1)[0]
	var lost []string
	s.FactsLost = func(assessmentID string, _ error) { lost = append(lost, assessmentID) }
	first := authorize(t, s, "m", "a@b.se")
	s.Memory = unsure{engine}
	if _, err := s.PlaceOrder(t.Context(), caller("m"), first.Result.AuthorizationToken, cart(100), nil); err != nil {
		t.Fatal(err)
	}
	authorize(t, s, "m", "a@b.se")
	if history := rules.newest().History; history[risk.SubjectEmail].Orders != 1 || history[risk.SubjectDevice].Orders != 0 {
		t.Errorf("the e-mail address has %d orders, the device %d", history[risk.SubjectEmail].Orders, history[risk.SubjectDevice].Orders)
	}
	if !slices.Equal(lost, []string{first.AssessmentID}) {
		t.Errorf("lost %q", lost)
	}
}
