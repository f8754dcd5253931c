package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Assessment is a run of the risk rules that was kept. String is a text of it for
// people.
type Assessment struct {
	Answer
	ID         string    `json:"assessment_id"`
	SessionID  string    `json:"session_id"`
	Revision   int64     `json:"revision"`       // of the session, that it led to; 0 when it changed nothing
	ExchangeID string    `json:"correlation_id"` // of the exchange that asked
	At         time.Time `json:"at"`
	Call       string    `json:"call"` // authorize
	Ruling
	Microseconds int64            `json:"duration_us"` // of all rules
	Steps        []AssessmentStep `json:"steps"`       // one for each rule, in their order
	Inputs       AssessmentInputs `json:"inputs"`
}

// Ruling is what rules decided.
type Ruling struct {
	Outcome       string   `json:"outcome"`
	Reason        string   `json:"reason"`
	Rule          string   `json:"rule"`           // that decided; empty when none did
	RuleSet       *RuleSet `json:"rule_set"`       // nil when no rules were asked
	InvalidFields []string `json:"invalid_fields"` // what has to be mended
}

// RuleSet is a rule file.
type RuleSet struct {
	Name    string `json:"name"`
	Version string `json:"version"` // the beginning of its hash
}

// AssessmentStep is what became of a rule: matched, not_matched, failed,
// other_call or not_reached.
type AssessmentStep struct {
	Rule         string `json:"rule"`
	State        string `json:"state"`
	Microseconds int64  `json:"duration_us"`
	Error        string `json:"error"`
}

// AssessmentInputs are what the rules looked at.
type AssessmentInputs struct {
	Content  json.RawMessage `json:"content"` // the session's, with what the customer added
	Login    string          `json:"login"`
	DeviceID string          `json:"device_id"`
	IP       string          `json:"ip"`
	Session  struct {
		Changes    int64 `json:"changes"`
		AgeSeconds int64 `json:"age_seconds"`
		Denied     bool  `json:"denied"`
	} `json:"session"`
	Signals []Signal `json:"signals"` // those that are neither false nor 0
}

// Signal is something that rules can ask for beside the content.
type Signal struct {
	Name  string `json:"name"` // email_history.approvals_day
	Value string `json:"value"`
}

// Assessment returns one of this merchant's assessments.
func (c *Client) Assessment(ctx context.Context, assessmentID string) (Assessment, error) {
	var answer Assessment
	err := c.do(ctx, call{operation: "read assessment", method: http.MethodGet, path: "/kvitto/v1/assessments/{id}", id: assessmentID}, &answer)
	return answer, err
}

// Assessments are the newest of a session.
type Assessments struct {
	Answer
	Assessments []ListedAssessment `json:"assessments"` // the newest first, at most 100
}

// ListedAssessment is an assessment in a list; Client.Assessment has all of it.
type ListedAssessment struct {
	ID         string    `json:"assessment_id"`
	SessionID  string    `json:"session_id"`
	Revision   int64     `json:"revision"`
	ExchangeID string    `json:"correlation_id"`
	At         time.Time `json:"at"`
	Call       string    `json:"call"`
	Outcome    string    `json:"outcome"`
}

// Assessments returns the newest assessments of a session. An unknown session is a
// 404.
func (c *Client) Assessments(ctx context.Context, sessionID string) (Assessments, error) {
	var answer Assessments
	err := c.do(ctx, call{operation: "read session assessments", method: http.MethodGet,
		path: "/kvitto/v1/sessions/{id}/assessments", id: sessionID}, &answer)
	return answer, err
}

// String says what was decided, why, what became of each rule, and what they
// looked at. It ends with a newline and has no control characters in its lines.
func (a Assessment) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", clean(a.Call), clean(a.Outcome))
	fmt.Fprintf(&b, "assessment %s\nsession %s", clean(a.ID), clean(a.SessionID))
	if a.Revision > 0 {
		fmt.Fprintf(&b, ", revision %d", a.Revision)
	}
	fmt.Fprintf(&b, "\nexchange %s\n%s, rules took %.3f ms\n\n", clean(a.ExchangeID), moment(a.At), float64(a.Microseconds)/1000)
	if a.Reason != "" {
		b.WriteString(wrapped("why: ", "     ", clean(a.Reason)))
	} else {
		b.WriteString("why: the operator of the server does not tell\n")
	}
	if len(a.InvalidFields) > 0 {
		b.WriteString(wrapped("fields to mend: ", "     ", clean(strings.Join(a.InvalidFields, ", "))))
	}
	a.writeSteps(&b)
	a.Inputs.write(&b)
	return b.String()
}

