package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

type replayFlags struct {
	connection
	operator operator
	merchant string
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
Nothing is changed. The server runs one replay at a time, beside its traffic. The
lists that the file names are sent with it.

With --config, --store or --data it is the operator's, about all merchants or
--merchant ID, also while the server runs.

A replay that was cut off goes on with --after and the id it came to.`,
		Example: "  kvitto rules replay rules.toml\n  kvitto rules replay rules.toml --from 2026-05-01T00:00:00Z --limit 100000\n  kvitto rules replay rules.toml --config kvitto.toml",
		Args:    oneArg("one rule file"),
		RunE:    func(c *cobra.Command, args []string) error { return replayRules(c, &flags, args[0]) },
	}
	flags.flags(command)
	flags.operator.flags(command)
	command.Flags().StringVar(&flags.merchant, "merchant", "", "those of the merchant `ID` only; for the operator")
	command.Flags().StringVar(&flags.after, "after", "", "begin behind the assessment `ID`")
	command.Flags().StringVar(&flags.from, "from", "", "assessments of this `TIME` and later, such as 2026-05-01T09:00:00Z")
	command.Flags().StringVar(&flags.to, "to", "", "assessments before this `TIME`")
	command.Flags().Int64Var(&flags.limit, "limit", 0, "at most `N` assessments")
	command.Flags().BoolVar(&flags.json, "json", false, "print the result as one JSON object")
	return command
}

func replayRules(c *cobra.Command, flags *replayFlags, file string) error {
	text, lists, err := app.ReadSentRules(file)
	if err != nil {
		return notGood(file, err)
	}
	question := client.ReplayQuestion{Rules: text, Lists: lists, After: flags.after, Limit: flags.limit}
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
	line := progressLine{w: c.ErrOrStderr(), live: terminal(c.ErrOrStderr())}
	result, err := flags.ask(c, question, line.tell)
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
	explain, where := "kvitto explain ", flags.commandLine()
	if operates(c) {
		explain, where = "assessment ", "" // which its merchant can look at
	}
	_, err = io.WriteString(c.OutOrStdout(), replayText(&result, explain, where, paint{terminal(c.OutOrStdout())}))
	return err
}

// ask asks as the merchant over HTTP, or as the operator.
func (f *replayFlags) ask(c *cobra.Command, question client.ReplayQuestion, tell func(client.ReplayProgress)) (result client.ReplayResult, err error) {
	if !operates(c) {
		server, err := f.client()
		if err != nil {
			return result, err
		}
		return server.Replay(c.Context(), question, tell)
	}
	err = f.operator.administer(c, func(a app.Admin) error {
		ctx, cancel := context.WithCancel(c.Context())
		defer cancel()
		lines, written := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			asked := admin.ReplayQuestion{Rules: question.Rules, Lists: question.Lists, Merchant: f.merchant,
				After: question.After, From: question.From, To: question.To, Limit: question.Limit}
			written.CloseWithError(a.Replay(ctx, asked, func(line []byte) error {
				_, err := written.Write(append(line, '\n'))
				return err
			}))
		}()
		result, err = client.ReadReplay(lines, tell)
		cancel()
		err = errors.Join(err, lines.Close())
		<-ended // before the store is closed
		return err
	})
	return result, err
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

func replayText(r *client.ReplayResult, explain, where string, colours paint) string {
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
	for _, left := range []struct {
		count int64
		why   string
	}{
		{r.Primed, "said by tests and no rules"}, {r.Assessor, "decided by the operator's assessor"}, {r.Unreadable, "not readable"},
	} {
		if left.count > 0 {
			fmt.Fprintf(&b, "\nleft out: %s, %s\n", count(int(left.count), "assessment"), left.why)
		}
	}
	for i, example := range r.Examples {
		if i == 0 {
			b.WriteString("\nexamples\n")
		}
		fmt.Fprintf(&b, "%s, would be %s: %s\n", printable(example.Was), printable(example.WouldBe), printable(example.Reason))
		fmt.Fprintf(&b, "  %s%s%s\n", explain, printable(example.AssessmentID), where)
	}
	return b.String()
}
