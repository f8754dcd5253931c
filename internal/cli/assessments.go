package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

func newAssessments() *cobra.Command {
	var where connection
	var session string
	var asJSON bool
	command := &cobra.Command{
		Use:   "assessments --session ID",
		Short: "List the newest runs of the risk rules over a session",
		Long: `Assessments lists what the risk rules decided about a session, the newest first.
kvitto explain ASSESSMENT_ID tells one of them whole.`,
		Example: "  kvitto assessments --session SESSION_ID",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if session == "" {
				return usage("assessments needs --session ID")
			}
			server, err := where.client()
			if err != nil {
				return err
			}
			list, err := server.Assessments(c.Context(), session)
			switch {
			case err != nil:
				return where.helpful(err)
			case asJSON:
				return printDocument(c.OutOrStdout(), list.Raw)
			default:
				return printAssessments(c.OutOrStdout(), list.Assessments)
			}
		},
	}
	where.flags(command)
	command.Flags().StringVar(&session, "session", "", "of the session `ID`")
	command.Flags().BoolVar(&asJSON, "json", false, "print the list as one JSON object")
	return command
}

func printAssessments(w io.Writer, list []client.Assessment) error {
	for i := range list {
		a := &list[i]
		_, err := fmt.Fprintf(w, "%s  %s  %-11s %-14s %s\n", a.ID, a.At.UTC().Format("2006-01-02 15:04:05"), a.Call, a.Outcome, printable(a.Reason))
		if err != nil {
			return err
		}
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no assessments: they come with authorize, reauthorize and finalize")
		return err
	}
	return nil
}
