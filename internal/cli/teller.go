package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// teller prints the story as it goes.
type teller interface {
	opening(url string, own bool) error
	step(number int, title string, exchanges []shown, problem error) error
	ending(exchanges int, took time.Duration, next string) error // next is fit for a terminal
}

// aloud tells it to a person, in at most 100 columns.
type aloud struct {
	out     io.Writer
	colours paint
}

// Where things stand in a line.
const (
	exchangeIndent = "    "
	pathWidth      = 69 // of method and path
	codeWidth      = 13 // of status and error code
	noteIndent     = "      "
	labelWidth     = 10
	noteWidth      = 100 - len(noteIndent) - labelWidth - len("  ")
)

func (a aloud) opening(url string, own bool) error {
	where := "At " + url + "."
	if own {
		where = "At " + url + ", a server started for this story; its data goes when it ends."
	}
	_, err := fmt.Fprintf(a.out, "%s\n%s\nAmounts are in minor units: 49900 is 499.00 SEK.\n",
		a.colours.bold("A payment, from the first session to the order, with three mistakes."), where)
	return err
}

func (a aloud) step(number int, title string, exchanges []shown, problem error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", a.colours.bold(fmt.Sprintf("%2d  %s", number, title)))
	for i := range exchanges {
		a.exchange(&b, &exchanges[i])
	}
	if problem != nil {
		b.WriteString(exchangeIndent + a.colours.bad("Not as told: ") + printable(problem.Error()) + "\n")
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

func (a aloud) exchange(b *strings.Builder, x *shown) {
	path := x.Method + " " + printable(shortened(x.Path))
	status := strings.TrimSpace(strconv.Itoa(x.Status) + " " + x.code)
	fmt.Fprintf(b, "%s%s %s %s\n", exchangeIndent, padded(path, pathWidth),
		a.colours.status(x.Status, padded(status, codeWidth)), a.colours.dim(fmt.Sprintf("%6.1f ms", milliseconds(x.Took))))
	for _, n := range x.notes {
		label := padded(n.label, labelWidth)
		for _, line := range folded(n.text, noteWidth) {
			b.WriteString(noteIndent + a.colours.dim(label) + "  " + printable(line) + "\n")
			label = strings.Repeat(" ", labelWidth)
		}
	}
}

func (a aloud) ending(exchanges int, took time.Duration, next string) error {
	_, err := fmt.Fprintf(a.out, "\n%s %s and %s in %.0f ms.\n%s\n", a.colours.good("As told:"),
		count(len(chapters), "step"), count(exchanges, "exchange"), milliseconds(took), next)
	return err
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// idLength is the length of Kvitto's ids. Their beginnings are alike, so a
// shortened one is its end.
const idLength = 36

// shortened leaves the last eight characters of the ids in a path.
func shortened(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) == idLength {
			parts[i] = "…" + part[idLength-8:]
		}
	}
	return strings.Join(parts, "/")
}

// inJSON tells it to a program: one object a step.
type inJSON struct{ out io.Writer }

func (j inJSON) opening(string, bool) error { return nil }

func (j inJSON) ending(int, time.Duration, string) error { return nil }

type stepObject struct {
	Step      int              `json:"step"`
	Title     string           `json:"title"`
	AsTold    bool             `json:"as_told"`
	Problem   string           `json:"problem,omitzero"`
	Exchanges []exchangeObject `json:"exchanges"`
}

type exchangeObject struct {
	Method        string          `json:"method"`
	Path          string          `json:"path"`
	Status        int             `json:"status"`
	Milliseconds  float64         `json:"duration_ms"`
	CorrelationID string          `json:"correlation_id"`
	Request       json.RawMessage `json:"request"`
	Response      json.RawMessage `json:"response"`
}

func (j inJSON) step(number int, title string, exchanges []shown, problem error) error {
	object := stepObject{Step: number, Title: title, AsTold: problem == nil, Exchanges: []exchangeObject{}}
	if problem != nil {
		object.Problem = problem.Error()
	}
	for _, x := range exchanges {
		object.Exchanges = append(object.Exchanges, exchangeObject{
			x.Method, x.Path, x.Status, milliseconds(x.Took), x.CorrelationID, document(x.Request), document(x.Response)})
	}
	return printObject(j.out, object)
}

// document is a body as a JSON value; what is not JSON becomes a string.
func document(body []byte) json.RawMessage {
	switch {
	case len(body) == 0:
		return nil // null
	case json.Valid(body):
		return body
	default:
		// A string can always be written.
		text, _ := json.Marshal(string(body))
		return text
	}
}
