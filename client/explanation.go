package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The measures of an explanation's text.
const (
	widthMax     = 96 // runes; leaves room to indent in a terminal of 100
	bodyLinesMax = 16 // shown of each body
)

// String explains the exchange: what was asked and answered, each violation
// with both values and who set them, and the beginning of both bodies. The text
// ends with a newline and has no control characters in its lines.
func (e Exchange) String() string {
	var b strings.Builder
	operation := e.Operation
	if operation == "" {
		operation = "no operation"
	}
	fmt.Fprintf(&b, "%s: %d", clean(operation), e.Status)
	if e.ErrorCode != "" {
		b.WriteString(" " + clean(e.ErrorCode))
	}
	fmt.Fprintf(&b, "\n%s %s\n", clean(e.Method), clean(e.Path))
	fmt.Fprintf(&b, "%s, %s, %.1f ms\n", clean(e.ID), moment(e.At), e.Milliseconds)
	if e.AssessmentID != "" {
		fmt.Fprintf(&b, "assessment %s\n", clean(e.AssessmentID))
	}
	for _, message := range e.ErrorMessages {
		b.WriteString("\n" + wrapped("", "", clean(message)))
	}
	if e.Reason != "" {
		b.WriteString(wrapped("why: ", "     ", clean(e.Reason)))
	}
	for _, violation := range e.Violations {
		b.WriteString("\n" + violation.String())
	}
	if e.BodiesShed {
		b.WriteString("\nThe bodies were not kept: the server was under overload, or the page had made many calls.\n")
		return b.String()
	}
	if e.BodiesLeftOut {
		b.WriteString("\nNot all of it is in the list; the exchange itself has it.\n")
	}
	writeBody(&b, "request", e.Request)
	writeBody(&b, "answer", e.Response)
	return b.String()
}

// String is the violation in a few lines, ending with a newline: the path, and
// indented below it the two values with their origins, the hint and the rule.
func (v Violation) String() string {
	var b strings.Builder
	b.WriteString(clean(v.Path) + "\n")
	b.WriteString(wrapped("  sent      ", valueIndent, v.SentText()))
	writeOrigin(&b, v.SentBy)
	b.WriteString(wrapped("  expected  ", valueIndent, v.ExpectedText()))
	writeOrigin(&b, v.ExpectedBy)
	if v.Hint != "" {
		b.WriteString(wrapped("  hint      ", valueIndent, clean(v.Hint)))
	}
	b.WriteString("  rule      " + clean(v.Rule) + "\n")
	return b.String()
}

const valueIndent = "            "

// SentText is the value that was sent, for people: strings in quotes, "nothing"
// for an absent property.
func (v Violation) SentText() string {
	// A value of a wrong type comes as the JSON text it was sent as.
	return valueText(v.Sent, v.Rule != "type")
}

// ExpectedText is the value that was expected, with the tolerance. Only a value
// that another request set stands in quotes; the others are words.
func (v Violation) ExpectedText() string {
	text := valueText(v.Expected, v.Rule == "matches_authorization" || v.Rule == "same_body")
	if v.Tolerance > 0 {
		text += " ± " + strconv.FormatInt(v.Tolerance, 10)
	}
	return text
}

func valueText(value any, quoted bool) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case string:
		if quoted {
			return strconv.Quote(value)
		}
		return clean(value)
	default:
		return fmt.Sprint(value)
	}
}

func writeOrigin(b *strings.Builder, o *Origin) {
	if o == nil {
		return
	}
	fmt.Fprintf(b, "%sby %s %s", valueIndent, clean(o.Operation), clean(o.CorrelationID))
	if o.Revision > 0 {
		fmt.Fprintf(b, ", revision %d", o.Revision)
	}
	b.WriteString("\n")
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") }

// writeBody shows the beginning of a body, indented.
func writeBody(b *strings.Builder, name string, body json.RawMessage) {
	if len(body) == 0 || string(body) == "null" {
		return
	}
	b.WriteString("\n" + name + "\n")
	var indented bytes.Buffer
	if err := json.Indent(&indented, body, "", "  "); err != nil {
		indented.Reset()
		indented.Write(body)
	}
	lines := strings.Split(indented.String(), "\n")
	for i, line := range lines {
		if i == bodyLinesMax {
			fmt.Fprintf(b, "  … %d more lines\n", len(lines)-i)
			break
		}
		b.WriteString("  " + clip(clean(line)) + "\n")
	}
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > widthMax-2 {
		return string(runes[:widthMax-3]) + "…"
	}
	return s
}

// clean keeps what a client once sent from writing lines or colours of its own
// into a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// wrapped breaks text at spaces into lines of at most widthMax runes; the first
// begins with first, the others with rest. A longer word stays whole.
func wrapped(first, rest, text string) string {
	var b strings.Builder
	line := first
	empty := true
	for word := range strings.SplitSeq(text, " ") {
		if !empty && len([]rune(line))+1+len([]rune(word)) > widthMax {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line + "\n")
	return b.String()
}
