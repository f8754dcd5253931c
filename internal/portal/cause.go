package portal

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/timeline"
)

// cause is what several refusals have in common.
type cause struct {
	Count     int
	Operation string
	Status    int
	What      string // the rule and the path, or the reason
	Newest    string // correlation id
	Last      time.Time
	First     time.Time
}

var (
	index  = regexp.MustCompile(`\[\d+\]`)
	number = regexp.MustCompile(`\d+([.:]\d+)*`)
	anID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
)

// causeOf says what an exchange was refused for, without what differs between
// refusals of one kind: ids, numbers and places in lists.
func causeOf(e *requestlog.Exchange) string {
	if len(e.Violations) > 0 {
		v := &e.Violations[0]
		what := index.ReplaceAllString(v.Path, "[…]")
		if title := ruleTitles[v.Rule]; title != "" {
			what += ": " + strings.ToLower(title[:1]) + title[1:]
		}
		return what
	}
	what := e.Reason
	if what == "" {
		what = strings.Join(e.ErrorMessages, "; ")
	}
	if attempt, said, ok := strings.Cut(what, ": "); ok && strings.HasPrefix(attempt, "callback ") {
		what = strings.TrimSuffix(said, "; it is tried again")
	}
	return number.ReplaceAllString(anID.ReplaceAllString(what, "…"), "…")
}

// causesOf gathers refusals by their cause, the most frequent first. The
// exchanges come newest first.
func causesOf(exchanges []requestlog.Exchange) []cause {
	type key struct {
		operation, what string
		status          int
	}
	places := map[key]int{}
	var causes []cause
	for i := range exchanges {
		e := &exchanges[i]
		if !timeline.Failed(e) {
			continue
		}
		k := key{e.Operation, causeOf(e), e.Status}
		at, known := places[k]
		if !known {
			at = len(causes)
			places[k] = at
			causes = append(causes, cause{Operation: e.Operation, Status: e.Status, What: k.what, Newest: e.CorrelationID, Last: e.At})
		}
		causes[at].Count++
		causes[at].First = e.At
	}
	slices.SortStableFunc(causes, func(a, b cause) int { return b.Count - a.Count })
	return causes
}
