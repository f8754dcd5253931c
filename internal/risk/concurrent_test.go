package risk_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/risk"
)

// TestARuleSetIsForManyGoroutines: one set, one content, one answer.
func TestARuleSetIsForManyGoroutines(t *testing.T) {
	t.Parallel()
	content := richContent()
	for _, set := range []*risk.RuleSet{mustParse(t, file(touchy...)), risk.DefaultRules(), risk.PlaygroundRules()} {
		in := risk.Input{Call: risk.CallAuthorize, Content: content, Now: noon, History: risk.History{risk.SubjectDevice: facts(risk.FactDenied, 4, 0)}}
		want := fmt.Sprint(set.Evaluate(in, nil))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 50 {
					if got := fmt.Sprint(set.Evaluate(in, nil)); got != want {
						t.Errorf("%s, want %s", got, want)
					}
				}
			})
		}
		all.Wait()
	}
}
