package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/risk"
)

func newRules() *cobra.Command {
	command := &cobra.Command{
		Use:   "rules",
		Short: "Check, try and compare files of risk rules",
		Long: `Rules works on the files that say who is approved, without a server. kvitto serve
and kvitto dev take one, or a directory of them, with --rules and read it again
when it changes.`,
		Example: "  kvitto rules default > rules.toml\n  kvitto rules check rules.toml",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newRulesCheck(), newRulesTest(), newRulesDiff(), newRulesReplay(), newRulesNames(), newRulesDefault())
	return command
}

func newRulesCheck() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "check FILE|DIR",
		Short: "Say what each rule means, or everything that is wrong with a rule file",
		Long: `Check reads a rule file as a server would: names, types, cost and order of all
conditions, and the lists that it names. It prints the rules in the order of
evaluation, or every problem with its line. Of a directory it checks every *.toml.`,
		Example: "  kvitto rules check rules.toml\n  kvitto rules check rules.toml --json",
		Args:    oneArg("one rule file, or one directory of them"),
		RunE:    func(c *cobra.Command, args []string) error { return checkRules(c.OutOrStdout(), args[0], asJSON) },
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// ruleReport is what rules check --json prints.
type ruleReport struct {
	File      string        `json:"file,omitempty"` // of a directory
	Valid     bool          `json:"valid"`
	Name      string        `json:"name,omitempty"`
	Version   string        `json:"version,omitempty"`
	OnFailure string        `json:"on_failure,omitempty"`
	Reads     []string      `json:"reads,omitempty"` // whose history
	Rules     []shownRule   `json:"rules"`
	Problems  []ruleProblem `json:"problems"`
}

type shownRule struct {
	Name      string   `json:"name"`
	Priority  int64    `json:"priority"`
	Calls     []string `json:"calls"`
	Condition string   `json:"condition"`
	Action    string   `json:"action"`
	Fields    []string `json:"fields,omitempty"`
	// DueMinutes is an expression.
	DueMinutes string `json:"due_minutes,omitempty"`
	AtDue      string `json:"at_due,omitempty"`
	Reason     string `json:"reason"`
	Line       int    `json:"line"`
	CostMax    uint64 `json:"cost_max"`
}

