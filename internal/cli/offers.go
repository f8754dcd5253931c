package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

func newOffers() *cobra.Command {
	var where connection
	var question client.OfferQuestion
	var asJSON bool
	command := &cobra.Command{
		Use:   "offers [COUNTRY CURRENCY [AMOUNT]]",
		Short: "Say which ways to pay a customer is offered, and why not the others",
		Long: `Offers asks a server what a load() would show: for a country, a currency and an
amount in minor units, for a session, or for a session with something changed.
Every reason against is told: the market, the category, a session that has ended,
and the risk rules for load.`,
		Example: "  kvitto offers SE SEK 10000\n  kvitto offers US USD --category pay_now\n  kvitto offers --session SESSION_ID",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) > 3 || len(args) == 0 && question.SessionID == "" {
				return usage("offers needs COUNTRY CURRENCY [AMOUNT], or --session ID")
			}
			for i, to := range []*string{&question.PurchaseCountry, &question.PurchaseCurrency, &question.OrderAmount} {
				if i < len(args) {
					*to = args[i]
				}
			}
			server, err := where.client()
			if err != nil {
				return err
			}
			offers, err := server.Offers(c.Context(), question)
			switch {
			case err != nil:
				return where.helpful(err)
			case asJSON:
				return printDocument(c.OutOrStdout(), offers.Raw)
			default:
				return printOffers(c.OutOrStdout(), &offers)
			}
		},
	}
	where.flags(command)
	command.Flags().StringVar(&question.SessionID, "session", "", "ask about the session `ID`")
	command.Flags().StringVar(&question.PaymentMethodCategory, "category", "", "ask about the category `NAME` alone, for example pay_later")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func printOffers(w io.Writer, offers *client.Offers) error {
	colours := paint{terminal(w)}
	var b strings.Builder
	for i := range offers.Offers {
		offering := &offers.Offers[i]
		verdict := colours.good("offered")
		if !offering.Offered {
			verdict = colours.bad("not offered")
		}
		fmt.Fprintf(&b, "%s %s\n", colours.bold(padded(printable(offering.PaymentMethodCategory), 20)), verdict)
		for _, reason := range offering.Reasons {
			b.WriteString(indented("    ", reason.String()))
		}
		for _, note := range offering.Notes {
			b.WriteString(indented("    ", "note: "+note.String()))
		}
	}
	fmt.Fprintf(&b, "\nrules for load: %s", printable(offers.Load.Outcome))
	if offers.Load.Reason != "" { // the rules of a server for shops are its operator's
		b.WriteString(", " + printable(offers.Load.Reason))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}
