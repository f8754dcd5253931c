package record

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// The document of version 1.

type assessment struct {
	Version int64           `json:"version"`
	Outcome string          `json:"outcome"`
	Input   assessmentInput `json:"input"`
	Made    jsontext.Value  `json:"made"`
}

type assessmentInput struct {
	MerchantID string                         `json:"merchant_id"`
	SessionID  string                         `json:"session_id"`
	Call       string                         `json:"call"`
	Login      string                         `json:"login"`
	DeviceID   string                         `json:"device_id"`
	IP         string                         `json:"ip"`
	Changes    int64                          `json:"changes"`
	CreatedAt  *int64                         `json:"created_at"`
	Denied     bool                           `json:"denied"`
	Now        int64                          `json:"now"`
	Content    jsontext.Value                 `json:"content"`
	History    map[risk.SubjectKind]pastFacts `json:"history"`
}

type pastFacts struct {
	Known   bool   `json:"known"`
	FirstAt *int64 `json:"first_at"`
	Orders  int64  `json:"orders"`
	Facts   []byte `json:"facts"`
}

type assessmentMade struct {
	Reason       string             `json:"reason"`
	AssessmentID string             `json:"assessment_id"`
	Fields       []string           `json:"fields"`
	Due          int64              `json:"due"`
	AtDue        string             `json:"at_due"`
	Rule         string             `json:"rule"`
	RuleSet      string             `json:"rule_set"`
	RulesVersion string             `json:"rules_version"`
	Failed       int                `json:"failed"`
	Reads        []risk.SubjectKind `json:"reads"`
	Steps        []assessmentStep   `json:"steps"`
}

type assessmentStep struct {
	Rule     string `json:"rule"`
	State    string `json:"state"`
	Duration int64  `json:"duration"`
	Error    string `json:"error"`
}

// DecodeAssessment reads what AppendAssessment wrote. The data is not kept.
func DecodeAssessment(data []byte) (risk.Input, risk.Assessment, error) {
	document, in, err := decodeAssessment(data)
	if err != nil {
		return risk.Input{}, risk.Assessment{}, err
	}
	var d assessmentMade
	if err := json.Unmarshal(document.Made, &d, json.RejectUnknownMembers(true)); err != nil {
		return risk.Input{}, risk.Assessment{}, damagedAssessment(err)
	}
	made := risk.Assessment{
		Decision: checkout.Decision{Outcome: checkout.Outcome(document.Outcome), InvalidFields: d.Fields, Reason: d.Reason, AssessmentID: d.AssessmentID,
			Review: checkout.ReviewTerms{Due: time.Duration(d.Due), AtDue: checkout.ReviewVerdict(d.AtDue)}},
		Rule: d.Rule, Failed: d.Failed, RuleSet: d.RuleSet, Version: d.RulesVersion, Reads: d.Reads,
	}
	for _, step := range d.Steps {
		made.Steps = append(made.Steps, risk.Step{Rule: step.Rule, State: risk.State(step.State), Duration: time.Duration(step.Duration), Error: step.Error})
	}
	return in, made, nil
}

// DecodeInput reads what an assessment was made of and what it came to, without
// its explanation, for replaying many.
func DecodeInput(data []byte) (risk.Input, checkout.Outcome, error) {
	document, in, err := decodeAssessment(data)
	return in, checkout.Outcome(document.Outcome), err
}

func damagedAssessment(cause error) error {
	return fmt.Errorf("record: a stored assessment is damaged: %w", cause)
}

func decodeAssessment(data []byte) (assessment, risk.Input, error) {
	data, err := unpackA("assessment", data)
	if err != nil {
		return assessment{}, risk.Input{}, err
	}
	if !bytes.HasPrefix(data, []byte(`{"version":1,`)) {
		return assessment{}, risk.Input{}, refuseAssessment(data)
	}
	var d assessment
	// Names that come twice are not looked for, which takes time: this program does
	// not write them.
	if err := json.Unmarshal(data, &d, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return assessment{}, risk.Input{}, damagedAssessment(err)
	}
	in, err := d.Input.domain()
	if err != nil {
		return assessment{}, risk.Input{}, damagedAssessment(err)
	}
	return d, in, nil
}

// refuseAssessment says what is wrong with a document that is not of version 1.
func refuseAssessment(data []byte) error {
	var d struct {
		Version int64 `json:"version"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return damagedAssessment(err)
	}
	if d.Version <= assessmentVersion {
		return damagedAssessment(errors.New("it does not start with a version this program has written"))
	}
	return fmt.Errorf("record: a stored assessment has format version %d and this program reads up to %d: it was written by a newer version; run that one",
		d.Version, assessmentVersion)
}

func (d *assessmentInput) domain() (risk.Input, error) {
	in := risk.Input{
		MerchantID: d.MerchantID, SessionID: d.SessionID, Call: risk.Call(d.Call), Login: d.Login, DeviceID: d.DeviceID, IP: d.IP,
		Changes: d.Changes, Denied: d.Denied, CreatedAt: timeOrNone(d.CreatedAt), Now: timeOf(d.Now),
	}
	if d.Content != nil {
		content, err := wire.DecodeContent(d.Content)
		if err != nil {
			return risk.Input{}, fmt.Errorf("content: %w", err)
		}
		in.Content = &content
	}
	if d.History != nil {
		in.History = make(risk.History, len(d.History))
	}
	for kind, past := range d.History {
		facts, err := risk.DecodeFacts(past.Facts)
		if err != nil {
			return risk.Input{}, fmt.Errorf("history of %s: %w", kind, err)
		}
		in.History[kind] = risk.Past{Known: past.Known, FirstAt: timeOrNone(past.FirstAt), Orders: past.Orders, Facts: facts}
	}
	return in, nil
}

func timeOrNone(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return timeOf(*ms)
}
