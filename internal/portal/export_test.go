package portal

import (
	"maps"
	"slices"
)

// Routes are the patterns of what people see and do, without the controls of a
// playground.
func Routes() []string {
	var all []string
	for _, routes := range []map[string]handler{reading, acting, erasing} {
		all = slices.AppendSeq(all, maps.Keys(routes))
	}
	return all
}
