package requestlog

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
)

// The names in these structs are in files: a name once written stays.

// explanation is why an exchange was refused, as it is stored.
type explanation struct {
	Code       string      `json:"code,omitzero"`
	Messages   []string    `json:"messages,omitempty"`
	Reason     string      `json:"reason,omitzero"`
	Violations []violation `json:"violations,omitempty"`
}

type violation struct {
	Path       string         `json:"path,omitzero"`
	Rule       string         `json:"rule,omitzero"`
	Stage      uint8          `json:"stage,omitzero"`
	Sent       jsontext.Value `json:"sent,omitzero"`
	Expected   jsontext.Value `json:"expected,omitzero"`
	Tolerance  int64          `json:"tolerance,omitzero"`
	Hint       string         `json:"hint,omitzero"`
	SentBy     origin         `json:"sent_by,omitzero"`
	ExpectedBy origin         `json:"expected_by,omitzero"`
}

type origin struct {
	CorrelationID string    `json:"correlation_id,omitzero"`
	Operation     string    `json:"operation,omitzero"`
	Revision      int64     `json:"revision,omitzero"`
	At            time.Time `json:"at,omitzero"`
}

// explanationOf is the stored form of why e was refused, with masked values; nil
// when there is nothing to explain.
func (x *redaction) explanationOf(e *Exchange) ([]byte, error) {
	if e.ErrorCode == "" && len(e.ErrorMessages) == 0 && e.Reason == "" && len(e.Violations) == 0 {
		return nil, nil
	}
	x.wary = true // what was refused may be no JSON
	hide := x.hiderOf(e.Violations)
	stored := explanation{Code: e.ErrorCode, Reason: hide.Replace(e.Reason)}
	for _, message := range e.ErrorMessages {
		stored.Messages = append(stored.Messages, hide.Replace(message))
	}
	for _, v := range e.Violations {
		v = x.maskedViolation(v)
		v.Hint = hide.Replace(v.Hint)
		stored.Violations = append(stored.Violations, violationOf(v))
	}
	// A value cut in the middle of a character must not cost the explanation.
	text, err := json.Marshal(stored, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("explanation of %s: %w", e.CorrelationID, err)
	}
	return text, nil
}

// explain fills in what explanationOf stored.
func explain(e *Exchange, text []byte) error {
	var stored explanation
	if err := json.Unmarshal(text, &stored); err != nil {
		return fmt.Errorf("explanation of %s: %w", e.CorrelationID, err)
	}
	e.ErrorCode, e.ErrorMessages, e.Reason = stored.Code, stored.Messages, stored.Reason
	for i := range stored.Violations {
		v, err := stored.Violations[i].violation()
		if err != nil {
			return fmt.Errorf("explanation of %s: %w", e.CorrelationID, err)
		}
		e.Violations = append(e.Violations, v)
	}
	return nil
}

func violationOf(v checkout.Violation) violation {
	return violation{
		Path: v.Path, Rule: string(v.Rule), Stage: uint8(v.Stage),
		Sent: encodeValue(v.Sent), Expected: encodeValue(v.Expected),
		Tolerance: v.Tolerance, Hint: v.Hint,
		SentBy: originOf(v.SentBy), ExpectedBy: originOf(v.ExpectedBy),
	}
}

func (v *violation) violation() (checkout.Violation, error) {
	sent, err := decodeValue(v.Sent)
	if err != nil {
		return checkout.Violation{}, err
	}
	expected, err := decodeValue(v.Expected)
	if err != nil {
		return checkout.Violation{}, err
	}
	return checkout.Violation{
		Path: v.Path, Rule: checkout.Rule(v.Rule), Stage: checkout.Stage(v.Stage),
		Sent: sent, Expected: expected, Tolerance: v.Tolerance, Hint: v.Hint,
		SentBy: checkout.Origin(v.SentBy), ExpectedBy: checkout.Origin(v.ExpectedBy),
	}, nil
}

func originOf(o checkout.Origin) origin {
	stored := origin(o)
	if !stored.At.IsZero() {
		stored.At = stored.At.UTC()
	}
	return stored
}

// encodeValue writes a value of a violation. The domain promises string, int64,
// bool and nil; anything else is kept as its text rather than refused.
func encodeValue(value any) jsontext.Value {
	switch value := value.(type) {
	case nil:
		return nil
	case int64:
		return strconv.AppendInt(nil, value, 10)
	case bool:
		return strconv.AppendBool(nil, value)
	case string:
		return quote(value)
	default:
		return quote(fmt.Sprint(value))
	}
}

func quote(s string) jsontext.Value {
	text, _ := jsontext.AppendQuote(nil, s) // the error tells of characters it replaced
	return text
}

func decodeValue(text jsontext.Value) (any, error) {
	switch text.Kind() {
	case '0':
		return strconv.ParseInt(string(text), 10, 64)
	case 't', 'f':
		return text.Kind() == 't', nil
	case '"':
		s, err := jsontext.AppendUnquote(nil, text)
		return string(s), err
	default: // absent
		return nil, nil
	}
}
