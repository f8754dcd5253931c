package checkout

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/market"
)

// Field is a detail that the customer is asked for.
type Field struct {
	Path  string // billing_address.city
	Value string // what was typed so far, or is likely
	Type  market.DetailType
}

// missingDetails are the details that the content's market needs and the
// content does not have.
func missingDetails(known *Content) []market.Detail {
	organization := known.Customer != nil && known.Customer.Type.Value == "organization"
	var missing []market.Detail
	for _, detail := range known.Market().Details() {
		aboutPerson := detail.Path == market.PathDateOfBirth || detail.Path == market.PathNationalID
		if personValue(known, detail.Path) == "" && !(aboutPerson && organization) {
			missing = append(missing, detail)
		}
	}
	return missing
}

// typedDetails are the values of the fields, and what is wrong with them. A
// value is checked as what it is, and like any content with it in place.
func typedDetails(fields []Field, known *Content, now time.Time) (Content, []Problem) {
	var typed Content
	var problems []Problem
	wrong := make(map[string]bool)
	for _, field := range fields {
		switch {
		case field.Value == "":
			problems = append(problems, Problem{field.Path, ReasonRequired})
		case !plausible(field.Type, field.Value, now):
			problems = append(problems, Problem{field.Path, ReasonInvalid})
			wrong[field.Path] = true
		default:
			*personText(&typed, field.Path, true) = TextOf(field.Value)
		}
	}
	completed := known.filledWith(&typed)
	for _, violation := range Validate(OperationUpdate, &completed, nil) {
		if personValue(&typed, violation.Path) != "" && !wrong[violation.Path] {
			problems = append(problems, Problem{violation.Path, ReasonInvalid})
			wrong[violation.Path] = true
		}
	}
	return typed, problems
}

// plausible finds typing errors. It is mild: whether an address exists or a
// number belongs to somebody is not for a form to say.
func plausible(kind market.DetailType, value string, now time.Time) bool {
	switch kind {
	case market.DetailEmail:
		return plausibleEmail(value)
	case market.DetailPhone:
		return plausiblePhone(value)
	case market.DetailDate:
		born, err := time.Parse(time.DateOnly, value)
		return err == nil && born.Before(now) && born.Year() >= 1900
	case market.DetailNationalID:
		return countDigits(value) >= 4 && strings.Trim(value, nationalIDRunes) == ""
	default:
		return utf8.ValidString(value)
	}
}

// nationalIDRunes are what the published personal numbers are made of: FI has
// 190122-829F, IT RSS BNC 80A41 H501B, SK 000101/0009.
const nationalIDRunes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -+/."

func plausibleEmail(value string) bool {
	local, domain, ok := strings.Cut(value, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(value, " \t\r\n,;<>") &&
		!strings.Contains(domain, "@") && strings.Trim(domain, ".") == domain
}

const phoneDigitsMin = 5

func plausiblePhone(value string) bool {
	return countDigits(value) >= phoneDigitsMin && strings.Trim(value, "0123456789+-()./ ") == ""
}

func countDigits(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}
