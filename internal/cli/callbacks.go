package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

func newCallbacks() *cobra.Command {
	command := &cobra.Command{
		Use:   "callbacks",
		Short: "Look at and steer the calls to a shop's server",
		Long: `Callbacks shows what a shop's server was told and what it answered. In a
playground it also holds callbacks back, lets them go one by one and in any
order, delays them, delivers them twice, sends them again or drops them, to see
how the shop copes.`,
		Example: "  kvitto callbacks list\n  kvitto callbacks hold\n  kvitto callbacks release CALLBACK_ID",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newCallbacksList(), newCallbacksHold(), newCallbacksDelay())
	for _, step := range []struct {
		name, short string
		do          func(*client.Client, context.Context, string) error
	}{
		{"release", "Let a waiting callback go at once", (*client.Client).ReleaseCallback},
		{"duplicate", "Let a waiting callback be delivered twice", (*client.Client).DuplicateCallback},
		{"replay", "Send a callback again that has ended", (*client.Client).ReplayCallback},
		{"drop", "End a waiting callback", (*client.Client).DropCallback},
	} {
		command.AddCommand(newCallbackStep(step.name, step.short, step.do))
	}
	return command
}

func newCallbacksDelay() *cobra.Command {
	var seconds int64
	command := newCallbackStep("delay", "Let a waiting callback be due later, on the merchant's clock",
		func(c *client.Client, ctx context.Context, callbackID string) error {
			return c.DelayCallback(ctx, callbackID, time.Duration(seconds)*time.Second)
		})
	command.Example += " --seconds 3600"
	command.Flags().Int64Var(&seconds, "seconds", 60, "so many `SECONDS` from now, up to 48 hours")
	return command
}

func newCallbacksList() *cobra.Command {
	var where connection
	var session string
	var asJSON bool
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the newest callbacks, the newest first",
		Example: "  kvitto callbacks list --session SESSION_ID",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := where.client()
			if err != nil {
				return err
			}
			list, err := server.Callbacks(c.Context(), session)
			switch {
			case err != nil:
				return where.helpful(err)
			case asJSON:
				return printDocument(c.OutOrStdout(), list.Raw)
			default:
				return printCallbacks(c.OutOrStdout(), &list)
			}
		},
	}
	where.flags(command)
	command.Flags().StringVar(&session, "session", "", "those of the session `ID` only")
	command.Flags().BoolVar(&asJSON, "json", false, "print the list as one JSON object")
	return command
}

func printCallbacks(w io.Writer, list *client.Callbacks) error {
	colours := paint{terminal(w)}
	if list.Held {
		if _, err := fmt.Fprintln(w, colours.bold("held: they wait until they are released")); err != nil {
			return err
		}
	}
	for i := range list.Callbacks {
		c := &list.Callbacks[i]
		said := "not tried yet"
		switch {
		case c.Answer == nil:
		case c.Answer.Error != "":
			said = c.Answer.Error
		default:
			said = fmt.Sprintf("%d in %.1f ms", c.Answer.Status, c.Answer.Milliseconds)
		}
		_, err := fmt.Fprintf(w, "%s  %-9s %-13s session %s  %s  %s\n", c.ID, c.State, c.Kind, c.SessionID,
			count(c.Attempts, "attempt"), printable(said))
		if err != nil {
			return err
		}
	}
	if len(list.Callbacks) == 0 {
		_, err := fmt.Fprintln(w, "no callbacks: they come with authorizations of sessions that have merchant_urls.authorization")
		return err
	}
	return nil
}

func newCallbacksHold() *cobra.Command {
	var where connection
	var off, asJSON bool
	command := &cobra.Command{
		Use:     "hold",
		Short:   "Hold all callbacks of the merchant back",
		Example: "  kvitto callbacks hold\n  kvitto callbacks hold --off",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := where.client()
			if err != nil {
				return err
			}
			if err := server.HoldCallbacks(c.Context(), !off); err != nil {
				return where.helpful(err)
			}
			said := "callbacks are held; let one go with kvitto callbacks release CALLBACK_ID, all with kvitto callbacks hold --off"
			if off {
				said = "callbacks go"
			}
			return done(c.OutOrStdout(), asJSON, said, fmt.Sprintf(`{"hold":%t}`, !off))
		},
	}
	where.flags(command)
	command.Flags().BoolVar(&off, "off", false, "let them go again")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func newCallbackStep(name, short string, do func(*client.Client, context.Context, string) error) *cobra.Command {
	var where connection
	var asJSON bool
	command := &cobra.Command{
		Use:     name + " CALLBACK_ID",
		Short:   short,
		Example: "  kvitto callbacks " + name + " CALLBACK_ID",
		Args:    oneArg("one callback id; kvitto callbacks list has them"),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := where.client()
			if err != nil {
				return err
			}
			if err := do(server, c.Context(), args[0]); err != nil {
				return where.helpful(err)
			}
			return done(c.OutOrStdout(), asJSON, name+": "+args[0], fmt.Sprintf(`{"callback_id":%q,"step":%q}`, args[0], name))
		},
	}
	where.flags(command)
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// done tells people or programs that something was done.
func done(w io.Writer, asJSON bool, text, object string) error {
	if asJSON {
		text = object
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
