package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/config"
)

func newReviews() *cobra.Command {
	command := &cobra.Command{
		Use:   "reviews",
		Short: "Review orders that the risk rules referred",
		Long: `Reviews is about orders that are PENDING: somebody looks at each and accepts or
rejects it before its time comes, and the shop is told. In kvitto dev a merchant
reviews its own orders; with --config, --store or --data the operator of kvitto
serve reviews those of all merchants, also while the server runs.`,
		Example: "  kvitto reviews list\n  kvitto reviews accept ORDER_ID --reason \"a known customer\"\n  kvitto reviews list --config kvitto.toml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(newReviewsList(), newReviewsShow())
	for _, step := range []struct{ name, short string }{
		{client.ClaimReview, "Tell the others that you look at an order; for 30 minutes only you decide"},
		{client.ReleaseReview, "Take a claim back, or the first of two acceptances"},
		{client.AcceptReview, "Accept an order"},
		{client.RejectReview, "Reject an order"},
		{client.StopReview, "Take an acceptance back: the shop must not ship"},
	} {
		command.AddCommand(newReviewStep(step.name, step.short))
	}
	return command
}

// reviewer reaches reviews: those of one merchant over HTTP, those of all as the
// operator.
type reviewer struct {
	where connection
	from  operator
}

func (r *reviewer) flags(command *cobra.Command) {
	r.where.flags(command)
	r.from.flags(command)
}

// operates tells whether a command that merchants have too is the operator's.
func operates(c *cobra.Command) bool {
	for _, name := range []string{"config", "store", "data"} {
		if c.Flags().Changed(name) {
			return true
		}
	}
	return os.Getenv(config.ConfigVariable) != "" && !c.Flags().Changed("url") && !c.Flags().Changed("user")
}

// work opens the reviews of the operator, or of the merchant.
func (r *reviewer) work(c *cobra.Command, do func(admin.ReviewDesk) error) error {
	if operates(c) {
		return r.from.administer(c, func(a app.Admin) error { return do(a) })
	}
	server, err := r.where.client()
	if err != nil {
		return err
	}
	return do(overHTTP{server, &r.where})
}

// overHTTP reviews the orders of one merchant of a playground.
type overHTTP struct {
	server *client.Client
	where  *connection
}

// Reviews implements admin.ReviewDesk.
func (o overHTTP) Reviews(ctx context.Context, which admin.WhichReviews) (json.RawMessage, error) {
	page, err := o.server.Reviews(ctx, client.ReviewQuery{Decided: which.Decided, After: which.After})
	return page.Raw, o.where.why(ctx, o.server, err)
}

// Review implements admin.ReviewDesk.
func (o overHTTP) Review(ctx context.Context, orderID string) (json.RawMessage, error) {
	review, err := o.server.Review(ctx, orderID)
	return review.Raw, o.where.why(ctx, o.server, err)
}

// StepReview implements admin.ReviewDesk.
func (o overHTTP) StepReview(ctx context.Context, step admin.ReviewStep) (json.RawMessage, error) {
	review, err := o.server.StepReview(ctx, step.Order, step.Action, step.By, step.Reason)
	return review.Raw, o.where.why(ctx, o.server, err)
}

func newReviewsList() *cobra.Command {
	var reach reviewer
	var which admin.WhichReviews
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the orders that wait for a verdict, the earliest due first",
		Example: "  kvitto reviews list\n  kvitto reviews list --decided --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return reach.work(c, func(desk admin.ReviewDesk) error {
				page, err := desk.Reviews(c.Context(), which)
				if err != nil {
					return err
				}
				if reach.from.json {
					return printDocument(c.OutOrStdout(), page)
				}
				return printReviews(c.OutOrStdout(), page)
			})
		},
	}
	reach.flags(command)
	reach.from.jsonFlag(command, "print the page as one JSON object")
	command.Flags().BoolVar(&which.Decided, "decided", false, "those that have ended, the one that was due last first")
	command.Flags().StringVar(&which.Merchant, "merchant", "", "those of the merchant `ID` only; for the operator")
	command.Flags().StringVar(&which.After, "after", "", "the page that follows, by the `CURSOR` of the one before")
	return command
}

func newReviewsShow() *cobra.Command {
	var reach reviewer
	command := &cobra.Command{
		Use:     "show ORDER_ID",
		Short:   "Show the review of an order",
		Example: "  kvitto reviews show ORDER_ID",
		Args:    oneArg("one order id; kvitto reviews list has them"),
		RunE: func(c *cobra.Command, args []string) error {
			return reach.work(c, func(desk admin.ReviewDesk) error {
				review, err := desk.Review(c.Context(), args[0])
				return reach.print(c, review, err)
			})
		},
	}
	reach.flags(command)
	reach.from.jsonFlag(command, "print the review as one JSON object")
	return command
}

