package assessor

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// The limits of an answer.
const (
	ReasonMax     = 300 // characters
	DueMinutesMax = 7 * 24 * 60
)

// outcomes are what an answer may say.
var outcomes = map[string]checkout.Outcome{
	"approve": checkout.OutcomeApprove, "deny": checkout.OutcomeDeny, "refer": checkout.OutcomeRefer, "ask": checkout.OutcomeInvalidFields,
}

// answerNames are the properties of an answer.
var answerNames = []string{"outcome", "reason", "fields", "due_minutes", "at_due"}

// decisionOf reads an answer. What is wrong is said without what was sent.
func decisionOf(body []byte) (checkout.Decision, *failure) {
	answer, problems, err := wire.DecodeAssessorAnswer(body)
	if err != nil {
		return checkout.Decision{}, nonsense("the body is no JSON object")
	}
	if len(problems) > 0 {
		if name := problems[0].Path; !slices.Contains(answerNames, name) {
			return checkout.Decision{}, nonsense("a property is none of an answer, or has a wrong type inside")
		}
		return checkout.Decision{}, nonsense(problems[0].Path + " has a wrong type")
	}
	outcome, known := outcomes[answer.Outcome]
	switch {
	case !known:
		return checkout.Decision{}, nonsense("the outcome is not approve, deny, refer or ask")
	case utf8.RuneCountInString(answer.Reason) > ReasonMax:
		return checkout.Decision{}, nonsense("the reason is longer than " + strconv.Itoa(ReasonMax) + " characters")
	}
	if failure := fieldsOf(&answer, outcome); failure != nil {
		return checkout.Decision{}, failure
	}
	review, failure := reviewOf(&answer, outcome)
	if failure != nil {
		return checkout.Decision{}, failure
	}
	reason := answer.Reason
	if reason == "" {
		reason = "no reason was given"
	}
	return checkout.Decision{Outcome: outcome, InvalidFields: answer.Fields, Review: review, Reason: reason + " (the operator's assessor)"}, nil
}

// fieldsOf: ask has fields that the page can ask for, nothing else has any.
func fieldsOf(answer *wire.AssessorAnswer, outcome checkout.Outcome) *failure {
	askable := risk.Askable()
	switch asks := outcome == checkout.OutcomeInvalidFields; {
	case asks && len(answer.Fields) == 0:
		return nonsense("ask comes without fields")
	case !asks && len(answer.Fields) > 0:
		return nonsense("fields come without ask")
	case len(answer.Fields) > len(askable):
		return nonsense("there are more fields than can be asked for")
	}
	for _, field := range answer.Fields {
		if !slices.Contains(askable, field) {
			return nonsense("a field is no property of billing_address, shipping_address or customer")
		}
	}
	return nil
}

// reviewOf: refer may say when and how its review ends.
func reviewOf(answer *wire.AssessorAnswer, outcome checkout.Outcome) (checkout.ReviewTerms, *failure) {
	due, atDue := answer.DueMinutes, checkout.ReviewVerdict(answer.AtDue)
	switch {
	case outcome != checkout.OutcomeRefer && (due.Set || atDue != ""):
		return checkout.ReviewTerms{}, nonsense("due_minutes and at_due come without refer")
	case due.Set && (due.Value < 1 || due.Value > DueMinutesMax):
		return checkout.ReviewTerms{}, nonsense("due_minutes is not from 1 to " + strconv.Itoa(DueMinutesMax))
	case atDue != "" && atDue != checkout.ReviewAccept && atDue != checkout.ReviewReject:
		return checkout.ReviewTerms{}, nonsense("at_due is neither accept nor reject")
	}
	return checkout.ReviewTerms{Due: time.Duration(due.Value) * time.Minute, AtDue: atDue}, nil
}
