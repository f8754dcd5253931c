package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

type replayFlags struct {
	connection
	after    string
	from, to string
	limit    int64
	json     bool
}

func newRulesReplay() *cobra.Command {
	var flags replayFlags
	command := &cobra.Command{
		Use:   "replay FILE",
		Short: "Say what a rule file would have decided about the payments of the past",
		Long: `Replay sends a rule file to a running server, which decides the merchant's stored
assessments again, with what was known then, and tells what would be different.
Nothing is changed. The server runs one replay at a time, beside its traffic.

A replay that was cut off goes on with --after and the id it came to.`,
		Example: "  kvitto rules replay rules.toml\n  kvitto rules replay rules.toml --from 2026-05-01T00:00:00Z --limit 100000",
		Args:    oneArg("one rule file"),
		RunE:    func(c *cobra.Command, args []string) error { return replayRules(c, &flags, args[0]) },
	}
	flags.flags(command)
	command.Flags().StringVar(&flags.after, "after", "", "begin behind the assessment `ID`")
	command.Flags().StringVar(&flags.from, "from", "", "assessments of this `TIME` and later, such as 2026-05-01T09:00:00Z")
	command.Flags().StringVar(&flags.to, "to", "", "assessments before this `TIME`")
	command.Flags().Int64Var(&flags.limit, "limit", 0, "at most `N` assessments")
	command.Flags().BoolVar(&flags.json, "json", false, "print the result as one JSON object")
	return command
}

func replayRules(c *cobra.Command, flags *replayFlags, file string) error {
	// What is wrong with the file is told here, with more words.
	if _, err := goodRules(file); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	question := client.ReplayQuestion{Rules: string(text), After: flags.after, Limit: flags.limit}
	for _, bound := range []struct {
		name, text string
		to         *time.Time
	}{{"from", flags.from, &question.From}, {"to", flags.to, &question.To}} {
		if bound.text == "" {
			continue
		}
		if *bound.to, err = time.Parse(time.RFC3339, bound.text); err != nil {
			return usage("--%s wants a time such as 2026-05-01T09:00:00Z, got %q", bound.name, bound.text)
		}
	}
	server, err := flags.client()
	if err != nil {
		return err
	}
	line := progressLine{w: c.ErrOrStderr(), live: terminal(c.ErrOrStderr())}
	result, err := server.Replay(c.Context(), question, line.tell)
	line.end()
	var refused *client.Error
	switch {
	case errors.As(err, &refused):
		return flags.helpful(err)
	case err != nil && line.last.After != "":
		return fmt.Errorf("%w\ngo on with: --after %s", flags.helpful(err), line.last.After)
	case err != nil:
		return flags.helpful(err)
	}
	if flags.json {
		var line struct {
			Result json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(result.Raw, &line); err != nil {
			return err
		}
		return printDocument(c.OutOrStdout(), line.Result)
	}
	_, err = io.WriteString(c.OutOrStdout(), replayText(&result, flags.commandLine(), paint{terminal(c.OutOrStdout())}))
	return err
}

// progressLine is one line on a terminal that is written over; elsewhere it is a
// line for each tenth.
type progressLine struct {
	w    io.Writer
	live bool
	last client.ReplayProgress
}

func (p *progressLine) tell(progress client.ReplayProgress) {
	before := p.last
	p.last = progress
	switch {
	case p.live:
		_, _ = fmt.Fprintf(p.w, "\r%d of about %d assessments", progress.Done, progress.Total)
	case tenth(progress) > tenth(before):
		_, _ = fmt.Fprintf(p.w, "%d of about %d assessments\n", progress.Done, progress.Total)
	}
}

// tenth is from 0 to 10.
func tenth(p client.ReplayProgress) int64 { return 10 * p.Done / max(p.Total, 1) }

func (p *progressLine) end() {
	if p.live && p.last.Done > 0 {
		_, _ = fmt.Fprintln(p.w)
	}
}

func replayText(r *client.ReplayResult, where string, colours paint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s would be decided differently by %s, version %s\n", colours.bold(fmt.Sprint(r.Different)),
		count(int(r.Compared), "assessment"), printable(r.RuleSet.Name), printable(r.RuleSet.Version))
	if len(r.Changes) > 0 {
		b.WriteString("\nwas              would be\n")
	}
	for _, change := range r.Changes {
		line := fmt.Sprintf("%-16s %-16s %10d", printable(change.Was), printable(change.WouldBe), change.Count)
		if change.Was == change.WouldBe {
			line = colours.dim(line)
		}
		b.WriteString(line + "\n")
	}
	if len(r.Rules) > 0 {
		b.WriteString("\nrule that would decide\n")
	}
	for _, rule := range r.Rules {
		name := rule.Rule
		if name == "" {
			name = "none: approved"
		}
		fmt.Fprintf(&b, "%-33s %10d\n", printable(name), rule.Count)
	}
	if r.Failed > 0 {
		fmt.Fprintf(&b, "\nin %s a rule would fail\n", count(int(r.Failed), "assessment"))
	}
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, "\n%s could not be read and were left out\n", count(int(r.Unreadable), "assessment"))
	}
	for i, example := range r.Examples {
		if i == 0 {
			b.WriteString("\nexamples\n")
		}
		fmt.Fprintf(&b, "%s, would be %s: %s\n", printable(example.Was), printable(example.WouldBe), printable(example.Reason))
		fmt.Fprintf(&b, "  kvitto explain %s%s\n", printable(example.AssessmentID), where)
	}
	return b.String()
}
