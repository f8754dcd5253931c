package contract_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// words are what a golden file calls by name: pieces of bodies it defines
// itself, and ids that answers brought.
type words struct {
	meaning map[string]string
	names   []string // of captured ids, the newest last
	url     string
	shapes  []txtar.File // pieces that many answers have, written by their name
}

func newWords(url string, shapes *txtar.Archive) *words {
	return &words{meaning: map[string]string{"url": url}, url: url, shapes: shapes.Files}
}

func (w *words) let(name, value string) { w.meaning[name] = value }

var reference = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// expansionMax bounds definitions that mention each other.
const expansionMax = 8

// expand fills in a request: {{name}}, {{repeat 3 x}}, {{lines 1001}},
// {{hex c3 28}}.
func (w *words) expand(text string) (string, error) {
	for range expansionMax {
		if !reference.MatchString(text) {
			return text, nil
		}
		var failure error
		text = reference.ReplaceAllStringFunc(text, func(found string) string {
			value, err := w.value(found[2 : len(found)-2])
			failure = errors.Join(failure, err)
			return value
		})
		if failure != nil {
			return "", failure
		}
	}
	return "", fmt.Errorf("the definitions go round in %.80q", text)
}

func (w *words) value(expression string) (string, error) {
	if value, ok := w.meaning[expression]; ok {
		return value, nil
	}
	function, rest, _ := strings.Cut(expression, " ")
	argument, text, _ := strings.Cut(rest, " ")
	switch function {
	case "repeat":
		n, err := strconv.Atoi(argument)
		return strings.Repeat(text, n), err
	case "lines": // order lines of 1 each
		n, err := strconv.Atoi(argument)
		line := `{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}`
		return strings.TrimSuffix(strings.Repeat(line+",", n), ","), err
	case "hex":
		raw, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		return string(raw), err
	default:
		return "", fmt.Errorf("{{%s}} has no meaning here", expression)
	}
}

// shownHeaders are the headers that golden answers show, in this order. What
// every answer has is checked by recordedHeaders instead.
var shownHeaders = []string{
	"Allow", "Content-Type", "Klarna-Correlation-Id", "Kvitto-Explanation", "Location", "Retry-After", "Www-Authenticate",
}

const uuidPattern = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

var (
	uuid      = regexp.MustCompile(`\b` + uuidPattern + `\b`)
	jwt       = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]+`)
	timestamp = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	duration  = regexp.MustCompile(`("duration_(?:ms|us)" : )\d+(?:\.\d{3})?`)
	// A rule file of the binary changes its version with every word of it.
	ruleVersion = regexp.MustCompile(`(playground |"version" : ")[0-9a-f]{12}\b`)
	// captured are the properties whose values later requests and answers
	// speak of.
	captured = regexp.MustCompile(
		`"(session_id|assessment_id|authorization_token|order_id|token_id|client_token)" : "(` + uuidPattern + `|eyJ[\w-]+\.[\w-]+\.[\w-]+)"`)
)

// shown writes an answer the way golden files have it: status, headers, an
// empty line, the body byte for byte. Ids become names: where one appears
// first it stands as {{exchange.property=<uuid>}}, from then on as
// {{exchange.property}}, so that two equal texts are two equal ids. What no
// test can know becomes <uuid>, <jwt>, <timestamp> or <number>.
func (w *words) shown(exchange string, a answer) string {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%d\n", a.status)
	correlation := a.header.Get("Klarna-Correlation-Id")
	for _, name := range shownHeaders {
		value := a.header.Get(name)
		if value == "" {
			continue
		}
		if name == "Klarna-Correlation-Id" && uuid.MatchString(value) {
			value = "{{" + exchange + ".correlation_id=<uuid>}}"
		}
		fmt.Fprintf(&out, "%s: %s\n", name, value)
	}
	out.WriteByte('\n')
	out.Write(a.body)
	if len(a.body) > 0 {
		out.WriteByte('\n')
	}
	if correlation != "" {
		w.capture(exchange+".correlation_id", correlation)
	}
	return w.named(exchange, out.String())
}

func (w *words) capture(name, value string) {
	w.meaning[name] = value
	w.names = append(w.names, name)
}

// named puts names and wildcards in the place of values.
func (w *words) named(exchange, text string) string {
	for _, shape := range w.shapes {
		text = strings.ReplaceAll(text, strings.TrimSuffix(string(shape.Data), "\n"), "{{"+shape.Name+"}}")
	}
	text = strings.ReplaceAll(text, w.url, "{{url}}")
	for _, name := range slices.Backward(w.names) {
		text = strings.ReplaceAll(text, w.meaning[name], "{{"+name+"}}")
	}
	text = captured.ReplaceAllStringFunc(text, func(found string) string {
		parts := captured.FindStringSubmatch(found)
		property, value := parts[1], parts[2]
		name := exchange + "." + property
		for n := 2; w.meaning[name] != "" && w.meaning[name] != value; n++ {
			name = fmt.Sprintf("%s.%s.%d", exchange, property, n)
		}
		if w.meaning[name] == value {
			return fmt.Sprintf("%q : %q", property, "{{"+name+"}}")
		}
		w.capture(name, value)
		kind := "<uuid>"
		if jwt.MatchString(value) {
			kind = "<jwt>"
		}
		return fmt.Sprintf("%q : %q", property, "{{"+name+"="+kind+"}}")
	})
	for _, name := range slices.Backward(w.names) {
		text = strings.ReplaceAll(text, w.meaning[name], "{{"+name+"}}")
	}
	text = jwt.ReplaceAllString(text, "<jwt>")
	text = uuid.ReplaceAllString(text, "<uuid>")
	text = duration.ReplaceAllString(text, "${1}<number>")
	text = ruleVersion.ReplaceAllString(text, "${1}<version>")
	return timestamp.ReplaceAllStringFunc(text, hideRealTime)
}

// hideRealTime makes a wildcard of a time that a real clock told; the times of
// the frozen clock stay.
func hideRealTime(text string) string {
	at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err == nil && time.Since(at).Abs() < time.Hour {
		return "<timestamp>"
	}
	return text
}
