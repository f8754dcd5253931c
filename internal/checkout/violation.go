package checkout

import "time"

// Stage orders the rules. Only the violations of the first stage that fails
// are named in an error message, as recorded traffic shows: `{}` names country
// and currency but neither amount nor lines.
type Stage uint8

// The stages in the order they are checked.
const (
	StageMarket Stage = iota + 1
	StageFields
	StageLineTotals
	StageLineTaxes
	StageOrderAmount
	StageOrderTaxAmount
	StageMatch
)

// Arithmetic tells whether a stage is about sums: what Correct can mend.
func (s Stage) Arithmetic() bool { return s >= StageLineTotals && s <= StageOrderTaxAmount }

// Rule is the stable name of a rule, for programs.
type Rule string

// The rules.
const (
	RuleRequired       Rule = "required"
	RuleType           Rule = "type"
	RuleLength         Rule = "length"
	RuleRange          Rule = "range"
	RuleFormat         Rule = "format"
	RuleCount          Rule = "count"
	RuleCountry        Rule = "supported_country"
	RuleCurrency       Rule = "currency_of_country"
	RuleAttachment     Rule = "attachment"
	RuleLineTotal      Rule = "line_total"
	RuleLineTax        Rule = "line_tax"
	RuleOrderAmount    Rule = "order_amount"
	RuleOrderTaxAmount Rule = "order_tax_amount"
	RuleMatch          Rule = "matches_authorization"
	RuleCartSize       Rule = "cart_size"
	RuleSameBody       Rule = "same_body"
	RuleTokenCountry   Rule = "country_of_session"
)

// Violation is one broken rule, with everything needed to mend it.
type Violation struct {
	Path      string // order_lines[1].total_tax_amount
	Rule      Rule
	Stage     Stage
	Sent      any // string, int64, bool or nil when the property was absent
	Expected  any // likewise; words where there is no single value
	Tolerance int64
	Hint      string
	// SentBy and ExpectedBy name the requests that set the two values of a
	// comparison. Empty for rules that look at one body.
	SentBy     Origin
	ExpectedBy Origin
}

// Origin is the request that set a value.
type Origin struct {
	CorrelationID string
	Operation     string
	Revision      int64
	At            time.Time
}

// Kind says why a command was refused; the edge turns it into status, code and
// message.
type Kind uint8

// The kinds of refusal.
const (
	KindBadRequest Kind = iota + 1
	KindBadValue
	KindUnauthorized
	KindSessionNotFound
	KindSessionCompleted
	KindAuthorizationNotFound
	KindAuthorizationNotDeletable
	KindNotMatching
	KindCompletedDifferently
	KindRejected
	KindOperationNotAllowed
	KindTokenConsumed
	KindTokenizeNotAllowed
	KindNotFound
	KindMethodNotAllowed
	KindUnsupportedMediaType
	KindTooLarge
	KindUnavailable
	KindTooManyRequests
	KindOverloaded
	KindClientGone
	KindInternal
	KindExpressNotOffered
	KindBadGateway     // only a fault of a playground
	KindGatewayTimeout // likewise
)

// Refusal is why a command was not carried out. Violations are all that were
// found, of every stage, in the order of the stages.
type Refusal struct {
	Kind       Kind
	Violations []Violation
	Reason     string // one sentence for explanations; never on the wire
}

// Error makes a Refusal usable as an error inside the shell.
func (r *Refusal) Error() string { return r.Reason }

func refuse(kind Kind, reason string) *Refusal {
	return &Refusal{Kind: kind, Reason: reason}
}

func refuseValues(violations []Violation) *Refusal {
	return &Refusal{Kind: KindBadValue, Violations: violations, Reason: "the body breaks a rule"}
}

// FirstStage returns the violations of the first stage that failed: those the
// error message names.
func FirstStage(violations []Violation) []Violation {
	if len(violations) == 0 {
		return nil
	}
	end := 1
	for end < len(violations) && violations[end].Stage == violations[0].Stage {
		end++
	}
	return violations[:end]
}
