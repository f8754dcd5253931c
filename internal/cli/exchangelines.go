package cli

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// exchangeLines stands between the server's console and standard output: it
// counts the exchanges, and with json turns each into one JSON object. What the
// console prints under an exchange is left out there; the correlation id finds
// it, and more, at /kvitto/v1/exchanges/.
//
// The console writes from one goroutine and has ended when the server is closed.
type exchangeLines struct {
	out  io.Writer
	json bool
	seen int
	rest []byte // a line whose end was not written yet
}

// exchangeLine is the object of an exchange.
type exchangeLine struct {
	Time          string  `json:"time"` // local, hour to second
	Status        int     `json:"status"`
	Operation     string  `json:"operation"` // "" when the path has none
	Method        string  `json:"method"`
	Path          string  `json:"path"`
	Milliseconds  float64 `json:"duration_ms"`
	CorrelationID string  `json:"correlation_id"`
}

// Write takes the console's text in pieces of any size.
func (l *exchangeLines) Write(p []byte) (int, error) {
	var objects bytes.Buffer
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			break
		}
		if e, ok := parseExchange(string(line)); ok {
			l.seen++
			if err := printObject(&objects, e); err != nil {
				return 0, err
			}
		}
		l.rest = append(l.rest[:0], rest...)
	}
	if !l.json {
		return l.out.Write(p)
	}
	if objects.Len() > 0 {
		if _, err := l.out.Write(objects.Bytes()); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// parseExchange reads the first line of console.Format. The path may hold
// anything, so it is what the others leave.
func parseExchange(line string) (e exchangeLine, ok bool) {
	const fieldsBefore, fieldsAfter = 4, 3
	if line == "" || line[0] == ' ' {
		return e, false // below an exchange
	}
	before, rest := make([]string, 0, fieldsBefore), line
	for range fieldsBefore {
		field, after, found := strings.Cut(strings.TrimLeft(rest, " "), " ")
		if !found {
			return e, false
		}
		before, rest = append(before, field), after
	}
	after := make([]string, 0, fieldsAfter)
	for range fieldsAfter {
		rest = strings.TrimRight(rest, " ")
		at := strings.LastIndexByte(rest, ' ')
		if at < 0 {
			return e, false
		}
		after, rest = append(after, rest[at+1:]), rest[:at]
	}
	status, err := strconv.Atoi(before[1])
	if err != nil {
		return e, false
	}
	milliseconds, err := strconv.ParseFloat(after[2], 64)
	if err != nil {
		return e, false
	}
	if before[2] == "-" {
		before[2] = ""
	}
	return exchangeLine{before[0], status, before[2], before[3], strings.TrimSuffix(rest, " "), milliseconds, after[0]}, true
}
