package cli

import (
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/config"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/ratelimit"
)

// dataDefault is where a playground keeps its sessions, below the current
// directory.
const dataDefault = "kvitto-data"

type devFlags struct {
	listen, data, publicURL string
	store                   string
	rules                   string
	assessor                config.Assessor
	cpuProfile              string
	json, quiet, limits     bool
	names                   namesFlags
}

func newDev() *cobra.Command {
	var flags devFlags
	command := &cobra.Command{
		Use:   "dev",
		Short: "Start a playground server",
		Long: `Dev starts a playground: the whole API, sign-in with any credentials, and Kvitto's
own interface under /kvitto/v1/ that stands in for the customer's browser, moves
the clock and explains refusals.

Every user name is a merchant of its own, with its own sessions and clock; the
only password that is refused is "invalid". Data is kept in ./kvitto-data unless
--data says otherwise, and survives a restart. Every exchange is printed, with
the explanation of a refusal under it. With --tls it also serves under the host
names that plugins have built in; see kvitto hosts and kvitto trust. SIGINT (Ctrl-C) and SIGTERM stop the
server once it has answered what it accepted.`,
		Example: "  kvitto dev\n  kvitto dev --listen 127.0.0.1:0 --data /tmp/shop --json\n  kvitto dev --tls --proxy",
		Args:    devArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return dev(c, flags) },
	}
	command.Flags().StringVar(&flags.listen, "listen", listenDefault, "listen at `HOST:PORT`; port 0 picks a free one")
	command.Flags().StringVar(&flags.data, "data", dataDefault, "keep the data in `DIR`, which is made when missing")
	command.Flags().StringVar(&flags.store, "store", "", "keep it in sqlite:`PATH` or postgres://... instead of --data")
	command.Flags().StringVar(&flags.publicURL, "public-url", "", "what browsers reach, when it is not the address listened on")
	command.Flags().BoolVar(&flags.json, "json", false, "print JSON objects: first the server, then one for each exchange")
	command.Flags().BoolVar(&flags.quiet, "quiet", false, "do not print exchanges")
	command.Flags().BoolVar(&flags.limits, "limits", false, "limit requests as the original's playground does: 5 new sessions a second")
	command.Flags().StringVar(&flags.rules, "rules", "", "decide by the risk rules of `FILE`, or of a directory, instead of by test data; see kvitto rules")
	command.Flags().StringVar(&flags.assessor.URL, "assessor", "", "ask the server at `URL` after the rules; see docs/assessor.md")
	command.Flags().StringVar(&flags.assessor.SecretFile, "assessor-secret", "", "sign what it is asked with the secret in `FILE`")
	flags.names.flags(command)
	command.Flags().StringVar(&flags.cpuProfile, "cpuprofile", "", "write a CPU profile to `FILE` until the server stops")
	return command
}

func dev(c *cobra.Command, flags devFlags) (err error) {
	// Who starts a server to read its first line and then closes the pipe must
	// not stop it.
	signal.Ignore(syscall.SIGPIPE)
	if err := errors.Join(checkPublicURL(flags.publicURL), flags.names.check()); err != nil {
		return err
	}
	giveCollectorRoom()
	stopProfile, err := startProfile(flags.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	data, err := filepath.Abs(flags.data)
	if err != nil {
		return err
	}
	_, missing := os.Stat(data)
	if flags.store != "" && c.Flags().Changed("data") {
		return usage("--store and --data both say where the data is; give one of them")
	}
	if flags.store != "" {
		if problem, next := config.StoreProblem(flags.store); problem != "" {
			return usage("--store: store %s; %s", problem, next)
		}
		data, missing = config.Redacted(flags.store), nil
	}
	options := app.Config{DataDir: data, Store: flags.store, Rules: flags.rules, Listen: flags.listen, PublicURL: flags.publicURL, Logger: logger(c.ErrOrStderr(), flags.json)}
	if options.Assessor, err = flags.asked(); err != nil {
		return err
	}
	if options.Names, err = flags.names.config(flags.data); err != nil {
		return err
	}
	if flags.limits {
		options.RateLimits = ratelimit.Playground
	}
	if !flags.quiet {
		options.Console, options.ConsoleLinks = c.OutOrStdout(), true
		if flags.json {
			options.ConsoleFormat = console.JSON
		}
	}
	server, err := app.Open(c.Context(), options)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, server.Close())
		if err == nil {
			farewell(c.OutOrStdout(), flags, int(server.Exchanges()))
		}
	}()
	made := errors.Is(missing, os.ErrNotExist)
	if err := welcome(c.OutOrStdout(), flags, server, data, made); err != nil {
		return err
	}
	return server.Run(c.Context())
}

// asked is the assessor of the flags.
func (f *devFlags) asked() (app.Assessor, error) {
	if f.assessor.URL == "" && f.assessor.SecretFile == "" {
		return app.Assessor{}, nil
	}
	if f.assessor.URL == "" || f.assessor.SecretFile == "" {
		return app.Assessor{}, usage("--assessor and --assessor-secret belong together: questions are signed")
	}
	secret, problem := f.assessor.Secret()
	if problem != "" {
		return app.Assessor{}, usage("--assessor-secret %s", problem)
	}
	return app.Assessor{URL: f.assessor.URL, Secret: secret}, nil
}

// logger writes what operators read to standard error.
func logger(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// checkPublicURL wants what browsers can open: links are made by adding paths.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" || address.RawQuery != "" || address.Fragment != "" {
		return usage("--public-url wants an address such as https://pay.example, got %q", text)
	}
	return nil
}
