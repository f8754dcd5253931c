package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

func newTry() *cobra.Command {
	var where connection
	var asJSON bool
	command := &cobra.Command{
		Use:   "try",
		Short: "Watch a payment from the first session to the order",
		Long: `Try walks a payment through the API and shows every exchange: a cart that
changes, an approval, the order, and what the server says to three mistakes.

Without --url it starts a server of its own that is gone afterwards. It fails
when the server does not do what the story tells.`,
		Example: "  kvitto try\n  kvitto try --url http://127.0.0.1:7420",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return try(c, where, asJSON) },
	}
	command.Flags().StringVar(&where.url, "url", "", "where the server is (default: one of its own)")
	where.userFlag(command)
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each step")
	return command
}

func try(c *cobra.Command, where connection, asJSON bool) (err error) {
	own := where.url == ""
	if own {
		url, stop, err := ownServer(c.Context(), c.ErrOrStderr())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
		where.url = url
	}
	recorder := &recorder{next: &http.Transport{Proxy: http.ProxyFromEnvironment}}
	api, err := where.client(client.WithHTTPClient(&http.Client{Transport: recorder}))
	if err != nil {
		return err
	}
	var t teller = aloud{c.OutOrStdout(), paint{terminal(c.OutOrStdout())}}
	if asJSON {
		t = inJSON{c.OutOrStdout()}
	}
	if !own {
		// A server that is not there is no story.
		if _, err := api.Clock(c.Context()); err != nil {
			return where.helpful(err)
		}
		recorder.exchanges = nil
	}
	return tell(c.Context(), t, &story{client: api, recorder: recorder, stepOf: make(map[string]int)}, where, own)
}

// tell walks through the chapters until one does not come true.
func tell(ctx context.Context, t teller, s *story, where connection, own bool) error {
	if err := t.opening(where.url, own); err != nil {
		return err
	}
	started := time.Now()
	for i, chapter := range chapters {
		s.step, s.shown = i+1, nil
		before := len(s.recorder.exchanges)
		problem := chapter.tell(s, ctx)
		// What a failed step did not come to show.
		for _, e := range s.recorder.exchanges[before+len(s.shown):] {
			s.shown = append(s.shown, shown{seen: e})
		}
		if err := t.step(i+1, chapter.title, s.shown, problem); err != nil {
			return err
		}
		if problem != nil {
			return errTold
		}
	}
	next := "A server to keep: kvitto dev"
	if !own {
		next = "Explain the last mistake again:\n" + printable("kvitto explain "+s.refusal+where.commandLine())
	}
	return t.ending(len(s.recorder.exchanges), time.Since(started), next)
}

// ownServer starts a server in a temporary directory. It logs what goes wrong.
func ownServer(ctx context.Context, stderr io.Writer) (url string, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "kvitto-try-")
	if err != nil {
		return "", nil, err
	}
	// The story ends before the server does, also when it is interrupted.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	server, err := app.Open(ctx, app.Config{DataDir: dir, Listen: "127.0.0.1:0",
		Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		cancel()
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	return server.URL, func() error {
		cancel()
		err := <-ended
		return errors.Join(err, server.Close(), os.RemoveAll(dir))
	}, nil
}
