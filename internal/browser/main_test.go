package browser_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// site is a server and a shop on another site, whose pages load its SDK.
type site struct {
	api  string // what shops' servers call
	shop string // address of the shop
}

// kvitto is the server of all tests, each of which is a merchant of its own.
// Browsers reach it through a front, which sees every request and can lose one.
var kvitto struct {
	site
	front *front
}

func TestMain(m *testing.M) {
	stop, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "the server did not start:", err)
		os.Exit(1)
	}
	code := browsertest.Main(m)
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the server did not stop:", err)
		code = 1
	}
	os.Exit(code)
}

func start() (stop func() error, err error) {
	folder, err := os.MkdirTemp("", "kvitto-browser-")
	if err != nil {
		return nil, err
	}
	kvitto.front = newFront()
	ctx, cancel := context.WithCancel(context.Background())
	running, err := app.Open(ctx, app.Config{
		DataDir: folder, Listen: "127.0.0.1:0", PublicURL: kvitto.front.url,
		Console: io.Discard, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		cancel()
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	kvitto.api = running.URL
	if err := kvitto.front.lead(running.URL); err != nil {
		cancel()
		return nil, err
	}
	shop := newShopServer(kvitto.front.url)
	kvitto.shop = shop.URL
	ended := make(chan error, 1)
	go func() { ended <- running.Run(ctx) }()
	return func() error {
		shop.Close()
		kvitto.front.close()
		cancel()
		return errors.Join(<-ended, running.Close(), os.RemoveAll(folder))
	}, nil
}
