package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kvitto/kvitto/client"
)

// comparisonRows bounds a table in the terminal.
const comparisonRows = 12

// compare notes the violations of a comparison as a table: both values of each
// property and the step that set each. other names the second value, and how
// says the step: in step 4, since step 4.
func (s *story) compare(exchange client.Exchange, other, how string) {
	rows := [][]string{{"", "sent", "", other, ""}}
	for i, v := range exchange.Violations {
		if i == comparisonRows {
			break
		}
		rows = append(rows, []string{printable(v.Path), v.SentText(), s.origin("in", v.SentBy), v.ExpectedText(), s.origin(how, v.ExpectedBy)})
	}
	text := table(rows, "lrlrl")
	if left := len(exchange.Violations) - comparisonRows; left > 0 {
		text += fmt.Sprintf("\n… and %d more: kvitto explain %s", left, exchange.ID)
	}
	s.shown[len(s.shown)-1].note("why", "%s", text)
}

// origin is the step of the story that set a value.
func (s *story) origin(how string, o *client.Origin) string {
	if o == nil {
		return ""
	}
	if step := s.stepOf[o.CorrelationID]; step > 0 {
		return how + " step " + strconv.Itoa(step)
	}
	return how + " " + printable(o.Operation)
}

// table aligns the cells of each column, l left or r right.
func table(rows [][]string, alignment string) string {
	widths := make([]int, len(alignment))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if alignment[i] == 'r' {
				line.WriteString(space + cell + "  ")
			} else {
				line.WriteString(cell + space + "  ")
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return strings.Join(lines, "\n")
}
