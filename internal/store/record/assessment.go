package record

import (
	"encoding/base64"
	"strconv"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// assessmentVersion is the newest format of AppendAssessment.
const assessmentVersion = 1

// AppendAssessment writes an assessment with all that it was made of to dst, and
// returns the longer slice. Times are Unix milliseconds, durations nanoseconds,
// facts the bytes of risk.Fact.Append in base64. What can be computed from the
// input is not written. A large document is packed.
func AppendAssessment(dst []byte, in *risk.Input, made *risk.Assessment) []byte {
	start := len(dst)
	dst = appendAssessment(dst, in, made)
	return pack(dst, start)
}

func appendAssessment(dst []byte, in *risk.Input, made *risk.Assessment) []byte {
	dst = strconv.AppendInt(append(dst, `{"version":`...), assessmentVersion, 10)
	dst = appendText(dst, `,"outcome":`, string(made.Decision.Outcome))
	dst = appendInput(append(dst, `,"input":{`...), in)
	dst = append(dst, `},"made":{`...)
	dst = appendMade(dst, made)
	return append(dst, `}}`...)
}

func appendInput(dst []byte, in *risk.Input) []byte {
	dst = appendText(dst, `"merchant_id":`, in.MerchantID)
	dst = appendText(dst, `,"session_id":`, in.SessionID)
	dst = appendText(dst, `,"call":`, string(in.Call))
	dst = appendFilled(dst, `,"login":`, in.Login)
	dst = appendFilled(dst, `,"device_id":`, in.DeviceID)
	dst = appendFilled(dst, `,"ip":`, in.IP)
	dst = appendCounted(dst, `,"changes":`, in.Changes)
	if !in.CreatedAt.IsZero() {
		dst = appendTime(dst, `,"created_at":`, in.CreatedAt)
	}
	if in.Denied {
		dst = append(dst, `,"denied":true`...)
	}
	dst = appendTime(dst, `,"now":`, in.Now)
	if in.Content != nil {
		dst = wire.AppendContent(append(dst, `,"content":`...), in.Content)
	}
	if len(in.History) > 0 {
		dst = append(dst, `,"history":{`...)
		for _, kind := range risk.SubjectKinds {
			past, there := in.History[kind]
			if !there {
				continue
			}
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = appendPast(append(strconv.AppendQuote(dst, string(kind)), ':'), &past)
		}
		dst = append(dst, '}')
	}
	return dst
}

func appendPast(dst []byte, past *risk.Past) []byte {
	dst = strconv.AppendBool(append(dst, `{"known":`...), past.Known)
	if !past.FirstAt.IsZero() {
		dst = appendTime(dst, `,"first_at":`, past.FirstAt)
	}
	dst = appendCounted(dst, `,"orders":`, past.Orders)
	if len(past.Facts) > 0 {
		facts := make([]byte, 0, len(past.Facts)*risk.FactBytes)
		for _, fact := range past.Facts {
			facts = fact.Append(facts)
		}
		dst = base64.StdEncoding.AppendEncode(append(dst, `,"facts":"`...), facts)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

func appendMade(dst []byte, made *risk.Assessment) []byte {
	decision := &made.Decision
	dst = appendText(dst, `"reason":`, decision.Reason)
	dst = appendFilled(dst, `,"assessment_id":`, decision.AssessmentID)
	if len(decision.InvalidFields) > 0 {
		dst = appendTexts(dst, `,"fields":`, decision.InvalidFields)
	}
	dst = appendCounted(dst, `,"due":`, int64(decision.Review.Due))
	dst = appendFilled(dst, `,"at_due":`, string(decision.Review.AtDue))
	dst = appendFilled(dst, `,"rule":`, made.Rule)
	dst = appendFilled(dst, `,"rule_set":`, made.RuleSet)
	dst = appendFilled(dst, `,"rules_version":`, made.Version)
	dst = appendCounted(dst, `,"failed":`, int64(made.Failed))
	if len(made.Reads) > 0 {
		dst = appendTexts(dst, `,"reads":`, made.Reads)
	}
	if len(made.Steps) == 0 {
		return dst
	}
	dst = append(dst, `,"steps":[`...)
	for i := range made.Steps {
		step := &made.Steps[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, `{"rule":`, step.Rule)
		dst = appendText(dst, `,"state":`, string(step.State))
		dst = appendCounted(dst, `,"duration":`, int64(step.Duration))
		dst = appendFilled(dst, `,"error":`, step.Error)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendCounted leaves a zero out.
func appendCounted(dst []byte, key string, v int64) []byte {
	if v == 0 {
		return dst
	}
	return appendInteger(dst, key, v)
}

func appendTexts[T ~string](dst []byte, key string, texts []T) []byte {
	dst = append(dst, key...)
	separator := "["
	for _, text := range texts {
		dst, separator = appendText(dst, separator, string(text)), ","
	}
	return append(dst, ']')
}
