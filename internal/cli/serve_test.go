package cli

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/config"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/tracing"
)

// TestEverySettingReachesTheServer: each key has a value of its own, so that
// none can take the place of another.
func TestEverySettingReachesTheServer(t *testing.T) {
	t.Parallel()
	networks := config.Networks{netip.MustParsePrefix("10.0.0.0/8")}
	seconds := func(n int) config.Duration { return config.Duration(time.Duration(n) * time.Second) }
	c := config.Config{
		Listen: ":1", PublicURL: "https://pay.example", Data: "somewhere", TrustedProxies: networks,
		TLS: config.TLS{Cert: "c", Key: "k"},
		Timeouts: config.Timeouts{ReadHeader: seconds(1), Read: seconds(2), Write: seconds(3), Idle: seconds(4),
			LameDuck: seconds(5), Drain: seconds(6), DrainRead: seconds(7)},
		RateLimit: config.RateLimit{Enabled: true, CreateSession: 8, CreateTokenSession: 9, Other: 10},
		Overload:  config.Overload{InFlight: 11, Queue: 12, Patience: seconds(13), BodyMemory: 14, Connections: 15},
		Cache:     config.Cache{Size: 16},
		Retention: config.Retention{Sessions: seconds(17), Assessments: seconds(20), ExchangesAge: seconds(18), ExchangesBytes: 19},
		Metrics:   config.Metrics{Listen: ":2"},
		Tracing:   config.Tracing{Endpoint: "http://t", Sample: 0.2},
	}
	logger := slog.New(slog.DiscardHandler)
	want := app.Config{
		Production: true, Store: "sqlite:somewhere/kvitto.db", Listen: ":1", PublicURL: "https://pay.example",
		CertFile: "c", KeyFile: "k", TrustedProxies: networks, MetricsListen: ":2", CacheBytes: 16, Logger: logger,
		Timeouts: app.Timeouts{ReadHeader: time.Second, Read: 2 * time.Second, Write: 3 * time.Second, Idle: 4 * time.Second,
			LameDuck: 5 * time.Second, Drain: 6 * time.Second, DrainRead: 7 * time.Second},
		RateLimits: ratelimit.Options{CreateSession: 8, CreateTokenSession: 9, Other: 10},
		Overload:   overload.Options{InFlight: 11, Waiting: 12, Patience: 13 * time.Second, BodyBytes: 14, Connections: 15},
		Retention:  app.Retention{Sessions: 17 * time.Second, Assessments: 20 * time.Second, Exchanges: 18 * time.Second, ExchangeBytes: 19},
		Tracing:    tracing.Options{Endpoint: "http://t", SampleRatio: 0.2, Version: thisBuild().Version},
	}
	options := cmp.Options{cmpopts.EquateComparable(netip.Prefix{}), cmpopts.IgnoreUnexported(app.Config{}), cmp.Comparer(func(a, b *slog.Logger) bool { return a == b })}
	if diff := cmp.Diff(want, serverConfig(&c, logger), options); diff != "" {
		t.Errorf("the server gets something else (-want +got):\n%s", diff)
	}

	c.Store, c.RateLimit.Enabled, c.Tracing.Sample = "postgres://db/kvitto", false, 0
	got := serverConfig(&c, logger)
	if got.Store != "postgres://db/kvitto" || got.RateLimits.On() || got.Tracing.SampleRatio >= 0 {
		t.Errorf("store %s, limits %+v, sample %v", got.Store, got.RateLimits, got.Tracing.SampleRatio)
	}
}
