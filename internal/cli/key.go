package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

func newKey() *cobra.Command {
	command := &cobra.Command{
		Use:   "key",
		Short: "Create, list and revoke the keys of a merchant",
		Long: `Key is about the credentials of kvitto serve: a user name and a password for HTTP
Basic. A merchant may have several that work at the same time: create the new
one, change the shop, revoke the old one.`,
		Example: "  kvitto key create --merchant ID --data /var/lib/kvitto\n  kvitto key revoke USERNAME --data /var/lib/kvitto",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newKeyCreate(), newKeyList(), newKeyRevoke())
	return command
}

func merchantFlag(command *cobra.Command, merchant *string) {
	command.Flags().StringVar(merchant, "merchant", "", "the `ID` of the merchant, as of: kvitto merchant list")
}

func needMerchant(merchant string) error {
	if merchant == "" {
		return usage("say whose key with --merchant ID; list the ids with: kvitto merchant list")
	}
	return nil
}

func newKeyCreate() *cobra.Command {
	var from operator
	var merchant string
	command := &cobra.Command{
		Use:   "create --merchant ID",
		Short: "Create a key and print its password, once",
		Long: `Create makes a user name and a password. The password is printed now and never
again: only its hash is stored.`,
		Example: "  kvitto key create --merchant ID --config kvitto.toml --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := needMerchant(merchant); err != nil {
				return err
			}
			return from.administer(c, func(a app.Admin) error {
				key, err := a.CreateKey(c.Context(), merchant)
				if err != nil {
					return err
				}
				if from.json {
					return printObject(c.OutOrStdout(), key)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "merchant  %s\nusername  %s\npassword  %s\n\n"+
					"This is the only time the password is shown: only its hash is stored.\n", key.MerchantID, key.Username, key.Password)
				return err
			})
		},
	}
	from.flags(command)
	merchantFlag(command, &merchant)
	from.jsonFlag(command, "print the key as one JSON object: merchant_id, username, password")
	return command
}

func newKeyList() *cobra.Command {
	var from operator
	var merchant string
	command := &cobra.Command{
		Use:     "list --merchant ID",
		Short:   "List the keys of a merchant, without passwords",
		Example: "  kvitto key list --merchant ID --config kvitto.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := needMerchant(merchant); err != nil {
				return err
			}
			return from.administer(c, func(a app.Admin) error {
				all, err := a.Keys(c.Context(), merchant)
				if err != nil {
					return err
				}
				return listKeys(c, all, from.json)
			})
		},
	}
	from.flags(command)
	merchantFlag(command, &merchant)
	from.jsonFlag(command, "print one JSON object for each key")
	return command
}

func listKeys(c *cobra.Command, all []admin.Key, asJSON bool) error {
	if len(all) == 0 && !asJSON {
		_, err := fmt.Fprintln(c.OutOrStdout(), "the merchant has no key; make one with: kvitto key create --merchant ID")
		return err
	}
	for _, key := range all {
		var err error
		if asJSON {
			err = printObject(c.OutOrStdout(), key)
		} else {
			line := key.Username + "  " + day(key.CreatedAt)
			if !key.RevokedAt.IsZero() {
				line += "  (revoked " + day(key.RevokedAt) + ")"
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newKeyRevoke() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:     "revoke USERNAME",
		Short:   "End a key for ever",
		Long:    "Revoke ends a key: every server answers 401 to it within two seconds. It cannot be undone; create a new one.",
		Example: "  kvitto key revoke USERNAME --config kvitto.toml",
		Args:    oneArg("the user name of the key"),
		RunE: func(c *cobra.Command, args []string) error {
			return from.administer(c, func(a app.Admin) error {
				if err := a.RevokeKey(c.Context(), args[0]); err != nil {
					return err
				}
				if from.json {
					return printObject(c.OutOrStdout(), struct {
						Username string `json:"username"`
						Revoked  bool   `json:"revoked"`
					}{args[0], true})
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), "key %s is revoked; every server knows within two seconds\n", args[0])
				return err
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print one JSON object")
	return command
}

// day is a time as people list it.
func day(at time.Time) string { return at.Format(time.DateOnly) }