type ruleProblem struct {
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Key      string `json:"key,omitempty"`
	Problem  string `json:"problem"`
	Value    string `json:"value,omitempty"`
	Expected string `json:"expected,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

// checkRules checks a file, or every rule file of a directory.
func checkRules(w io.Writer, path string, asJSON bool) error {
	files, several := []string{path}, false
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(globbed(path), "*.toml")); err != nil {
			return err
		}
		if len(files) == 0 {
			return errors.New(printable(path) + " has no *.toml")
		}
		several = true
	}
	var told error
	for i, file := range files {
		if i > 0 && !asJSON {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		switch err := checkFile(w, file, asJSON, several); {
		case errors.Is(err, errTold):
			told = err
		case err != nil:
			return err
		}
	}
	return told
}

// globbed is a path in which nothing has a meaning to filepath.Glob.
func globbed(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func checkFile(w io.Writer, file string, asJSON, named bool) error {
	set, err := app.ReadRules(file)
	var invalid *risk.Invalid
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	report := ruleReport{Valid: err == nil, Rules: []shownRule{}, Problems: []ruleProblem{}}
	if invalid != nil {
		for _, p := range invalid.Problems {
			report.Problems = append(report.Problems, ruleProblem{p.Line, p.Column, p.Rule, p.Key, p.Problem, p.Value, p.Expected, p.Hint})
		}
	} else {
		report.Name, report.Version, report.OnFailure, report.Reads = set.Name, set.Version, string(set.OnFailure), names(set.Reads())
		for _, rule := range set.Rules() {
			report.Rules = append(report.Rules, shownRule{rule.Name, rule.Priority, names(rule.Calls), strings.TrimSpace(rule.Condition),
				string(rule.Action), rule.Fields, rule.DueMinutes, string(rule.AtDue), rule.Reason, rule.Line, rule.Cost})
		}
	}
	if named {
		report.File = file
	}
	if asJSON {
		err = printObject(w, report)
	} else {
		_, err = io.WriteString(w, report.text(file, paint{terminal(w)}))
	}
	if err == nil && !report.Valid {
		return errTold
	}
	return err
}

// goodRules are the rules of a file for commands that need one that can be used.
func goodRules(file string) (*risk.RuleSet, error) {
	set, err := app.ReadRules(file)
	return set, notGood(file, err)
}

// notGood leads from a file that cannot be used to what is wrong with it.
func notGood(file string, err error) error {
	var invalid *risk.Invalid
	if errors.As(err, &invalid) {
		return fmt.Errorf("%s has %s; see: kvitto rules check %s", printable(file), count(len(invalid.Problems), "problem"), printable(file))
	}
	return err
}

func names[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

// verbs are the actions as a sentence says them.
var verbs = map[string]string{"approve": "approves", "deny": "denies", "refer": "refers", "ask": "asks for"}

func (r *ruleReport) text(file string, colours paint) string {
	var b strings.Builder
	if !r.Valid {
		fmt.Fprintf(&b, "%s is %s: %s\n", printable(file), colours.bad("not valid"), count(len(r.Problems), "problem"))
		for _, p := range r.Problems {
			p.write(&b, colours)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s is %s: %s, version %s, %s\n", printable(file), colours.good("valid"), r.Name, r.Version, count(len(r.Rules), "rule"))
	for _, rule := range r.Rules {
		what := verbs[rule.Action]
		if len(rule.Fields) > 0 {
			what += " " + strings.Join(rule.Fields, ", ")
		}
		fmt.Fprintf(&b, "\n%d %s %s at %s, when\n", rule.Priority, colours.bold(rule.Name), what, strings.Join(rule.Calls, ", "))
		for line := range strings.SplitSeq(rule.Condition, "\n") {
			b.WriteString("    " + printable(strings.TrimSpace(line)) + "\n")
		}
		due := rule.DueMinutes
		if n, err := strconv.Atoi(due); err == nil {
			due = count(n, "minute")
		} else if due != "" {
			due += " minutes"
		}
		writeReview(&b, due, rule.AtDue)
		b.WriteString("  because " + printable(rule.Reason) + "\n")
	}
	fmt.Fprintf(&b, "\nThe first that holds decides; when none does, the call is approved.\nAfter a rule that fails nothing is approved: on_failure = %s.\n", r.OnFailure)
	return b.String()
}

func (p *ruleProblem) write(b *strings.Builder, colours paint) {
	where := "the file"
	if p.Line > 0 {
		where = fmt.Sprintf("line %d", p.Line)
	}
	if p.Rule != "" {
		where += ", rule " + printable(p.Rule)
	}
	fmt.Fprintf(b, "\n%s\n", colours.bold(where))
	what := p.Problem
	if p.Key != "" {
		what = p.Key + ": " + what
	}
	for i, line := range folded(printable(what), 96) {
		b.WriteString(map[bool]string{true: "  ", false: "    "}[i == 0] + line + "\n")
	}
	for _, row := range [][2]string{{"got", p.Value}, {"expected", p.Expected}, {"hint", p.Hint}} {
		if row[1] == "" {
			continue
		}
		for i, line := range folded(printable(row[1]), 85) {
			name := row[0]
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(b, "    %-8s  %s\n", name, line)
		}
	}
}

func newRulesDefault() *cobra.Command {
	return &cobra.Command{
		Use:     "default",
		Short:   "Print the rules that kvitto serve has without a file",
		Example: "  kvitto rules default > rules.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(risk.DefaultFile())
			return err
		},
	}
}

func newRulesNames() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "names",
		Short: "Print the names that conditions can use, with their types",
		Long: `Names prints what conditions can ask for. Limits on email_history, phone_history
and device_history hold exactly, for any number of payments at the same time.
address_history and ip_history are shared by many people: they are what was
committed when they were read.`,
		Example: "  kvitto rules names",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				return printObject(c.OutOrStdout(), shownNames(risk.Names()))
			}
			var lines []string
			for _, name := range risk.Names() {
				lines = append(lines, namesBelow("", name)...)
			}
			_, err := io.WriteString(c.OutOrStdout(), strings.Join(lines, "\n")+"\n")
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON list")
	return command
}

func namesBelow(prefix string, name risk.Name) []string {
	full := prefix + name.Name
	lines := []string{fmt.Sprintf("%-50s %s", full, name.Type)}
	if strings.HasPrefix(name.Type, "list(") {
		full += "[]"
	}
	for _, property := range name.Properties {
		lines = append(lines, namesBelow(full+".", property)...)
	}
	return lines
}

// shownName is one of rules names --json.
type shownName struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Properties []shownName `json:"properties,omitempty"`
}

func shownNames(names []risk.Name) []shownName {
	shown := make([]shownName, len(names))
	for i, name := range names {
		shown[i] = shownName{name.Name, name.Type, shownNames(name.Properties)}
	}
	return slices.Clip(shown)
}

// writeReview says how an order that is referred is reviewed; what is empty is
// not said.
func writeReview(b *strings.Builder, due, atDue string) {
	if due != "" {
		b.WriteString("  to be decided within " + printable(due) + "\n")
	}
	if atDue != "" {
		b.WriteString("  and when nobody did: " + atDue + "\n")
	}
}
