package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// circumstances are what a rule is told beside the session.
type circumstances struct {
	call, login, merchant, at, history string
	json                               bool
}

func (f *circumstances) flags(command *cobra.Command) {
	command.Flags().StringVar(&f.call, "call", "authorize", "the `CALL` that asks: load, authorize, reauthorize or finalize")
	command.Flags().StringVar(&f.login, "login", "", "the e-mail address or phone number the customer signed in with")
	command.Flags().StringVar(&f.merchant, "merchant", "", "the `ID` of the merchant")
	command.Flags().StringVar(&f.at, "at", "", "the `TIME` of the call, such as 2026-01-31T13:00:00Z (default: now)")
	command.Flags().StringVar(&f.history, "history", "", "the `FILE` with what is remembered of who takes part; see docs/risk.md")
	command.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
}

func (f *circumstances) input() (risk.Input, error) {
	in := risk.Input{Call: risk.Call(f.call), Login: f.login, MerchantID: f.merchant, Now: time.Now()}
	switch in.Call {
	case risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize:
	default:
		return in, usage("--call wants load, authorize, reauthorize or finalize, got %q", f.call)
	}
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return in, usage("--at wants a time such as 2026-01-31T13:00:00Z, got %q", f.at)
		}
		in.Now = at
	}
	if f.history != "" {
		return in, readHistory(f.history, &in)
	}
	return in, nil
}

func newRulesTest() *cobra.Command {
	var flags circumstances
	var session string
	command := &cobra.Command{
		Use:   "test FILE --session cart.json",
		Short: "Say what a rule file decides about a session, and which rule it was",
		Long: `Test evaluates a rule file for the body of a create session and prints what every
rule came to. The session file is - for standard input.`,
		Example: "  kvitto rules test rules.toml --session cart.json\n  kvitto rules test rules.toml --session - --call load < cart.json",
		Args:    oneArg("one rule file"),
		RunE: func(c *cobra.Command, args []string) error {
			if session == "" {
				return usage("test needs --session with the body of a create session")
			}
			return testRules(c, args[0], session, &flags)
		},
	}
	command.Flags().StringVar(&session, "session", "", "the `FILE` with the body of a create session; - for standard input")
	flags.flags(command)
	return command
}

