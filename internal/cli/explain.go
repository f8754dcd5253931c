package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/hostname"
)

func newExplain() *cobra.Command {
	var where connection
	var from operator
	command := &cobra.Command{
		Use:   "explain CORRELATION_ID|ASSESSMENT_ID|URL",
		Short: "Say what was asked and answered in an exchange, or how the risk rules decided",
		Long: `Explain asks a server what happened in one exchange: each broken rule with the
value sent, the value expected and who set each of them. Of an assessment it tells
the decision, what became of each rule and how long it took, and all that the
rules looked at.

The correlation id is in the header Klarna-Correlation-Id of every answer, in
the body of every refusal, and in the lines that kvitto dev prints. The address in
the header Kvitto-Explanation of a refusal names server and exchange together; one
under an original host name is asked for at --url. The id of an assessment is in
the header Kvitto-Assessment-Id, in the explanation of the exchange that made it,
and in kvitto assessments. With --config, --store or --data the operator of kvitto
serve reads an assessment of any merchant, with the rules that merchants do not see,
also while the server runs.`,
		Example: "  kvitto explain CORRELATION_ID --user demo:demo",
		Args:    oneArg("one correlation id, or the id of an assessment"),
		RunE: func(c *cobra.Command, args []string) error {
			if operates(c) {
				return from.administer(c, func(a app.Admin) error { return explainForOperator(c, a, args[0], from.json) })
			}
			return explain(c, where, args[0], from.json)
		},
	}
	where.flags(command)
	from.flags(command)
	from.jsonFlag(command, "print the exchange or the assessment as one JSON object")
	return command
}

func explain(c *cobra.Command, where connection, id string, asJSON bool) error {
	if url, named, ok := strings.Cut(id, "/kvitto/v1/exchanges/"); ok {
		id = named
		// Here the original's names lead to the original.
		if _, _, original := hostname.Find(url[strings.LastIndex(url, "/")+1:]); !original {
			where.url = url
		}
	}
	server, err := where.client()
	if err != nil {
		return err
	}
	exchange, err := server.Explain(c.Context(), id)
	if unknown(err) {
		return explainAssessment(c, where, server, id, asJSON)
	}
	if err != nil {
		return where.helpful(err)
	}
	if asJSON {
		return printDocument(c.OutOrStdout(), exchange.Raw)
	}
	return printExplanation(c.OutOrStdout(), exchange.String(), func(p paint, headline string) string { return p.status(exchange.Status, headline) })
}

// explainAssessment is for an id that no exchange has.
func explainAssessment(c *cobra.Command, where connection, server *client.Client, id string, asJSON bool) error {
	assessment, err := server.Assessment(c.Context(), id)
	if unknown(err) {
		name, _, _ := strings.Cut(where.user, ":")
		return fmt.Errorf("the merchant %q has no exchange and no assessment %q at %s\n"+
			"say --user NAME:PASSWORD of the call: in kvitto dev every user name is a merchant of its own, else the key's merchant counts", name, id, where.url)
	}
	if err != nil {
		return where.helpful(err)
	}
	if asJSON {
		return printDocument(c.OutOrStdout(), assessment.Raw)
	}
	return printAssessment(c, &assessment)
}

// explainForOperator reads an assessment of whatever merchant.
func explainForOperator(c *cobra.Command, desk admin.AssessmentDesk, id string, asJSON bool) error {
	document, err := desk.Assessment(c.Context(), id)
	if err != nil {
		return err
	}
	if asJSON {
		return printDocument(c.OutOrStdout(), document)
	}
	var assessment client.Assessment
	if err := json.Unmarshal(document, &assessment); err != nil {
		return fmt.Errorf("what the running server says cannot be read: %w", err)
	}
	return printAssessment(c, &assessment)
}

func printAssessment(c *cobra.Command, assessment *client.Assessment) error {
	return printExplanation(c.OutOrStdout(), assessment.String(), func(p paint, headline string) string {
		if assessment.Outcome == client.Approve {
			return p.good(headline)
		}
		return p.bad(headline)
	})
}

// unknown tells whether the server knows nothing of that id.
func unknown(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

// printExplanation colours the first line.
func printExplanation(w io.Writer, text string, colour func(paint, string) string) error {
	headline, rest, _ := strings.Cut(text, "\n")
	colours := paint{terminal(w)}
	_, err := fmt.Fprint(w, colours.bold(colour(colours, headline)), "\n", rest)
	return err
}
