package console

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// linesQueued bounds what waits for the terminal.
const linesQueued = 1024

// Format is how the console writes: Text for people, JSON for programs.
type Format struct {
	// Exchange writes an exchange; portal is where it can be looked at, below
	// which its correlation id stands, and empty where there is no such place.
	Exchange func(e *requestlog.Exchange, portal string) string
	Missed   func(exchanges int64) string // the reader was too slow for so many
}

// Text is one line for each exchange, and for a refusal its explanation below.
var Text = Format{text, textMissed}

func textMissed(n int64) string {
	return fmt.Sprintf("          (%d exchanges were not printed: the terminal is slower than the load)\n", n)
}

// Console prints exchanges from a goroutine of its own.
type Console struct {
	format  Format
	portal  string
	out     *bufio.Writer
	queue   chan string
	dropped atomic.Int64
	stop    chan struct{} // closed by Close; the queue never is
	ended   chan struct{}
}

// New starts a console on w. Refusals lead to the portal, where there is one.
func New(w io.Writer, format Format, portal string) *Console {
	c := &Console{format: format, portal: portal, out: bufio.NewWriter(w), queue: make(chan string, linesQueued), stop: make(chan struct{}), ended: make(chan struct{})}
	go c.print()
	return c
}

// Exchange prints an exchange, or counts it when the terminal is too slow.
func (c *Console) Exchange(e *requestlog.Exchange) {
	select {
	case c.queue <- c.format.Exchange(e, c.portal):
	default:
		c.dropped.Add(1)
	}
}

// closePatience is how long Close waits for a reader that takes nothing.
const closePatience = time.Second

// Close prints what waits; an exchange that comes later is not printed. A reader that has stopped reading, as of a pipe
// whose first line was all that was wanted, does not hold up the stop.
func (c *Console) Close() {
	close(c.stop)
	timer := time.NewTimer(closePatience)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
	}
}

func (c *Console) print() {
	defer close(c.ended)
	for {
		select {
		case text := <-c.queue:
			c.write(text)
		case <-c.stop:
			for len(c.queue) > 0 {
				c.write(<-c.queue)
			}
			return
		}
	}
}

// write prints one exchange. A terminal that is gone must not stop the server.
func (c *Console) write(text string) {
	if n := c.dropped.Swap(0); n > 0 {
		_, _ = c.out.WriteString(c.format.Missed(n))
	}
	_, _ = c.out.WriteString(text)
	if len(c.queue) == 0 {
		_ = c.out.Flush()
	}
}

// mask stands for personal data.
const mask = "•••"

func text(e *requestlog.Exchange, portal string) string {
	var b strings.Builder
	operation := e.Operation
	if operation == "" {
		operation = "-"
	}
	status := strconv.Itoa(e.Status)
	if e.Status == 0 { // a callback that nobody answered
		status = "---"
	}
	fmt.Fprintf(&b, "%s  %s  %-21s %s %s  %.1f ms  %s\n", e.At.Local().Format("15:04:05"), status, operation,
		e.Method, oneLine(e.Path), float64(e.Duration.Microseconds())/1000, e.CorrelationID)
	if said := strings.TrimSpace(e.ErrorCode + " " + oneLine(strings.Join(e.ErrorMessages, "; "))); said != "" {
		b.WriteString("          " + said + "\n")
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, "          why: %s\n", oneLine(e.Reason))
	}
	for i := range e.Violations {
		if i == violationsShown {
			fmt.Fprintf(&b, "          … and %d more: kvitto explain %s\n", len(e.Violations)-i, e.CorrelationID)
			break
		}
		violation(&b, &e.Violations[i])
	}
	if portal != "" && e.Durable() {
		b.WriteString("          see: " + portal + e.CorrelationID + "\n")
	}
	return b.String()
}

// violationsShown bounds the lines under one exchange.
const violationsShown = 10

func violation(b *strings.Builder, v *checkout.Violation) {
	shown := masked(v)
	fmt.Fprintf(b, "          %s: sent %s, expected %s", v.Path, value(shown.Sent), value(shown.Expected))
	if v.Tolerance > 0 {
		fmt.Fprintf(b, " ± %d", v.Tolerance)
	}
	if shown.Hint != "" {
		fmt.Fprintf(b, " (%s)", oneLine(shown.Hint))
	}
	b.WriteByte('\n')
	if v.ExpectedBy.CorrelationID != "" {
		fmt.Fprintf(b, "            expected since %s in %s\n", v.ExpectedBy.Operation, v.ExpectedBy.CorrelationID)
	}
}

// masked is the violation without personal data: what a client sent or had
// approved. A number of characters, and what a rule wants, are not personal.
func masked(v *checkout.Violation) checkout.Violation {
	shown := *v
	if text, ok := v.Sent.(string); ok && v.Rule == checkout.RuleType {
		// The raw text of an object may hold anything.
		switch {
		case strings.HasPrefix(text, "{"):
			shown.Sent = "an object"
		case strings.HasPrefix(text, "["):
			shown.Sent = "a list"
		}
	}
	if !requestlog.Personal(v.Path) {
		return shown
	}
	if _, text := shown.Sent.(string); text {
		shown.Sent = mask
	}
	if v.Rule == checkout.RuleMatch || v.Rule == checkout.RuleSameBody {
		shown.Hint = ""
		if v.Expected != nil {
			shown.Expected = mask
		}
	}
	return shown
}

func value(v any) string {
	if v == nil {
		return "nothing"
	}
	return oneLine(fmt.Sprint(v))
}

// oneLine keeps what a client sent from writing lines or colours of its own
// into a terminal.
func oneLine(s string) string {
	const widthMax = 300
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
	if runes := []rune(clean); len(runes) > widthMax {
		return string(runes[:widthMax]) + "…"
	}
	return clean
}
