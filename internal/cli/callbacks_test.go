package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/cli"
)

// TestCallbacksOnTheCommandLine: held, released, delivered, sent again.
func TestCallbacksOnTheCommandLine(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 9)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- r.Header.Get("Webhook-Id")
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(shop.Close)
	server, err := app.Open(t.Context(), app.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	run := func(want string, args ...string) string {
		t.Helper()
		var out, failure bytes.Buffer
		code := cli.Main(t.Context(), append(append([]string{"callbacks"}, args...), "--url", server.URL), nil, &out, &failure)
		if code != 0 || !regexp.MustCompile(want).MatchString(out.String()) {
			t.Fatalf("%v: exit %d, %s%s, want %s", args, code, out.String(), failure.String(), want)
		}
		return out.String()
	}
	run("are held", "hold")
	calls := client.New(server.URL, "demo", "demo")
	session, err := calls.CreateSession(t.Context(), fmt.Sprintf(`{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,
		"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}],"merchant_urls":{"authorization":%q}}`, shop.URL))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := calls.Authorize(t.Context(), session.SessionID, `{}`); err != nil {
		t.Fatal(err)
	}
	listed := run(`(?m)^held: .*\n[-0-9a-f]{36}  waiting   authorization session `+session.SessionID+`  0 attempts  not tried yet$`,
		"list", "--session", session.SessionID)
	id := regexp.MustCompile(`(?m)^[-0-9a-f]{36}`).FindString(listed)
	run("^delay: "+id, "delay", id, "--seconds", "3600")
	run("^duplicate: "+id, "duplicate", id)
	run("^release: "+id, "release", id)
	for range 2 {
		if got := <-arrived; got != id {
			t.Errorf("%s arrived, want %s", got, id)
		}
	}
	delivered(t, calls)
	run(`(?m)^`+id+`  delivered authorization .* 1 attempt  202 in [\d.]+ ms$`, "list")
	run(`^{"callback_id":"`+id+`","step":"replay"}\n$`, "replay", id, "--json")
	if got := <-arrived; got != id {
		t.Errorf("%s arrived, want %s", got, id)
	}
	delivered(t, calls)
	run(`"state":"delivered"`, "list", "--json")
}

// delivered waits until nothing waits.
func delivered(t *testing.T, calls *client.Client) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		list, err := calls.Callbacks(t.Context(), "")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v %v", list, err)
		}
		if list.Callbacks[0].State == "delivered" {
			return
		}
	}
}
