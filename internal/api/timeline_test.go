package api

import (
	"testing"

	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/timeline"
)

// TestATimelineKeepsWhatIsAnOperators: why its rules decided so, and who of its people
// reviewed an order and why; in a playground these are the merchant's own.
func TestATimelineKeepsWhatIsAnOperators(t *testing.T) {
	t.Parallel()
	happened := timeline.Entry{Actor: timeline.ActorReviewer, Operation: "accept_review", Decision: "a known customer", By: "anna"}
	served := &exchange{api: &API{Options: Options{RulesHidden: true}}}
	if event := served.timelineEvent(&happened); event.Decision != "" || event.Person != "" || event.Operation != "accept_review" {
		t.Errorf("a merchant sees %+v", event)
	}
	own := &exchange{api: &API{Options: Options{Playground: &lab.Clock{}}}}
	if event := own.timelineEvent(&happened); event.Decision != "a known customer" || event.Person != "anna" {
		t.Errorf("in a playground there is %+v", event)
	}
}
