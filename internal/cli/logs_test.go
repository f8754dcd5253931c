package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/cli"
	"github.com/kvitto/kvitto/kvittotest"
)

// TestLogsFollow: each exchange is printed once, those from before and those
// that come.
func TestLogsFollow(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	shop := server.Merchant("shop")
	call := func() (correlationID string) {
		_, err := shop.CreateSession(t.Context(), map[string]any{"locale": 7})
		var refused *client.Error
		if !errors.As(err, &refused) {
			t.Fatalf("the session was made: %v", err)
		}
		return refused.CorrelationID
	}
	var want []string
	for range 3 {
		want = append(want, call())
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	output, input := io.Pipe()
	ended := make(chan int, 1)
	var complaints bytes.Buffer
	go func() {
		ended <- cli.Main(ctx, []string{"logs", "--follow", "--json", "--url", server.URL, "--user", "shop:secret"}, nil, input, &complaints)
		_ = input.Close()
	}()
	var got []string
	lines := bufio.NewScanner(output)
	for len(got) < 9 && lines.Scan() {
		var line struct {
			ID string `json:"correlation_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if got = append(got, line.ID); len(got)%3 == 0 && len(want) < 9 {
			for range 3 { // between two looks
				want = append(want, call())
			}
		}
	}
	stop()
	_, _ = io.Copy(io.Discard, output)
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d: %s", code, complaints.String())
	}
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
	}
	for _, id := range want {
		if seen[id] != 1 {
			t.Errorf("%s was printed %d times; printed were %v", id, seen[id], got)
		}
	}
}
