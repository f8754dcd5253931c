package timeline

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// Failed tells whether an exchange did not do what it was meant to: it was
// refused, or a callback was not answered.
func Failed(e *requestlog.Exchange) bool { return !e.Done() }

// Headline says why in one sentence; "" of what was not refused.
func Headline(e *requestlog.Exchange, violations []checkout.Violation) string {
	if len(violations) == 0 {
		if e.Reason == "" {
			return ""
		}
		return Sentence(withoutCallback(e.Reason))
	}
	v := &violations[0]
	lead := ""
	if v.Rule == checkout.RuleMatch || v.Rule == checkout.RuleSameBody {
		lead = Sentence(e.Reason)
		lead = lead[:max(0, len(lead)-1)] + ": "
	}
	text := lead + v.Path + " is " + SentText(v) + ", but " + ExpectedText(v) + " was expected"
	switch {
	case v.Rule == checkout.RuleCartSize:
		text = fmt.Sprintf("The order has %v lines, and %v were approved", v.Sent, v.Expected)
	case v.Sent == nil:
		text = v.Path + " is missing: " + ExpectedText(v)
	}
	switch more := len(violations) - 1; {
	case more == 1:
		text += ", and 1 more thing"
	case more > 1:
		text += ", and " + strconv.Itoa(more) + " more things"
	}
	return text + "."
}

// withoutCallback leaves out the id of the callback that a reason begins with.
func withoutCallback(reason string) string {
	if rest, ok := strings.CutPrefix(reason, "callback "); ok {
		if _, said, ok := strings.Cut(rest, ", "); ok {
			return said
		}
	}
	return reason
}

// Sentence begins with a capital letter and ends with a stop.
func Sentence(text string) string {
	if text == "" {
		return ""
	}
	if last := text[len(text)-1]; last != '.' && last != '!' && last != '?' {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// valueMax is how much of a value is shown beside others, in characters.
const valueMax = 240

// ValueText is a violation's value as it stands in JSON; words are left as they are.
func ValueText(value any, words bool) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case string:
		if words {
			return Beginning(value)
		}
		return `"` + Beginning(value) + `"`
	default:
		return fmt.Sprint(value)
	}
}

// Beginning is as much of a text as is shown beside others.
func Beginning(text string) string {
	if utf8.RuneCountInString(text) <= valueMax {
		return text
	}
	return string([]rune(text)[:valueMax]) + "…"
}

// SentText and ExpectedText are the two sides of a violation. A value of a wrong
// type comes as the JSON it was sent as; only a value that another request set
// stands in quotes, the others are words.
func SentText(v *checkout.Violation) string { return ValueText(v.Sent, v.Rule == checkout.RuleType) }

func ExpectedText(v *checkout.Violation) string {
	text := ValueText(v.Expected, v.Rule != checkout.RuleMatch && v.Rule != checkout.RuleSameBody)
	if v.Tolerance > 0 {
		text += " ± " + strconv.FormatInt(v.Tolerance, 10)
	}
	return text
}

// ValueShown is how much of a value in a body is shown, in characters.
const ValueShown = 400

// Quoted is a value as JSON, cut off where it is long.
func Quoted(token jsontext.Token) string {
	if token.Kind() != '"' {
		return token.String()
	}
	text, _ := jsontext.AppendQuote(nil, token.String()) // the error tells of characters it replaced
	if utf8.RuneCount(text) > ValueShown {
		return string([]rune(string(text))[:ValueShown]) + `…"`
	}
	return string(text)
}
