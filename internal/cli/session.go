package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newSession() *cobra.Command {
	var where connection
	var asJSON bool
	command := &cobra.Command{
		Use:   "session ID",
		Short: "Tell what happened to a payment, and what to beware of",
		Long: `Session tells the life of one session like its page in the portal: it was created,
each update with what it changed, each load, assessment, authorization, callback and
order, and who caused it. It warns of an update after the customer's approval and
of a write that went over another's. An order that was refused for what it said
stands beside what was approved and what the session is.`,
		Example: "  kvitto session SESSION_ID\n  kvitto session SESSION_ID --json",
		Args:    oneArg("the id of a session"),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := where.client()
			if err != nil {
				return err
			}
			told, err := server.Timeline(c.Context(), args[0])
			switch {
			case unknown(err):
				name, _, _ := strings.Cut(where.user, ":")
				return fmt.Errorf("the merchant %q has no session %q at %s\n"+
					"say --user NAME:PASSWORD of the call that made it: in kvitto dev every user name is a merchant of its own, else the key's merchant counts", name, args[0], where.url)
			case err != nil:
				return where.why(c.Context(), server, err)
			case asJSON:
				return printDocument(c.OutOrStdout(), told.Raw)
			}
			return printExplanation(c.OutOrStdout(), told.String(), func(p paint, headline string) string {
				if told.Status == "expired" {
					return p.bad(headline)
				}
				return p.good(headline)
			})
		},
	}
	where.flags(command)
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}
