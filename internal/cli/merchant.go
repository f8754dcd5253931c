package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

func newMerchant() *cobra.Command {
	command := &cobra.Command{
		Use:   "merchant",
		Short: "Add, list, disable and enable merchants",
		Long: `Merchant is about the tenants of kvitto serve. Each has keys of its own (kvitto
key create) and sees nothing of the others. The commands work while a server
runs; what they change is known to every server within two seconds.`,
		Example: "  kvitto merchant add \"Shoes & Socks\" --data /var/lib/kvitto\n  kvitto key create --merchant ID --data /var/lib/kvitto",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newMerchantAdd(), newMerchantList(), newMerchantSwitch("disable", true), newMerchantSwitch("enable", false))
	return command
}

func newMerchantAdd() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a merchant",
		Long:    "Add makes a merchant and prints its id. The name is for people; it need not be one of its own.\nWhere there is no store yet, it makes one and says so.",
		Example: "  kvitto merchant add \"Shoes & Socks\" --config kvitto.toml",
		Args:    oneArg("the name of the merchant"),
		RunE: func(c *cobra.Command, args []string) error {
			return from.administerNew(c, func(a app.Admin) error {
				merchant, err := a.AddMerchant(c.Context(), args[0])
				if err != nil {
					return err
				}
				if from.json {
					return printObject(c.OutOrStdout(), merchant)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "merchant %s was added as %s\nmake its first key with: kvitto key create --merchant %s\n",
					merchant.Name, merchant.ID, merchant.ID)
				return err
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print the merchant as one JSON object")
	return command
}

func newMerchantList() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the merchants",
		Example: "  kvitto merchant list --config kvitto.toml --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return from.administer(c, func(a app.Admin) error {
				all, err := a.Merchants(c.Context())
				if err != nil {
					return err
				}
				return listMerchants(c, all, from.json)
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print one JSON object for each merchant")
	return command
}

func listMerchants(c *cobra.Command, all []admin.Merchant, asJSON bool) error {
	if len(all) == 0 && !asJSON {
		_, err := fmt.Fprintln(c.OutOrStdout(), "there is no merchant; add one with: kvitto merchant add NAME")
		return err
	}
	for _, merchant := range all {
		var err error
		if asJSON {
			err = printObject(c.OutOrStdout(), merchant)
		} else {
			line := merchant.ID + "  " + day(merchant.CreatedAt) + "  " + printable(merchant.Name)
			if !merchant.DisabledAt.IsZero() {
				line += "  (disabled " + day(merchant.DisabledAt) + ")"
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newMerchantSwitch(verb string, disabled bool) *cobra.Command {
	var from operator
	long := "Disable stops every key of a merchant. Nothing is deleted; enable lets the keys work again."
	if !disabled {
		long = "Enable lets the keys of a disabled merchant work again, but for those that were revoked."
	}
	command := &cobra.Command{
		Use:     verb + " ID",
		Short:   verb + " a merchant",
		Long:    long,
		Example: "  kvitto merchant " + verb + " ID --config kvitto.toml",
		Args:    oneArg("the id of the merchant"),
		RunE: func(c *cobra.Command, args []string) error {
			return from.administer(c, func(a app.Admin) error {
				merchant, err := a.SetDisabled(c.Context(), args[0], disabled)
				if err != nil {
					return err
				}
				if from.json {
					return printObject(c.OutOrStdout(), merchant)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "merchant %s is %sd; every server knows within two seconds\n", merchant.ID, verb)
				return err
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print the merchant as one JSON object")
	return command
}