func (a *Assessment) writeSteps(b *strings.Builder) {
	if a.RuleSet == nil {
		b.WriteString("\nNo rules were asked.\n")
		return
	}
	fmt.Fprintf(b, "\nrules of %s, version %s\n", clean(a.RuleSet.Name), clean(a.RuleSet.Version))
	width := 0
	for _, step := range a.Steps {
		width = max(width, len([]rune(step.Rule)))
	}
	for _, step := range a.Steps {
		line := fmt.Sprintf("  %-*s  %-11s  %8s", width, clean(step.Rule), clean(strings.ReplaceAll(step.State, "_", " ")), took(step))
		if step.Rule == a.Rule {
			line += "  decides"
		}
		if step.Error != "" {
			line += "  " + clean(step.Error)
		}
		b.WriteString(clip(strings.TrimRight(line, " ")) + "\n")
	}
}

// took is empty for a rule that was not evaluated.
func took(step AssessmentStep) string {
	if step.State == "other_call" || step.State == "not_reached" {
		return ""
	}
	return strconv.FormatInt(step.Microseconds, 10) + " µs"
}

// groups are the signals by what they are about, the name of which comes first.
// A signal that is true has no value.
func (i *AssessmentInputs) groups() [][]string {
	var groups [][]string
	for _, signal := range i.Signals {
		about, name, composed := strings.Cut(clean(signal.Name), ".")
		if !composed {
			about, name = "other", about
		}
		if len(groups) == 0 || groups[len(groups)-1][0] != about {
			groups = append(groups, []string{about})
		}
		if signal.Value != "true" {
			name += " " + clean(signal.Value)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], name)
	}
	return groups
}

func (i *AssessmentInputs) write(b *strings.Builder) {
	b.WriteString("\nlooked at\n")
	for _, said := range []struct{ name, value string }{{"login", i.Login}, {"device", i.DeviceID}, {"ip", i.IP}} {
		if said.value != "" {
			fmt.Fprintf(b, "  %-8s  %s\n", said.name, clip(clean(said.value)))
		}
	}
	fmt.Fprintf(b, "  session   %d changes, %s old", i.Session.Changes, time.Duration(i.Session.AgeSeconds)*time.Second)
	if i.Session.Denied {
		b.WriteString(", denied before")
	}
	b.WriteString("\n")
	for _, group := range i.groups() {
		b.WriteString(wrapped("  "+group[0]+": ", "      ", strings.Join(group[1:], ", ")))
	}
	writeBody(b, "content", i.Content)
}

// OfferQuestion asks what a customer would be offered: of a session, of what
// else is said, or of the session as that would change it. What is empty is not
// said.
type OfferQuestion struct {
	SessionID             string
	PurchaseCountry       string
	PurchaseCurrency      string
	OrderAmount           string // minor units
	PaymentMethodCategory string // empty asks about all of the market's
}

// Offers is what a load would show.
type Offers struct {
	Answer
	Offers []Offering `json:"offers"`
	Load   Ruling     `json:"load"` // what the rules say of a load
}

// Offering is one way to pay.
type Offering struct {
	PaymentMethodCategory string      `json:"payment_method_category"`
	Name                  string      `json:"name"`
	Offered               bool        `json:"offered"`
	Reasons               []Violation `json:"reasons"` // why it is not
	Notes                 []Violation `json:"notes"`   // what hides nothing and is easily overlooked
}

// Offers tells what a load would show, and why not the rest.
func (c *Client) Offers(ctx context.Context, question OfferQuestion) (Offers, error) {
	var answer Offers
	query := url.Values{}
	for name, value := range map[string]string{
		"session_id": question.SessionID, "purchase_country": question.PurchaseCountry, "purchase_currency": question.PurchaseCurrency,
		"order_amount": question.OrderAmount, "payment_method_category": question.PaymentMethodCategory,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	err := c.do(ctx, call{operation: "read offers", method: http.MethodGet, path: "/kvitto/v1/offers", query: query}, &answer)
	return answer, err
}
