// Command kvitto is a payment-session server that speaks the Klarna Payments v1
// protocol, and its tools. It owns signals and the exit code; package cli has
// the commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/kvitto/kvitto/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks; a second one kills, as if nobody listened.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
