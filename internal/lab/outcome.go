package lab

import (
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// outcomes are the names a caller may give an outcome.
var outcomes = map[string]checkout.Outcome{
	"approve":           checkout.OutcomeApprove,
	"approved":          checkout.OutcomeApprove,
	"deny":              checkout.OutcomeDeny,
	"denied":            checkout.OutcomeDeny,
	"refer":             checkout.OutcomeRefer,
	"referred":          checkout.OutcomeRefer,
	"pending":           checkout.OutcomeRefer,
	"invalid_fields":    checkout.OutcomeInvalidFields,
	"cancel":            checkout.OutcomeCancel,
	"cancelled":         checkout.OutcomeCancel,
	"error":             checkout.OutcomeError,
	"finalize_required": checkout.OutcomeFinalizeRequired,
}

// OutcomeNames lists the main names, for messages.
const OutcomeNames = "approve, deny, refer, invalid_fields, cancel, error, finalize_required"

// Decide is the decision a caller asked for by name. ok is false for a name
// that is unknown. Without invalid fields the customer is asked for the e-mail.
func Decide(name string, invalidFields []string) (decision checkout.Decision, ok bool) {
	outcome, ok := outcomes[strings.ToLower(name)]
	if !ok {
		return checkout.Decision{}, false
	}
	decision = checkout.Decision{Outcome: outcome, Reason: "the call asked for the outcome " + string(outcome)}
	if outcome == checkout.OutcomeInvalidFields {
		decision.InvalidFields = invalidFields
		if len(invalidFields) == 0 {
			decision.InvalidFields = []string{"billing_address.email"}
		}
	}
	return decision, true
}
