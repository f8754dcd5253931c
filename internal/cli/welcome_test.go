package cli

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	for bound, want := range map[string]struct {
		url  string
		open bool
	}{
		"127.0.0.1:7420":   {"http://127.0.0.1:7420", false},
		"[::1]:7420":       {"http://[::1]:7420", false},
		"0.0.0.0:7420":     {"http://127.0.0.1:7420", true},
		"[::]:7420":        {"http://127.0.0.1:7420", true},
		"192.168.1.9:7420": {"http://192.168.1.9:7420", true},
	} {
		if url, open := reachable("http://", bound); url != want.url || open != want.open {
			t.Errorf("%s is reached at %s, by others %t; want %s, %t", bound, url, open, want.url, want.open)
		}
	}
}

func TestWelcomeWarns(t *testing.T) {
	t.Parallel()
	for bound, want := range map[string]bool{"127.0.0.1:1": false, "0.0.0.0:1": true} {
		var b strings.Builder
		if err := welcome(&b, devFlags{publicURL: "https://pay.example"}, &app.App{Bound: bound}, "/data", false); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "\n  beware    other machines"); got != want {
			t.Errorf("bound to %s the welcome warns: %t, want %t", bound, got, want)
		}
		if !strings.Contains(b.String(), "\n  public    https://pay.example\n") || !strings.Contains(b.String(), "--url http://127.0.0.1:1\n") {
			t.Errorf("the welcome is\n%s", b.String())
		}
	}
}
