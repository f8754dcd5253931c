package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
)

// listenDefault is where `kvitto dev` listens and where the other commands look
// for it.
const listenDefault = "127.0.0.1:7420"

// connection is where a server is and who calls.
type connection struct {
	url  string
	user string // NAME:PASSWORD
}

func (c *connection) userFlag(command *cobra.Command) {
	command.Flags().StringVar(&c.user, "user", userDefault, "sign in as `NAME:PASSWORD`; every name is a merchant of its own")
}

func (c *connection) flags(command *cobra.Command) {
	command.Flags().StringVar(&c.url, "url", urlDefault, "where the server is")
	c.userFlag(command)
}

const (
	urlDefault  = "http://" + listenDefault
	userDefault = "demo:demo"
)

// commandLine is the flags that lead another command to the same place, with a
// space before each. It does not tell the password.
func (c *connection) commandLine() string {
	flags := ""
	if c.url != urlDefault {
		flags += " --url " + c.url
	}
	if name, _, _ := strings.Cut(c.user, ":"); c.user != userDefault {
		flags += " --user " + name + ":PASSWORD"
	}
	return flags
}

// client is a client of that server.
func (c *connection) client(options ...client.Option) (*client.Client, error) {
	name, password, ok := strings.Cut(c.user, ":")
	if !ok || name == "" {
		return nil, usage("--user wants NAME:PASSWORD, got %q", c.user)
	}
	if !strings.Contains(c.url, "://") {
		c.url = "http://" + c.url
	}
	return client.New(c.url, name, password, options...), nil
}

// helpful turns a failure of a call into one that says what to do next.
func (c *connection) helpful(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("nothing answers at %s (%w)\nstart one with: kvitto dev", c.url, dial.Err)
	}
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w\nsign in with --user NAME:PASSWORD; a playground takes any password but \"invalid\"", err)
	}
	return err
}

// why is helpful that adds what the server's explanation says of a refusal.
func (c *connection) why(ctx context.Context, server *client.Client, err error) error {
	var refused *client.Error
	if errors.As(err, &refused) && refused.CorrelationID != "" {
		if explained, failed := server.Explain(ctx, refused.CorrelationID); failed == nil && explained.Reason != "" {
			return fmt.Errorf("%w\n%s", err, printable(explained.Reason))
		}
	}
	return c.helpful(err)
}
