package wire

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Exchange is a recorded exchange as Kvitto's own interface shows it.
type Exchange struct {
	CorrelationID      string
	At                 time.Time
	Duration           time.Duration
	Method             string
	Path               string
	Operation          string
	Status             int
	SessionID          string
	OrderID            string
	AuthorizationToken string
	AssessmentID       string // of the assessment it made; a list does not say it
	Request            []byte
	Response           []byte
	ErrorCode          string
	ErrorMessages      []string
	Reason             string
	Violations         []checkout.Violation
	Shed               bool
	LeftOut            bool // a list has not all of it; only then it is said
}

// AppendExchange writes the answer of read exchange. Bodies that are JSON are
// shown as JSON, others as a string.
func AppendExchange(dst []byte, e Exchange) []byte {
	w := writer{buf: dst}
	w.exchange(&e)
	return w.buf
}

// AppendExchanges writes the answer of read session exchanges.
func AppendExchanges(dst []byte, list []Exchange) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "exchanges", list, w.exchange)
	w.close('}')
	return w.buf
}

// AppendFoundExchanges writes the answer of search exchanges: what happened,
// without bodies and violations, and where the next page begins.
func AppendFoundExchanges(dst []byte, list []Exchange, next string, partial bool) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "exchanges", list, func(e *Exchange) {
		w.open('{')
		w.happened(e)
		w.close('}')
	})
	w.filled("next", next)
	w.boolean("partial", partial)
	w.close('}')
	return w.buf
}

func (w *writer) exchange(e *Exchange) {
	w.open('{')
	w.happened(e)
	w.violations(e.Violations)
	w.body("request", e.Request)
	w.body("response", e.Response)
	w.boolean("bodies_shed", e.Shed)
	if e.LeftOut {
		w.boolean("bodies_left_out", true)
	}
	w.close('}')
}

// happened writes an exchange without its bodies.
func (w *writer) happened(e *Exchange) {
	w.text("correlation_id", e.CorrelationID)
	w.timestamp("at", e.At)
	w.milliseconds("duration_ms", e.Duration)
	w.text("method", e.Method)
	w.text("path", e.Path)
	w.text("operation", e.Operation)
	w.integer("status", int64(e.Status))
	for _, id := range []struct{ name, value string }{
		{"session_id", e.SessionID}, {"order_id", e.OrderID}, {"authorization_token", e.AuthorizationToken}, {"assessment_id", e.AssessmentID},
		{"error_code", e.ErrorCode}, {"reason", e.Reason},
	} {
		w.filled(id.name, id.value)
	}
	if e.ErrorCode != "" {
		w.texts("error_messages", e.ErrorMessages)
	}
}

func (w *writer) body(name string, body []byte) {
	w.key(name)
	compact := jsontext.Value(bytes.Clone(body))
	switch {
	case len(body) == 0:
		w.buf = append(w.buf, "null"...)
	case compact.Compact() == nil && !deep(compact):
		w.buf = append(w.buf, compact...)
	default:
		w.quote(string(body))
	}
}

// shownDepth is how deep a body may be to be shown as JSON: the layout indents
// what stands in objects, which makes of a deep body a huge answer.
const shownDepth = 64

