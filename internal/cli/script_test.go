package cli_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/cli"
)

// TestMain lets scripts run this binary as the command kvitto.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kvitto": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs testdata/script. Besides the usual commands there are
//
//	exits CODE command...   the command ends with this exit code
//	serve DIR               starts a server; sets $URL and $ADDR
//	capture NAME REGEXP     sets $NAME to the group in the last stdout
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "serve": serve, "capture": capture,
		},
		RequireExplicitExec: true,
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("the exit code is %d, want %d", code, want)
	}
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	ctx, stop := context.WithCancel(context.Background())
	server, err := app.Open(ctx, app.Config{DataDir: ts.MkAbs(args[0]), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		stop()
		ts.Fatalf("serve: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	ts.Defer(func() {
		stop()
		err := <-ended
		if err = errors.Join(err, server.Close()); err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
		}
	})
	ts.Setenv("URL", server.URL)
	ts.Setenv("ADDR", strings.TrimPrefix(server.URL, "http://"))
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	groups := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(groups) != 2 {
		ts.Fatalf("stdout has no match of %s", args[1])
	}
	ts.Setenv(args[0], groups[1])
}
