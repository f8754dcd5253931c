package wire

import (
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// SentRules is a rule file that comes with its lists, by their names or paths.
type SentRules struct {
	Rules string
	Lists map[string]string
}

// DecodeSentRules reads a rule file with its lists. Problems are values of another
// kind.
func DecodeSentRules(body []byte) (sent SentRules, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	sent.Lists = map[string]string{}
	var rules checkout.Text
	err = d.document(func(name string) {
		switch name {
		case "rules":
			d.readText(&rules, false)
		case "lists":
			if d.next(kindObject, "object") {
				d.properties(func(name string) {
					var list checkout.Text
					key := strings.Clone(name) // a view of the body
					d.readText(&list, false)
					sent.Lists[key] = list.Value
				})
			}
		default:
			d.value()
		}
	})
	sent.Rules = rules.Value
	return sent, d.problems, err
}
