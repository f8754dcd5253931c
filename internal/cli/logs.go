package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

func newLogs() *cobra.Command {
	var where connection
	var query client.ExchangeQuery
	var follow, asJSON bool
	command := &cobra.Command{
		Use:   "logs [TEXT...]",
		Short: "List, search and follow what was asked and answered",
		Long: `Logs lists the newest exchanges of a merchant, the newest last. TEXT finds those
that have all of it: a correlation id, a session, order or token, a merchant
reference, an amount in minor units, a whole e-mail address or phone number,
words of a body, or path=value of a body.

What a server for real shops stores of persons is masked; a whole e-mail address
or phone number finds its exchanges nevertheless. kvitto explain shows one
exchange with its bodies.`,
		Example: "  kvitto logs --follow\n  kvitto logs --status 4xx --session SESSION_ID\n" +
			"  kvitto logs 'billing_address.city=Stockholm' shoe",
		RunE: func(c *cobra.Command, args []string) error {
			query.Text = strings.Join(args, " ")
			server, err := where.client()
			if err != nil {
				return err
			}
			t := tail{server: server, query: query, out: c.OutOrStdout(), asJSON: asJSON, shown: map[string]time.Time{}}
			if err := t.list(c.Context()); err != nil {
				return where.helpful(err)
			}
			if !follow {
				return t.remark()
			}
			return where.helpful(t.follow(c.Context()))
		},
	}
	where.flags(command)
	flags := command.Flags()
	flags.BoolVar(&follow, "follow", false, "go on with what happens from now on")
	flags.StringVar(&query.SessionID, "session", "", "those of the session `ID` only")
	flags.StringVar(&query.OrderID, "order", "", "those of the order `ID` only")
	flags.StringVar(&query.Status, "status", "", "those with the `STATUS` only: 404, 4xx or 400-499")
	flags.StringVar(&query.Method, "method", "", "those with the `METHOD` only")
	flags.StringVar(&query.Operation, "operation", "", "those of the `OPERATION` only: create_session")
	flags.IntVar(&query.Limit, "limit", 50, "at most so many, 1 to 200")
	flags.BoolVar(&asJSON, "json", false, "print each exchange as one JSON object in a line")
	return command
}

// tail prints exchanges and remembers which.
type tail struct {
	server  *client.Client
	query   client.ExchangeQuery
	out     io.Writer
	asJSON  bool
	shown   map[string]time.Time // when they began, by correlation id
	newest  time.Time            // the newest beginning
	oldest  time.Time            // of the first list; older ones were left out of it
	partial bool
}

// list prints the newest exchanges, the newest last.
func (t *tail) list(ctx context.Context) error {
	page, err := t.server.SearchExchanges(ctx, t.query)
	t.partial = page.Partial
	if err != nil {
		return err
	}
	if n := len(page.Exchanges); n > 0 {
		t.oldest = page.Exchanges[n-1].At
	} else {
		t.newest = time.Now().Add(-followFarBack)
	}
	return t.print(page.Exchanges)
}

// remark says what the list lacks.
func (t *tail) remark() (err error) {
	switch {
	case t.asJSON:
	case t.partial:
		_, err = fmt.Fprintln(t.out, "the server had no time to look at older ones; ask for a session, a status or a rarer word")
	case len(t.shown) == 0:
		_, err = fmt.Fprintln(t.out, "no exchanges")
	}
	return err
}

// An exchange is recorded when it ends and listed where it began. So every look
// goes back a little, and from time to time further: longer than that no
// exchange takes.
const (
	followEvery   = time.Second
	followBack    = 10 * time.Second
	followFarBack = 2 * time.Minute
	followFar     = 15 // looks between two that go far back
)

// follow prints what is new until ctx ends.
func (t *tail) follow(ctx context.Context) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for look := 1; ; look++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		back := followBack
		if look%followFar == 0 {
			back = followFarBack
		}
		if err := t.look(ctx, back); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// look prints what began since and is new.
func (t *tail) look(ctx context.Context, back time.Duration) error {
	query := t.query
	query.Limit, query.From = 200, t.newest.Add(-back)
	var found []client.Exchange
	for {
		page, err := t.server.SearchExchanges(ctx, query)
		if err != nil {
			return err
		}
		found = append(found, page.Exchanges...)
		if query.Before = page.Next; page.Next == "" {
			break
		}
	}
	for id, at := range t.shown {
		if at.Before(t.newest.Add(-2 * followFarBack)) {
			delete(t.shown, id)
		}
	}
	return t.print(found)
}

// print prints those of a page that were not printed, the newest last.
func (t *tail) print(page []client.Exchange) error {
	for _, e := range slices.Backward(page) {
		if _, again := t.shown[e.ID]; again || e.At.Before(t.oldest) {
			continue
		}
		t.shown[e.ID] = e.At
		if e.At.After(t.newest) {
			t.newest = e.At
		}
		if err := t.line(&e); err != nil {
			return err
		}
	}
	return nil
}

func (t *tail) line(e *client.Exchange) error {
	if t.asJSON {
		return printObject(t.out, loggedOf(e))
	}
	operation, what := e.Operation, e.ErrorCode
	if operation == "" {
		operation = "-"
	}
	if e.Reason != "" {
		what = strings.TrimPrefix(what+": "+e.Reason, ": ")
	}
	colours := paint{terminal(t.out)}
	line := fmt.Sprintf("%s  %s  %-18s %-6s %s  %.1f ms  %s", e.At.UTC().Format("2006-01-02 15:04:05.000"),
		colours.status(e.Status, fmt.Sprint(e.Status)), printable(operation), printable(e.Method), printable(e.Path), e.Milliseconds, colours.dim(e.ID))
	if what != "" {
		line += "  " + printable(what)
	}
	_, err := fmt.Fprintln(t.out, line)
	return err
}

// logged is an exchange for programs.
type logged struct {
	ID            string    `json:"correlation_id"`
	At            time.Time `json:"at"`
	Milliseconds  float64   `json:"duration_ms"`
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Operation     string    `json:"operation"`
	Status        int       `json:"status"`
	SessionID     string    `json:"session_id,omitzero"`
	OrderID       string    `json:"order_id,omitzero"`
	Token         string    `json:"authorization_token,omitzero"`
	ErrorCode     string    `json:"error_code,omitzero"`
	ErrorMessages []string  `json:"error_messages,omitempty"`
	Reason        string    `json:"reason,omitzero"`
}

func loggedOf(e *client.Exchange) logged {
	return logged{
		ID: e.ID, At: e.At, Milliseconds: e.Milliseconds, Method: e.Method, Path: e.Path, Operation: e.Operation, Status: e.Status,
		SessionID: e.SessionID, OrderID: e.OrderID, Token: e.AuthorizationToken,
		ErrorCode: e.ErrorCode, ErrorMessages: e.ErrorMessages, Reason: e.Reason,
	}
}
