package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/config"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/tracing"
)

func newServe() *cobra.Command {
	var from operator
	command := &cobra.Command{
		Use:   "serve",
		Short: "Start a server for real shops",
		Long: `Serve starts the Payments API for merchants and keys that were made with kvitto
merchant add and kvitto key create. There is no playground: no sign-in with any
credentials, no clock to move, and test data has no meaning. Under /kvitto/v1/
there are exchanges and check, which explain refusals to the merchant's key, and
callbacks, which shows what its server was told.

Flags override KVITTO_ variables, which override the file, which overrides the
defaults; see kvitto config example. SIGTERM and SIGINT turn /readyz to 503, wait
for timeouts.lame_duck, and stop once what was accepted is answered; a second
signal stops at once, which loses nothing that was acknowledged.`,
		Example: "  kvitto serve --config /etc/kvitto/kvitto.toml\n  kvitto serve --store sqlite:/var/lib/kvitto/kvitto.db --listen :7420",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return serve(c, from) },
	}
	from.flags(command)
	command.Flags().StringVar(&from.listen, "listen", "", "listen at `HOST:PORT`; port 0 picks a free one")
	command.Flags().StringVar(&from.rules, "rules", "", "decide by the risk rules of `FILE`, or of a directory; see kvitto rules")
	from.jsonFlag(command, "print the server as one JSON object, and log in JSON")
	return command
}

func serve(c *cobra.Command, from operator) (err error) {
	signal.Ignore(syscall.SIGPIPE)
	loaded, err := from.load(c)
	if err != nil {
		return err
	}
	giveCollectorRoom()
	logger := operatorLog(c.ErrOrStderr(), loaded.Log, from.json)
	server, err := app.Open(c.Context(), serverConfig(&loaded.Config, logger))
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, server.Close())
		logger.Info("stopped", "exchanges", server.Exchanges())
	}()
	if err := announce(c.OutOrStdout(), server, &loaded.Config, from.json); err != nil {
		return err
	}
	logger.Info("listening", "url", server.URL, "store", config.Redacted(storeURL(&loaded.Config)), "version", thisBuild().Version)
	return server.Run(c.Context())
}

// serverConfig is the configuration as the server takes it.
func serverConfig(c *config.Config, logger *slog.Logger) app.Config {
	secret, _ := c.Assessor.Secret() // it was checked when it was loaded
	return app.Config{
		Production: true, Store: storeURL(c), Rules: c.Rules, Portal: c.Portal.Enabled, Listen: c.Listen, PublicURL: c.PublicURL,
		CertFile: c.TLS.Cert, KeyFile: c.TLS.Key, TrustedProxies: c.TrustedProxies, MetricsListen: c.Metrics.Listen,
		CacheBytes: int(c.Cache.Size), Logger: logger,
		Timeouts: app.Timeouts{
			ReadHeader: time.Duration(c.Timeouts.ReadHeader), Read: time.Duration(c.Timeouts.Read), Write: time.Duration(c.Timeouts.Write),
			Idle: time.Duration(c.Timeouts.Idle), LameDuck: time.Duration(c.Timeouts.LameDuck),
			Drain: time.Duration(c.Timeouts.Drain), DrainRead: time.Duration(c.Timeouts.DrainRead),
		},
		Retention: app.Retention{
			Sessions: time.Duration(c.Retention.Sessions), Exchanges: time.Duration(c.Retention.ExchangesAge),
			Assessments: time.Duration(c.Retention.Assessments), ExchangeBytes: int64(c.Retention.ExchangesBytes),
		},
		CallbackNetworks: c.Callbacks.AllowNetworks, Reviews: reviewRules(c),
		Assessor: app.Assessor{
			URL: c.Assessor.URL, Secret: secret, Timeout: time.Duration(c.Assessor.Timeout),
			Fallback: assessor.Fallback(c.Assessor.Fallback), Networks: c.Assessor.AllowNetworks,
		},
		RateLimits: rateLimits(c.RateLimit), Overload: overloadBounds(c.Overload), Tracing: traces(c.Tracing),
	}
}

// reviewRules are how referred orders are reviewed.
func reviewRules(c *config.Config) app.Reviews {
	return app.Reviews{
		Terms:         checkout.ReviewTerms{Due: time.Duration(c.Review.Due), AtDue: checkout.ReviewVerdict(c.Review.AtDue)},
		FourEyesAbove: c.Review.FourEyesAbove,
	}
}

func rateLimits(c config.RateLimit) ratelimit.Options {
	if !c.Enabled {
		return ratelimit.Options{}
	}
	return ratelimit.Options{CreateSession: c.CreateSession, CreateTokenSession: c.CreateTokenSession, Other: c.Other}
}

func overloadBounds(c config.Overload) overload.Options {
	return overload.Options{
		InFlight: c.InFlight, Waiting: c.Queue, Patience: time.Duration(c.Patience),
		BodyBytes: int64(c.BodyMemory), Connections: c.Connections,
	}
}

func traces(c config.Tracing) tracing.Options {
	share := c.Sample
	if share == 0 {
		share = -1 // the options' zero is all
	}
	return tracing.Options{Endpoint: c.Endpoint, SampleRatio: share, Version: thisBuild().Version}
}

func operatorLog(w io.Writer, c config.Log, asJSON bool) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // the check has let only levels through
	options := &slog.HandlerOptions{Level: level}
	if asJSON || c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// serving is the first line of serve --json.
type serving struct {
	URL        string `json:"url"`
	PublicURL  string `json:"public_url"`
	MetricsURL string `json:"metrics_url"`
	PortalURL  string `json:"portal_url"` // "" where portal.enabled is false
	Store      string `json:"store"`
	Version    string `json:"version"`
	PID        int    `json:"pid"`
}

func announce(w io.Writer, server *app.App, c *config.Config, asJSON bool) error {
	first := serving{
		URL: server.URL, PublicURL: strings.TrimSuffix(c.PublicURL, "/"), MetricsURL: server.MetricsURL + "/metrics",
		PortalURL: server.PortalURL(), Store: config.Redacted(storeURL(c)), Version: thisBuild().Version, PID: os.Getpid(),
	}
	if first.PublicURL == "" {
		first.PublicURL = server.URL
	}
	if server.MetricsURL == "" {
		first.MetricsURL = server.URL + "/metrics"
	}
	if asJSON {
		return printObject(w, first)
	}
	portal := "off; portal.enabled opens it"
	if first.PortalURL != "" {
		portal = first.PortalURL
	}
	_, err := fmt.Fprintf(w, "kvitto %s serves at %s\n  store     %s\n  metrics   %s\n  portal    %s\n  merchants kvitto merchant list --store %s\n",
		first.Version, first.URL, printable(first.Store), first.MetricsURL, portal, printable(first.Store))
	return err
}