func newReviewStep(name, short string) *cobra.Command {
	var reach reviewer
	var by, reason string
	command := &cobra.Command{
		Use:     name + " ORDER_ID",
		Short:   short,
		Example: "  kvitto reviews " + name + " ORDER_ID --reason \"why\"",
		Args:    oneArg("one order id; kvitto reviews list has them"),
		RunE: func(c *cobra.Command, args []string) error {
			if by == "" && operates(c) {
				by = systemUser()
			}
			return reach.work(c, func(desk admin.ReviewDesk) error {
				review, err := desk.StepReview(c.Context(), admin.ReviewStep{Order: args[0], Action: name, By: by, Reason: reason})
				return reach.print(c, review, err)
			})
		},
	}
	reach.flags(command)
	reach.from.jsonFlag(command, "print the review as one JSON object")
	command.Flags().StringVar(&by, "by", "", "who does this, a `NAME` (default: the user of the system, or that of --user)")
	command.Flags().StringVar(&reason, "reason", "", "why, a `TEXT` that stays with the order")
	return command
}

// systemUser is the name of whoever runs the command.
func systemUser() string {
	if found, err := user.Current(); err == nil {
		return found.Username
	}
	return "#" + fmt.Sprint(os.Getuid())
}

// print shows one review.
func (r *reviewer) print(c *cobra.Command, document json.RawMessage, err error) error {
	if err != nil {
		return err
	}
	if r.from.json {
		return printDocument(c.OutOrStdout(), document)
	}
	var review client.Review
	if err := json.Unmarshal(document, &review); err != nil {
		return fmt.Errorf("the review cannot be read: %w", err)
	}
	return printReview(c.OutOrStdout(), &review)
}

func printReviews(w io.Writer, document json.RawMessage) error {
	var page client.Reviews
	if err := json.Unmarshal(document, &page); err != nil {
		return fmt.Errorf("the reviews cannot be read: %w", err)
	}
	for i := range page.Reviews {
		if _, err := fmt.Fprintln(w, reviewLine(&page.Reviews[i])); err != nil {
			return err
		}
	}
	last := ""
	switch {
	case len(page.Reviews) == 0:
		last = "no reviews: they come with orders that the risk rules refer"
	case page.Next != "":
		last = "more with --after " + page.Next
	default:
		return nil
	}
	_, err := fmt.Fprintln(w, last)
	return err
}

func reviewLine(r *client.Review) string {
	line := fmt.Sprintf("%s  %-15s %d %s  due %s  merchant %s", r.OrderID, strings.ReplaceAll(r.State, "_", " "), r.Amount, printable(r.Currency),
		r.DueAt.UTC().Format(time.RFC3339), printable(r.MerchantID))
	if r.ClaimedBy != "" {
		line += "  claimed by " + printable(r.ClaimedBy)
	}
	return line
}

func printReview(w io.Writer, r *client.Review) error {
	var text strings.Builder
	fmt.Fprintln(&text, reviewLine(r))
	fmt.Fprintf(&text, "  the order reads  %s\n", r.FraudStatus)
	if r.ReferredBecause != "" {
		fmt.Fprintf(&text, "  referred         %s\n", printable(r.ReferredBecause))
	}
	if r.NeedsSecond {
		fmt.Fprintln(&text, "  to accept it     takes two people")
	}
	if r.DecidedAt.IsZero() {
		fmt.Fprintf(&text, "  when it is due   %s\n", printable(r.AtDue))
	}
	for _, step := range []struct {
		name, by, reason string
		at               time.Time
	}{
		{"accepted first", r.FirstBy, r.FirstReason, r.FirstAt}, {"decided", r.DecidedBy, r.Reason, r.DecidedAt}, {"stopped", r.StoppedBy, r.StopReason, r.StoppedAt},
	} {
		if step.at.IsZero() {
			continue
		}
		fmt.Fprintf(&text, "  %-16s %s", step.name, step.at.UTC().Format(time.RFC3339))
		if step.by != "" {
			fmt.Fprintf(&text, " by %s", printable(step.by))
		}
		if step.reason != "" {
			fmt.Fprintf(&text, ": %s", printable(step.reason))
		}
		fmt.Fprintln(&text)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
