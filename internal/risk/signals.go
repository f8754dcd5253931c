package risk

import (
	"slices"
	"strconv"

	"cel.dev/cel-go/common/types"
)

// Signal is something that rules can ask for and that is not in the content, with
// its value: true, or a whole number.
type Signal struct{ Name, Value string }

// signalled are the variables that are computed, in the order of Signals.
var signalled = append(historyNames(), "session", "mismatch", "age")

func historyNames() []string {
	names := make([]string, len(SubjectKinds))
	for i, kind := range SubjectKinds {
		names[i] = historyOf(kind)
	}
	return names
}

// Signals are those of an input that are neither false nor 0, for explanations.
func Signals(in *Input) []Signal {
	var all []Signal
	situation := newSituation(in, nil)
	add := func(name string, value any) {
		switch value := value.(type) {
		case types.Int:
			if value != 0 {
				all = append(all, Signal{name, strconv.FormatInt(int64(value), 10)})
			}
		case types.Bool:
			if value {
				all = append(all, Signal{name, "true"})
			}
		}
	}
	for _, name := range signalled {
		value := variables[name].get(situation)
		composed, ok := value.(object)
		if !ok {
			add(name, value)
			continue
		}
		for _, property := range composed.kind.names {
			value, _ := composed.kind.fields[property].GetFrom(composed.value) // never an error
			add(name+"."+property, value)
		}
	}
	return slices.Clip(all)
}
