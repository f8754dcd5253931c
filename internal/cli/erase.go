package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

func newErase() *cobra.Command {
	var from operator
	var question admin.EraseQuestion
	var dryRun, yes bool
	command := &cobra.Command{
		Use:   "erase",
		Short: "Erase a person's data from sessions, orders, the request log and all that is beside them",
		Long: `Erase takes a person's data out of everything that the store and its request log
have, and leaves what money is about. Without --yes it counts and changes nothing.

A person is named by whole e-mail addresses and phone numbers, as the shops send
them; each of them finds the person. --session or --order is a payment of the
person, which names them by what is in it.

It works on the store, also while kvitto serve runs, and on that of kvitto dev with
--data DIR when it has ended. What was erased before it was cut off stays erased: run
the same again. --compact writes the files of the store anew, without which free room
in them may keep old bytes; nothing else is written meanwhile. See docs/privacy.md,
also for backups.`,
		Example: "  kvitto erase --merchant ID --email name@example.com\n  kvitto erase --merchant ID --email name@example.com --phone \"+46 70 123 45 67\" --yes\n  kvitto erase --all-merchants --order ORDER_ID --yes --compact",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkErase(&question, dryRun, yes); err != nil {
				return err
			}
			question.DryRun = !yes
			return from.administer(c, func(a app.Admin) error { return erasePerson(c, a, question, from.json) })
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print the counts as one JSON object")
	flags := command.Flags()
	flags.StringArrayVar(&question.Emails, "email", nil, "a whole e-mail `ADDRESS`; may be given again")
	flags.StringArrayVar(&question.Phones, "phone", nil, "a whole phone `NUMBER`; may be given again")
	flags.StringVar(&question.Session, "session", "", "a payment of the person, by the `ID` of its session")
	flags.StringVar(&question.Order, "order", "", "likewise, by the `ID` of its order")
	flags.StringVar(&question.Merchant, "merchant", "", "from the data of the merchant `ID`")
	flags.BoolVar(&question.AllMerchants, "all-merchants", false, "from the data of all merchants")
	flags.BoolVar(&question.Compact, "compact", false, "write the files of the store anew at the end")
	flags.BoolVar(&dryRun, "dry-run", false, "count and change nothing, as without --yes")
	flags.BoolVar(&yes, "yes", false, "erase; it cannot be undone")
	return command
}

func checkErase(q *admin.EraseQuestion, dryRun, yes bool) error {
	switch {
	case dryRun && yes:
		return usage("--dry-run counts and --yes erases; give one of them")
	case q.AllMerchants == (q.Merchant != ""):
		return usage("say whose data: --merchant ID or --all-merchants; kvitto merchant list has the ids")
	case len(q.Emails) == 0 && len(q.Phones) == 0 && q.Session == "" && q.Order == "":
		return usage("nobody is named: give --email, --phone, --session or --order")
	case q.Compact && !yes:
		return usage("--compact goes with --yes: counting leaves nothing behind")
	}
	return nil
}

// erasePerson asks and shows what comes back.
func erasePerson(c *cobra.Command, desk admin.EraseDesk, question admin.EraseQuestion, asJSON bool) error {
	progress := stepLine{w: c.ErrOrStderr(), live: terminal(c.ErrOrStderr())}
	var result *admin.Erasure
	var told string
	err := desk.Erase(c.Context(), question, func(line []byte) error {
		var said admin.ErasureLine
		if err := json.Unmarshal(line, &said); err != nil {
			return fmt.Errorf("the answer cannot be read: %w", err)
		}
		if said.Progress != nil {
			progress.tell(said.Progress.Step, said.Progress.Done)
		}
		if said.Result != nil {
			result = said.Result
		}
		told = said.Error
		return nil
	})
	progress.end()
	switch {
	case err != nil:
		return err
	case told != "":
		return errors.New(told)
	case result == nil:
		return errors.New("the server stopped before it had ended\nwhat was erased stays erased; run the same again")
	case asJSON:
		document, err := json.Marshal(result)
		if err != nil {
			return err
		}
		return printDocument(c.OutOrStdout(), document)
	}
	_, err = io.WriteString(c.OutOrStdout(), erasureText(result, question.Compact))
	return err
}

// stepLine is one line on a terminal that is written over; elsewhere each step has
// a line when it ends.
type stepLine struct {
	w    io.Writer
	live bool
	step string
	done int64
}

func (p *stepLine) tell(step string, done int64) {
	if step != p.step {
		p.end()
	}
	if p.step, p.done = step, done; p.live {
		_, _ = fmt.Fprintf(p.w, "\r%s: %d", printable(step), done)
	}
}

func (p *stepLine) end() {
	switch {
	case p.step == "":
	case p.live:
		_, _ = fmt.Fprintln(p.w)
	default:
		_, _ = fmt.Fprintf(p.w, "%s: %d\n", printable(p.step), p.done)
	}
	p.step = ""
}

func erasureText(e *admin.Erasure, compact bool) string {
	var b strings.Builder
	if e.DryRun {
		b.WriteString("would be erased from\n")
	} else {
		b.WriteString("erased from\n")
	}
	ends := "ends"
	if e.Open != 1 {
		ends = "end"
	}
	for _, row := range []struct {
		what  string
		count int64
		more  string
	}{
		{"sessions", e.Sessions, fmt.Sprintf("%d of them open, which %s", e.Open, ends)},
		{"orders", e.Orders, "which stay, without the person"},
		{"exchanges", e.Exchanges, "of the request log"},
		{"assessments", e.Assessments, "which keep what was decided"},
		{"callbacks", e.Callbacks, ""},
		{"risk memory", e.Subjects, "addresses and numbers, which are forgotten"},
	} {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("  %-12s %8d  %s", row.what, row.count, row.more), " "))
	}
	switch {
	case e.DryRun && e.Sessions+e.Exchanges+e.Subjects == 0:
		b.WriteString("nothing is known of this person; phone numbers are compared by all of their digits, as the shop sent them\n")
	case e.DryRun:
		b.WriteString("nothing was changed; the same with --yes erases, and cannot be undone\n")
	case !compact:
		b.WriteString("free room of the database files may keep old bytes until they are used again, or with --compact; backups keep everything: docs/privacy.md\n")
	default:
		b.WriteString("backups keep everything: docs/privacy.md\n")
	}
	return b.String()
}
