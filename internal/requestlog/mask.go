package requestlog

import (
	"fmt"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// shortestHidden is the length from which a secret value is looked for in
// sentences too: replacing every "1" in them would help nobody.
const shortestHidden = 4

// hiderOf masks the secret values of the violations in the words around them.
func hiderOf(violations []checkout.Violation) *strings.Replacer {
	var pairs []string
	for i := range violations {
		v := &violations[i]
		if !secretAt(v.Path) {
			continue
		}
		for _, value := range []any{v.Sent, v.Expected} {
			if text := fmt.Sprint(value); value != nil && len(text) >= shortestHidden {
				pairs = append(pairs, text, mask)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// maskedViolation is the violation as it may be stored. An absent value stays
// absent: that it was missing is the explanation.
func maskedViolation(v checkout.Violation) checkout.Violation {
	hidden := secretAt(v.Path)
	v.Sent, v.Expected = maskedValue(v.Sent, hidden), maskedValue(v.Expected, hidden)
	return v
}

func maskedValue(value any, hidden bool) any {
	if value == nil {
		return nil
	}
	if hidden {
		return mask
	}
	s, ok := value.(string)
	if !ok {
		return value
	}
	// An object sent where a string belongs is told as its text.
	redacted, _ := redactString([]byte(s), 0)
	return string(redacted)
}
