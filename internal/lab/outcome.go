package lab

import (
	"strings"
	"time"

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
	"accept_later":      checkout.OutcomeRefer,
	"reject_later":      checkout.OutcomeRefer,
}

// later are the outcomes that say how the review of the order ends.
var later = map[string]checkout.ReviewVerdict{
	"accept_later": checkout.ReviewAccept,
	"reject_later": checkout.ReviewReject,
}

// When such a review ends, after the order: usually after 4 to 8 hours, at most
// after 24 (documented).
const (
	AfterMinutes    = 360
	AfterMinutesMax = 24 * 60
)

// OutcomeNames lists the main names, for messages.
const OutcomeNames = "approve, deny, refer, accept_later, reject_later, invalid_fields, cancel, error, finalize_required"

// Name is the main name of an outcome that Decide knows.
func Name(name string) string {
	name = strings.ToLower(name)
	if _, ok := later[name]; ok {
		return name
	}
	return string(outcomes[name])
}

// Decide is the decision a caller asked for by name. ok is false for a name
// that is unknown. Without invalid fields the customer is asked for the e-mail.
// The review that a later outcome names ends so many minutes after the order,
// AfterMinutes if that is 0.
func Decide(name string, invalidFields []string, afterMinutes int64) (decision checkout.Decision, ok bool) {
	name = strings.ToLower(name)
	outcome, ok := outcomes[name]
	if !ok {
		return checkout.Decision{}, false
	}
	decision = checkout.Decision{Outcome: outcome, Reason: "the call asked for the outcome " + Name(name)}
	if verdict, ok := later[name]; ok {
		if afterMinutes == 0 {
			afterMinutes = AfterMinutes
		}
		decision.Review = checkout.ReviewTerms{Due: time.Duration(afterMinutes) * time.Minute, AtDue: verdict}
	}
	if outcome == checkout.OutcomeInvalidFields {
		decision.InvalidFields = invalidFields
		if len(invalidFields) == 0 {
			decision.InvalidFields = []string{"billing_address.email"}
		}
	}
	return decision, true
}