// ruleDecision is what rules test --json prints.
type ruleDecision struct {
	Rules   string   `json:"rules"`
	Version string   `json:"version"`
	Outcome string   `json:"outcome"`
	Fields  []string `json:"fields,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Reason  string   `json:"reason"`
	// DueSeconds and AtDue are how the order of refer is reviewed.
	DueSeconds float64      `json:"due_seconds,omitempty"`
	AtDue      string       `json:"at_due,omitempty"`
	Trace      []ruleTrace  `json:"trace"`
	Signals    []ruleSignal `json:"signals"`
	Ignored    []string     `json:"ignored"` // properties of a wrong type
}

// ruleSignal is something that rules can ask for and that is not in the session.
type ruleSignal struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type ruleTrace struct {
	Rule     string  `json:"rule"`
	State    string  `json:"state"`
	Duration float64 `json:"duration_us"`
	Error    string  `json:"error,omitempty"`
}

func testRules(c *cobra.Command, file, session string, flags *circumstances) error {
	in, err := flags.input()
	if err != nil {
		return err
	}
	set, err := goodRules(file)
	if err != nil {
		return err
	}
	body, err := readBody(c.InOrStdin(), session)
	if err != nil {
		return err
	}
	content, ignored, err := sessionContent(session, body)
	if err != nil {
		return err
	}
	in.Content = content
	made := set.Evaluate(in, time.Now)
	shown := ruleDecision{Rules: set.Name, Version: set.Version, Outcome: outcomeName(made.Decision.Outcome), Fields: made.Decision.InvalidFields,
		Rule: made.Rule, Reason: made.Decision.Reason, Signals: []ruleSignal{}, Trace: []ruleTrace{}, Ignored: ignored,
		DueSeconds: made.Decision.Review.Due.Seconds(), AtDue: string(made.Decision.Review.AtDue)}
	for _, signal := range risk.Signals(&in) {
		shown.Signals = append(shown.Signals, ruleSignal(signal))
	}
	for _, step := range made.Steps {
		shown.Trace = append(shown.Trace, ruleTrace{step.Rule, string(step.State), float64(step.Duration.Nanoseconds()) / 1000, step.Error})
	}
	if flags.json {
		return printObject(c.OutOrStdout(), shown)
	}
	_, err = io.WriteString(c.OutOrStdout(), shown.text(paint{terminal(c.OutOrStdout())}))
	return err
}

// sessionContent is a body as the rules see it, and which of its properties
// have a wrong type and are left out.
func sessionContent(name string, body []byte) (*checkout.Content, []string, error) {
	request, err := wire.DecodeRequest(body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s", printable(name), malformation(body, err))
	}
	ignored := []string{}
	for _, problem := range request.Problems {
		ignored = append(ignored, problem.Path)
	}
	content := checkout.Content{}.Merge(request.Content)
	return &content, ignored, nil
}

// outcomeName is the action of a rule that leads to the outcome.
func outcomeName(outcome checkout.Outcome) string {
	if outcome == checkout.OutcomeInvalidFields {
		return string(risk.ActionAsk)
	}
	return string(outcome)
}

var stateWords = map[string]string{
	"matched": "holds", "not_matched": "does not hold", "failed": "failed", "other_call": "is for other calls", "not_reached": "was not reached",
}

func (d *ruleDecision) text(colours paint) string {
	var b strings.Builder
	by := "no rule"
	if d.Rule != "" {
		by = "the rule " + d.Rule
	}
	outcome := d.Outcome
	if len(d.Fields) > 0 {
		outcome += " for " + strings.Join(d.Fields, ", ")
	}
	fmt.Fprintf(&b, "%s by %s\n  %s\n", colours.bold(outcome), by, printable(d.Reason))
	if due := time.Duration(d.DueSeconds * float64(time.Second)); due > 0 || d.AtDue != "" {
		b.WriteString("  " + strings.TrimSpace("due after "+due.String()+" "+d.AtDue) + "\n")
	}
	b.WriteString("\n")
	for _, step := range d.Trace {
		line := fmt.Sprintf("  %-32s %s", step.Rule, stateWords[step.State])
		if step.Duration > 0 {
			line += fmt.Sprintf(" (%.1f µs)", step.Duration)
		}
		b.WriteString(line + "\n")
		if step.Error != "" {
			b.WriteString("    " + printable(step.Error) + "\n")
		}
	}
	if len(d.Signals) > 0 {
		b.WriteString("\nBeside the session:\n")
		for _, signal := range d.Signals {
			fmt.Fprintf(&b, "  %-40s %s\n", signal.Name, signal.Value)
		}
	}
	if len(d.Ignored) > 0 {
		b.WriteString("\nLeft out, because the type is wrong: " + printable(strings.Join(d.Ignored, ", ")) + "\n")
	}
	return b.String()
}

func newRulesDiff() *cobra.Command {
	var flags circumstances
	var sessions string
	command := &cobra.Command{
		Use:   "diff A B --sessions DIR",
		Short: "Say which sessions two rule files decide differently",
		Long: `Diff evaluates both rule files for every *.json of a directory, each the body of a
create session, and counts what would be decided differently, with examples.`,
		Example: "  kvitto rules diff rules.toml new-rules.toml --sessions carts",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("diff needs two rule files")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if sessions == "" {
				return usage("diff needs --sessions with a directory of bodies")
			}
			return diffRules(c, args[0], args[1], sessions, &flags)
		},
	}
	command.Flags().StringVar(&sessions, "sessions", "", "the `DIR` with the bodies, one in each *.json")
	flags.flags(command)
	return command
}

// ruleDifferences are what rules diff --json prints.
type ruleDifferences struct {
	Compared  int          `json:"compared"`
	Different int          `json:"different"`
	Changes   []ruleChange `json:"changes"`
	NotRead   []string     `json:"not_read"` // files with the reason
}

type ruleChange struct {
	From     string        `json:"from"`
	To       string        `json:"to"`
	Count    int           `json:"count"`
	Examples []ruleExample `json:"examples"` // the first few
}

type ruleExample struct {
	File    string `json:"file"`
	ReasonA string `json:"reason_a"`
	ReasonB string `json:"reason_b"`
}

const examplesMax = 5

func diffRules(c *cobra.Command, fileA, fileB, dir string, flags *circumstances) error {
	in, err := flags.input()
	if err != nil {
		return err
	}
	a, err := goodRules(fileA)
	if err != nil {
		return err
	}
	b, err := goodRules(fileB)
	if err != nil {
		return err
	}
	found, err := compared(a, b, dir, in)
	if err != nil {
		return err
	}
	if flags.json {
		err = printObject(c.OutOrStdout(), found)
	} else {
		_, err = io.WriteString(c.OutOrStdout(), found.text(paint{terminal(c.OutOrStdout())}))
	}
	if err == nil && len(found.NotRead) > 0 {
		return errTold
	}
	return err
}

func compared(a, b *risk.RuleSet, dir string, in risk.Input) (*ruleDifferences, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	found := &ruleDifferences{Changes: []ruleChange{}, NotRead: []string{}}
	for _, entry := range entries {
		if entry.IsDir() || filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		body, err := readBody(nil, filepath.Join(dir, entry.Name()))
		if err == nil {
			in.Content, _, err = sessionContent(entry.Name(), body)
		}
		if err != nil {
			found.NotRead = append(found.NotRead, err.Error())
			continue
		}
		found.Compared++
		found.add(entry.Name(), a.Evaluate(in, nil).Decision, b.Evaluate(in, nil).Decision)
	}
	if found.Compared == 0 && len(found.NotRead) == 0 {
		return nil, errors.New(printable(dir) + " has no *.json")
	}
	slices.SortStableFunc(found.Changes, func(x, y ruleChange) int {
		return cmp.Or(y.Count-x.Count, strings.Compare(x.From, y.From), strings.Compare(x.To, y.To))
	})
	return found, nil
}

// add notes decisions that differ in their outcome or in what is asked for.
func (d *ruleDifferences) add(file string, a, b checkout.Decision) {
	if a.Outcome == b.Outcome && slices.Equal(a.InvalidFields, b.InvalidFields) {
		return
	}
	d.Different++
	from, to := outcomeWithFields(a), outcomeWithFields(b)
	i := slices.IndexFunc(d.Changes, func(c ruleChange) bool { return c.From == from && c.To == to })
	if i < 0 {
		i = len(d.Changes)
		d.Changes = append(d.Changes, ruleChange{From: from, To: to})
	}
	d.Changes[i].Count++
	if len(d.Changes[i].Examples) < examplesMax {
		d.Changes[i].Examples = append(d.Changes[i].Examples, ruleExample{file, a.Reason, b.Reason})
	}
}

func outcomeWithFields(d checkout.Decision) string {
	name := outcomeName(d.Outcome)
	if len(d.InvalidFields) > 0 {
		name += " for " + strings.Join(d.InvalidFields, ", ")
	}
	return name
}

func (d *ruleDifferences) text(colours paint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n", count(d.Compared, "session"), colours.bold(fmt.Sprintf("%d decided differently", d.Different)))
	for _, change := range d.Changes {
		fmt.Fprintf(&b, "\n%s -> %s: %d\n", change.From, change.To, change.Count)
		for _, example := range change.Examples {
			fmt.Fprintf(&b, "  %s\n    %s\n    %s\n", printable(example.File), printable(example.ReasonA), printable(example.ReasonB))
		}
	}
	for _, reason := range d.NotRead {
		fmt.Fprintf(&b, "\nnot read: %s\n", printable(reason))
	}
	return b.String()
}