func deep(compact []byte) bool {
	depth := 0
	for i := 0; i < len(compact); i++ {
		switch compact[i] {
		case '"':
			i = stringEnd(compact, i) - 1
		case '{', '[':
			if depth++; depth > shownDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

func (w *writer) violations(list []checkout.Violation) {
	writeList(w, "violations", list, w.violation)
}

func (w *writer) violation(v *checkout.Violation) {
	w.open('{')
	w.text("path", v.Path)
	w.text("rule", string(v.Rule))
	w.value("sent", v.Sent)
	w.value("expected", v.Expected)
	w.integer("tolerance", v.Tolerance)
	w.text("hint", v.Hint)
	w.origin("sent_by", v.SentBy)
	w.origin("expected_by", v.ExpectedBy)
	w.close('}')
}

func (w *writer) origin(name string, o checkout.Origin) {
	if o.CorrelationID == "" {
		return
	}
	w.key(name)
	w.open('{')
	w.text("correlation_id", o.CorrelationID)
	w.text("operation", o.Operation)
	if o.Revision > 0 {
		w.integer("revision", o.Revision)
	}
	w.timestamp("at", o.At)
	w.close('}')
}

// value writes a violation's value: string, integer, boolean, or null when the
// property was absent.
func (w *writer) value(name string, v any) {
	w.key(name)
	switch v := v.(type) {
	case string:
		w.quote(v)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	default:
		w.buf = append(w.buf, "null"...)
	}
}

// AppendCheck writes the answer of check: whether the body is valid, how the
// API would refuse it, every violation of every stage, and the corrected body
// when only arithmetic is wrong.
func AppendCheck(dst, body []byte, request *Request, refusal *checkout.Refusal, corrections []checkout.Correction) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.boolean("valid", refusal == nil)
	if refusal != nil {
		f := FailureOf(refusal)
		w.key("error")
		w.open('{')
		w.integer("status", int64(f.Status))
		w.text("error_code", f.Code)
		w.texts("error_messages", f.Messages)
		w.close('}')
		w.violations(refusal.Violations)
	} else {
		w.violations(nil)
	}
	if corrected, ok := Corrected(body, request, corrections); ok {
		w.key("corrected")
		w.buf = append(w.buf, corrected...)
	}
	w.close('}')
	return w.buf
}

// Corrected is the body with the corrected numbers, compact; ok is false when
// there are none, or when they cannot all be put there. A body with a fraction
// has no corrected form: which number was meant is not known.
func Corrected(body []byte, request *Request, corrections []checkout.Correction) (corrected []byte, ok bool) {
	if len(corrections) == 0 || len(request.Notes) > 0 {
		return nil, false
	}
	return applyCorrections(body, corrections)
}

// applyCorrections writes the body again, compact, with the corrected numbers
// in place; everything else, unknown properties too, stays. A corrected number
// that its object left out is added to it. ok is false when the object itself
// is not in the body: it stands in the stored session.
func applyCorrections(body []byte, corrections []checkout.Correction) (corrected []byte, ok bool) {
	left := append([]checkout.Correction(nil), corrections...)
	var out bytes.Buffer
	decoder, encoder := jsontext.NewDecoder(bytes.NewReader(body)), jsontext.NewEncoder(&out)
	for decoder.PeekKind() != 0 {
		token, err := decoder.ReadToken()
		if err != nil {
			return nil, false
		}
		path := PropertyPath(decoder.StackPointer())
		if token.Kind() == '}' {
			left, err = addCorrections(encoder, path, left)
		} else if at := indexOfPath(left, path); at >= 0 && !isName(decoder) {
			token = jsontext.Int(left[at].Value)
			left = append(left[:at], left[at+1:]...)
		}
		if err != nil || encoder.WriteToken(token) != nil {
			return nil, false
		}
	}
	return bytes.TrimSpace(out.Bytes()), len(left) == 0
}

// addCorrections writes those whose object is about to close and returns the
// others.
func addCorrections(encoder *jsontext.Encoder, object string, left []checkout.Correction) ([]checkout.Correction, error) {
	rest := left[:0]
	for _, c := range left {
		if parentOf(c.Path) != object {
			rest = append(rest, c)
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(c.Path, object), ".")
		if err := encoder.WriteToken(jsontext.String(name)); err != nil {
			return nil, err
		}
		if err := encoder.WriteToken(jsontext.Int(c.Value)); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func indexOfPath(corrections []checkout.Correction, path string) int {
	for i := range corrections {
		if corrections[i].Path == path {
			return i
		}
	}
	return -1
}

// isName tells whether the token just read was a property name: inside an
// object every second token is.
func isName(decoder *jsontext.Decoder) bool {
	kind, length := decoder.StackIndex(decoder.StackDepth())
	return kind == '{' && length%2 == 1
}

// PropertyPath turns a JSON pointer into the protocol's way of naming a
// property: /order_lines/0/name is order_lines[0].name. A name that could be
// taken for a path has none.
func PropertyPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for part := range pointer.Tokens() {
		if strings.ContainsAny(part, ".[") {
			return "?"
		}
		if _, err := strconv.Atoi(part); err == nil && path.Len() > 0 {
			path.WriteString("[" + part + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(part)
	}
	return path.String()
}
