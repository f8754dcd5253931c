package cli

import (
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/config"
)

func newPeople() *cobra.Command {
	command := &cobra.Command{
		Use:   "people",
		Short: "Invite, list, disable and enable the people of the portal",
		Long: `People is about those who sign in to the portal of kvitto serve. A link from
kvitto people invite sets a password and an authenticator app; it works once,
within a day. It is also the way back in for somebody, or everybody, who lost
what signs them in. The commands work while a server runs.`,
		Example: "  kvitto people invite you@example.com --admin --operator --config kvitto.toml\n  kvitto people list --config kvitto.toml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newPeopleInvite(), newPeopleList(), newPeopleSwitch("disable", true), newPeopleSwitch("enable", false))
	return command
}

func newPeopleInvite() *cobra.Command {
	var from operator
	var invitation admin.Invitation
	isAdmin := false
	command := &cobra.Command{
		Use:   "invite EMAIL",
		Short: "Make a link with which somebody sets a password",
		Long: `Invite prints a link. Whoever opens it first sets the password and the app of
the person. Somebody who is there already gets a new link: what they sign in
with works until they follow it. Of somebody new --merchant or --operator says
what they see: the things of one merchant, or of every one.`,
		Example: "  kvitto people invite you@example.com --admin --operator\n  kvitto people invite shop@example.com --merchant ID --role operator --name \"Åsa\"",
		Args:    oneArg("the e-mail address of the person"),
		RunE: func(c *cobra.Command, args []string) error {
			if invitation.Email = args[0]; isAdmin {
				if invitation.Role != "" && invitation.Role != "admin" {
					return usage("--admin and --role %s say two things; give one of them", invitation.Role)
				}
				invitation.Role = "admin"
			}
			loaded, err := from.load(c)
			if err != nil {
				return err
			}
			return from.administer(c, func(a app.Admin) error {
				invited, err := a.Invite(c.Context(), invitation)
				if err != nil {
					return err
				}
				return tellInvited(c, invited, &loaded.Config, from.json)
			})
		},
	}
	command.Flags().StringVar(&invitation.Role, "role", "", "what they may: viewer (reads), operator (also acts) or admin (also manages people)")
	command.Flags().BoolVar(&isAdmin, "admin", false, "the same as --role admin")
	command.Flags().StringVar(&invitation.Name, "name", "", "what they are called")
	command.Flags().StringVar(&invitation.MerchantID, "merchant", "", "they see the merchant `ID` only")
	command.Flags().BoolVar(&invitation.Operator, "operator", false, "they are the operator's and see every merchant")
	from.flags(command)
	from.jsonFlag(command, "print the person and the link as one JSON object")
	return command
}

func tellInvited(c *cobra.Command, invited admin.Invited, loaded *config.Config, asJSON bool) error {
	if strings.HasPrefix(invited.Link, "/") { // no server is there that knows its address
		invited.Link = portalBase(loaded) + invited.Link
	}
	if asJSON {
		return printObject(c.OutOrStdout(), invited)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s, %s of %s, has a link until %s UTC:\n%s\n", printable(invited.Email), invited.Role, ofWhom(invited.MerchantID),
		invited.ExpiresAt.UTC().Format("2 Jan 15:04"), invited.Link)
	return err
}

// portalBase is the address of the server as the configuration has it.
func portalBase(c *config.Config) string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	scheme := "http://"
	if c.TLS.Cert != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return scheme + c.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

func ofWhom(merchantID string) string {
	if merchantID == "" {
		return "the operator"
	}
	return "merchant " + merchantID
}

func newPeopleList() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the people",
		Example: "  kvitto people list --config kvitto.toml --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return from.administer(c, func(a app.Admin) error {
				all, err := a.People(c.Context())
				if err != nil {
					return err
				}
				return listPeople(c, all, from.json)
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print one JSON object for each person")
	return command
}

func listPeople(c *cobra.Command, all []admin.Person, asJSON bool) error {
	if len(all) == 0 && !asJSON {
		_, err := fmt.Fprintln(c.OutOrStdout(), "there is nobody; invite the first with: kvitto people invite EMAIL --admin --operator")
		return err
	}
	for _, person := range all {
		var err error
		if asJSON {
			err = printObject(c.OutOrStdout(), person)
		} else {
			line := fmt.Sprintf("%s  %s  %s of %s  %s", printable(person.Email), day(person.CreatedAt), person.Role, ofWhom(person.MerchantID), printable(person.Name))
			switch {
			case !person.DisabledAt.IsZero():
				line += "  (disabled " + day(person.DisabledAt) + ")"
			case !person.Accepted:
				line += "  (invited)"
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newPeopleSwitch(verb string, disabled bool) *cobra.Command {
	var from operator
	long := "Disable signs a person out everywhere, at once, and keeps them out. Nothing is deleted."
	if !disabled {
		long = "Enable lets a disabled person sign in again with what they had."
	}
	command := &cobra.Command{
		Use:     verb + " EMAIL",
		Short:   verb + " a person",
		Long:    long,
		Example: "  kvitto people " + verb + " you@example.com --config kvitto.toml",
		Args:    oneArg("the e-mail address of the person"),
		RunE: func(c *cobra.Command, args []string) error {
			return from.administer(c, func(a app.Admin) error {
				person, err := a.SetPersonDisabled(c.Context(), args[0], disabled)
				if err != nil {
					return err
				}
				if from.json {
					return printObject(c.OutOrStdout(), person)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s is %sd\n", printable(person.Email), verb)
				return err
			})
		},
	}
	from.flags(command)
	from.jsonFlag(command, "print the person as one JSON object")
	return command
}
