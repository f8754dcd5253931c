package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// privateUmask keeps everything that a command makes for its user: SQLite would
// make the shared memory of a log, the first moment of a socket would be, as
// wide as the shell's umask lets them.
const privateUmask = 0o077

// Main runs a command line without the program's name and returns the exit
// code. The end of ctx stops whatever runs.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	started := false
	root := newRoot()
	root.PersistentPreRun = func(*cobra.Command, []string) {
		started = true
		syscall.Umask(privateUmask)
	}
	root.SetArgs(append([]string{}, args...))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errTold):
		return exitFailed
	case !started || errors.As(err, &usage):
		// What goes wrong before a command starts is the command line.
		fmt.Fprintf(stderr, "kvitto: %v\nSee: %s --help\n", err, command.CommandPath())
		return exitUsage
	default:
		fmt.Fprintf(stderr, "kvitto: %v\n", err)
		return exitFailed
	}
}

// errTold is a failure that the output has told already.
var errTold = errors.New("told already")

// usageError is a command line that cannot be understood.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:     "kvitto",
		Example: "  kvitto dev\n  kvitto serve --config kvitto.toml",
		Short:   "A payment-session server that speaks the Klarna Payments v1 protocol",
		Long: `Kvitto is a payment-session server that speaks the Klarna Payments v1 protocol,
on your own machine and in your tests, and says why it refuses what it refuses.

  kvitto dev                    start a playground server
  kvitto try                    watch a payment from the first session to the order
  kvitto explain ID             why an exchange was refused, or a payment decided as it was
  kvitto logs --follow          what was asked and answered, as it happens; kvitto logs TEXT searches
  kvitto offers SE SEK 10000    which ways to pay are offered, and why not the others
  kvitto callbacks list         what a shop's server was told, and what it answered
  kvitto check cart.json        what is wrong with the body of a create session
  kvitto hosts, kvitto trust    lead plugins with built-in host names to kvitto dev --tls
  kvitto serve                  start a server for real shops (see kvitto config example)

It is not affiliated with Klarna.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(newDev(), newTry(), newExplain(), newSession(), newLogs(), newAssessments(), newOffers(), newCallbacks(), newCheck(), newOpenAPI(), newVersion())
	root.AddCommand(newHosts(), newTrust())
	root.AddCommand(newServe(), newConfig(), newRules(), newReviews(), newMerchant(), newKey(), newPeople(), newErase(), newMigrate(), newBackup(), newRestore())
	return root
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, got %q", c.Name(), args[0])
	}
	return nil
}

// oneArg wants exactly one argument, which what describes.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usage("%s needs %s", c.Name(), what)
		}
		return nil
	}
}
