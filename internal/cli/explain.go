package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/hostname"
)

func newExplain() *cobra.Command {
	var where connection
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain CORRELATION_ID|URL",
		Short: "Say what was asked and answered in an exchange, and why it was refused",
		Long: `Explain asks a server what happened in one exchange: each broken rule with the
value sent, the value expected and who set each of them.

The correlation id is in the header Klarna-Correlation-Id of every answer, in
the body of every refusal, and in the lines that kvitto dev prints. The address in
the header Kvitto-Explanation of a refusal names server and exchange together; one
under an original host name is asked for at --url.`,
		Example: "  kvitto explain CORRELATION_ID --user demo:demo",
		Args:    oneArg("one correlation id"),
		RunE: func(c *cobra.Command, args []string) error {
			return explain(c, where, args[0], asJSON)
		},
	}
	where.flags(command)
	command.Flags().BoolVar(&asJSON, "json", false, "print the exchange as one JSON object")
	return command
}

func explain(c *cobra.Command, where connection, correlationID string, asJSON bool) error {
	if url, id, ok := strings.Cut(correlationID, "/kvitto/v1/exchanges/"); ok {
		correlationID = id
		// Here the original's names lead to the original.
		if _, _, original := hostname.Find(url[strings.LastIndex(url, "/")+1:]); !original {
			where.url = url
		}
	}
	server, err := where.client()
	if err != nil {
		return err
	}
	exchange, err := server.Explain(c.Context(), correlationID)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		name, _, _ := strings.Cut(where.user, ":")
		return fmt.Errorf("the merchant %q has no exchange %q at %s\n"+
			"every user name is a merchant of its own: say --user NAME:PASSWORD of the call", name, correlationID, where.url)
	}
	if err != nil {
		return where.helpful(err)
	}
	if asJSON {
		return printDocument(c.OutOrStdout(), exchange.Raw)
	}
	headline, rest, _ := strings.Cut(exchange.String(), "\n")
	colours := paint{terminal(c.OutOrStdout())}
	_, err = fmt.Fprint(c.OutOrStdout(), colours.bold(colours.status(exchange.Status, headline)), "\n", rest)
	return err
}
