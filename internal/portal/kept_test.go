package portal_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// What was not kept whole is never silent.
func TestLogsTellWhatWasNotKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	const banner = `data-testid="not-kept"`
	if text := s.page("/portal/logs"); strings.Contains(text, banner) {
		t.Error("where all was kept, the page says that something was not")
	}
	s.log.stats = requestlog.Stats{Written: 90, Shed: 12, Dropped: 3}
	text := s.page("/portal/logs")
	for _, want := range []string{banner, "<b>12</b> of the requests", "<b>3</b> that were served are not here"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(text, "could not be written") {
		t.Error("the page tells of failures that there were not")
	}
}
