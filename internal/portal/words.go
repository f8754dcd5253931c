package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file puts values into words.

// moment is a time for people who compare, second for those who read, clockTime
// without its day, machineTime for programs. All are UTC, as in the bodies.
func moment(t time.Time) string      { return t.UTC().Format("2006-01-02 15:04:05.000") }
func second(t time.Time) string      { return t.UTC().Format("2006-01-02 15:04:05") }
func clockTime(t time.Time) string   { return t.UTC().Format("15:04:05") }
func machineTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return d.Round(time.Second).String()
	}
}

// ago is how long something is past, roughly; "in ..." when it is to come.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in " + span(-d)
	case d < time.Second:
		return "a moment ago"
	}
	return span(d) + " ago"
}

// sinceWhen is a moment of the last days as people say it.
func sinceWhen(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	today := now.Truncate(24 * time.Hour)
	switch {
	case !t.Before(today):
		return "since " + t.Format("15:04")
	case !t.Before(today.AddDate(0, 0, -1)):
		return "since yesterday " + t.Format("15:04")
	case !t.Before(today.AddDate(0, 0, -6)):
		return "since " + t.Format("Monday 15:04")
	default:
		return "since " + t.Format("2 January")
	}
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return count(int(d/time.Second), "second")
	case d < time.Hour:
		return count(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour")
	default:
		return count(int(d/(24*time.Hour)), "day")
	}
}

func count(n int, thing string) string { return strconv.Itoa(n) + " " + plural(n, thing) }

func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// idLength is the length of Kvitto's ids. Their beginnings are alike, so a
// shortened one is its end.
const idLength = 36

func shortID(id string) string {
	if len(id) != idLength {
		return id
	}
	return "…" + id[idLength-8:]
}

// statusClass is what a status is shown as.
func statusClass(status int) string {
	switch {
	case status == 0:
		return "lost"
	case status < 300:
		return "good"
	case status < 400:
		return "moved"
	case status < 500:
		return "refused"
	default:
		return "broken"
	}
}

// statusMeaning says it without colour.
func statusMeaning(status int) string {
	switch {
	case status == 0:
		return "no answer"
	case status == 499:
		return "the client hung up"
	default:
		return strings.ToLower(http.StatusText(status))
	}
}

// operationWords are the names of operations for people.
var operationWords = map[string]string{
	"create_session": "create session", "read_session": "read session", "update_session": "update session", "create_order": "place order",
	"cancel_authorization": "cancel authorization", "create_customer_token": "create customer token", "check": "check a body",
	"authorization_callback": "authorization callback", "erase_person": "erase a person",
}

// readable is the name of an operation for people.
func readable(operation string) string {
	if words, ok := operationWords[operation]; ok {
		return words
	}
	if call, ok := strings.CutPrefix(operation, "browser_"); ok {
		return strings.ReplaceAll(call, "_", " ") + " in the browser"
	}
	if operation == "" {
		return "unknown operation"
	}
	return strings.ReplaceAll(operation, "_", " ")
}

// heading begins with a capital letter.
func heading(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// operationChoices are the operations that a list can be narrowed to.
var operationChoices = func() (choices []choice) {
	for _, operation := range []string{
		"create_session", "update_session", "read_session", "create_order", "cancel_authorization", "create_customer_token", "authorization_callback",
		"browser_load", "browser_authorize", "browser_reauthorize", "browser_finalize", "browser_create_session", "load", "authorize", "reauthorize", "finalize", "check",
	} {
		choices = append(choices, choice{operation, readable(operation)})
	}
	return choices
}()
