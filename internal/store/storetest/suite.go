package storetest

import (
	"slices"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

// rule is one thing an engine must do, named as a sentence.
type rule struct {
	name  string
	check func(t *testing.T, engine store.Engine)
}

// Run checks every rule on an engine of its own. The suite closes what open
// returns; open may return engines that share a database.
func Run(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range slices.Concat(readingRules, lookupRules, conditionRules, batchRules, tenantRules, keyRules, lifeRules, concurrencyRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, opened(t, open))
		})
	}
}

// opened is an engine that is closed when the test ends. A test about closing
// has closed it before; the second Close need only be harmless.
func opened(t *testing.T, open func(t *testing.T) store.Engine) store.Engine {
	t.Helper()
	engine := open(t)
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}
