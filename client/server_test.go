package client_test

import (
	"context"
	"log/slog"
	"os"

	"github.com/kvitto/kvitto/internal/app"
)

// playground starts a server for an example, which has no testing.T. A failure
// shows in the example's output.
func playground() (url string, stop func()) {
	dir, err := os.MkdirTemp("", "kvitto-example")
	if err != nil {
		return err.Error(), func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	running, err := app.Open(ctx, app.Config{DataDir: dir, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		cancel()
		return err.Error(), func() {}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = running.Run(ctx)
	}()
	return running.URL, func() {
		cancel()
		<-ended
		_ = running.Close()
		_ = os.RemoveAll(dir)
	}
}
