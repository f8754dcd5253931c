package requestlog

import (
	"fmt"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// shortestHidden is the length from which a secret value is looked for in
// sentences too: replacing every "1" in them would help nobody.
const shortestHidden = 4

// hiderOf masks the values of the violations that are not stored in the words
// around them.
func (x *redaction) hiderOf(violations []checkout.Violation) *strings.Replacer {
	var pairs []string
	for i := range violations {
		v := &violations[i]
		if !secretAt(v.Path) && !(x.personal && Personal(v.Path)) {
			continue
		}
		masked := x.maskedViolation(*v)
		for _, value := range [][2]any{{v.Sent, masked.Sent}, {v.Expected, masked.Expected}} {
			text := fmt.Sprint(value[0])
			if value[0] != nil && value[0] != value[1] && len(text) >= shortestHidden {
				pairs = append(pairs, text, fmt.Sprint(value[1]))
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// maskedViolation is the violation as it may be stored. An absent value stays
// absent: that it was missing is the explanation. Neither is a number of
// characters personal, nor what a rule wants.
func (x *redaction) maskedViolation(v checkout.Violation) checkout.Violation {
	if secretAt(v.Path) {
		v.Sent, v.Expected = x.maskedValue(v.Sent, hidden), x.maskedValue(v.Expected, hidden)
		return v
	}
	way := asItIs
	if x.personal && Personal(v.Path) {
		way = howNamed(lastName(v.Path))
	}
	v.Sent = x.maskedValue(v.Sent, way)
	if v.Rule != checkout.RuleMatch && v.Rule != checkout.RuleSameBody {
		way = asItIs
	}
	v.Expected = x.maskedValue(v.Expected, way)
	return v
}

func (x *redaction) maskedValue(value any, way how) any {
	if value == nil {
		return nil
	}
	s, ok := value.(string)
	switch {
	case way == hidden:
		return mask
	case !ok:
		return value
	}
	// An object sent where a string belongs is told as its text.
	if way != asItIs && (strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")) {
		return mask
	}
	if redacted, changed := x.redactString([]byte(s), 0); changed {
		return string(redacted)
	}
	return way.apply(s)
}
