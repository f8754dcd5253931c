package simulation_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// note writes a line of the trace. Ids get short names, in the order in which
// they appear.
func (s *simulation) note(format string, values ...any) {
	line := fmt.Sprintf("%4d  ", s.step) + fmt.Sprintf(format, values...)
	s.trace = append(s.trace, ids.ReplaceAllStringFunc(line, func(id string) string { return s.name("id", id) }))
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// said are the fields of a request or a reply that say something.
func said(message any) string { return fields(reflect.ValueOf(message)) }

func fields(message reflect.Value) string {
	var words strings.Builder
	for field, value := range message.Fields() {
		switch {
		case value.IsZero():
		case value.Kind() == reflect.Struct:
			fmt.Fprintf(&words, " %s:{%s }", strings.ToLower(field.Name), fields(value))
		default:
			fmt.Fprintf(&words, " %s:%v", strings.ToLower(field.Name), value)
		}
	}
	return words.String()
}

// name is an id's short name.
func (s *simulation) name(prefix, id string) string {
	if s.short[id] == "" {
		s.short[id] = prefix + strconv.Itoa(len(s.short)+1)
	}
	return s.short[id]
}

// who is a stopped goroutine in words.
func (s *simulation) who(at *stop) string {
	if at.call != nil {
		return "#" + strconv.Itoa(at.call.number)
	}
	calls := make([]string, len(at.changes))
	for i := range at.changes {
		calls[i] = "#" + strconv.Itoa(s.madeBy(&at.changes[i]).number)
	}
	return fmt.Sprintf("process %d for %s,", at.process.number, strings.Join(calls, " "))
}
