package cli

import (
	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/openapi"
)

func newOpenAPI() *cobra.Command {
	return &cobra.Command{
		Use:   "openapi [payments]",
		Short: "Print the OpenAPI document of Kvitto's own API, or of the Payments API",
		Long: `Openapi prints an OpenAPI 3.1 document: of what Kvitto offers under /kvitto/v1/, or,
with payments, of the Payments API as Kvitto serves it. A server has them at
` + openapi.Path + ` and ` + openapi.PaymentsPath + `.`,
		Example: "  kvitto openapi > kvitto.json\n  kvitto openapi payments",
		RunE: func(c *cobra.Command, args []string) error {
			document := openapi.Kvitto()
			switch {
			case len(args) == 1 && args[0] == "payments":
				document = openapi.Payments()
			case len(args) > 0:
				return usage("openapi takes nothing, or payments, got %q", args)
			}
			_, err := c.OutOrStdout().Write(document)
			return err
		},
	}
}
