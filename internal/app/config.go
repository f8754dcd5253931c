package app

import (
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/tracing"
)

// Config says how a server runs. The zero value of a field is usable where
// its comment says so.
type Config struct {
	// Production is a server for real shops: credentials that were made with
	// credential.New, the machine's clock, no playground. Otherwise anybody is
	// let in and Kvitto's own interface is there.
	Production bool
	DataDir    string // holds kvitto.db and requests.db when Store is empty; made when missing
	Store      string // sqlite:PATH or postgres://...
	Listen     string // host:port; port 0 picks a free one
	PublicURL  string // what browsers reach; empty: the address listened on
	// CertFile and KeyFile make the server speak TLS; both or none.
	CertFile, KeyFile string
	// Names are listeners for clients that have the original's host names built
	// in; zero opens none.
	Names Names
	// Portal opens the portal of a server for shops to people who sign in. That of a
	// playground is always there.
	Portal         bool
	TrustedProxies []netip.Prefix // whose forwarded headers are believed
	Timeouts       Timeouts       // what is zero has its default
	// Rules is the file of the risk rules, or a directory with default.toml for
	// everybody and MERCHANT_ID.toml for one, read again when they change. Empty are
	// the rules of the binary: by test data in a playground, else the default.
	Rules string
	// MetricsListen is an address of its own for /metrics; empty: with the rest.
	MetricsListen string
	Console       io.Writer // gets a line per exchange; nil prints none
	// ConsoleFormat is console.Text or console.JSON; zero is console.Text.
	ConsoleFormat console.Format
	// ConsoleLinks lets its refusals lead to the portal.
	ConsoleLinks bool
	Logger       *slog.Logger // nil logs to standard error
	// SystemTime is the clock under all clocks; nil is time.Now.
	SystemTime func() time.Time
	// CacheBytes is the memory for recent sessions; 0 is 128 MiB.
	CacheBytes int
	Retention  Retention // what is deleted when; zero deletes nothing
	// CallbackNetworks are those of receivers that are not public; a playground
	// has its own.
	CallbackNetworks []netip.Prefix
	// Reviews say how referred orders are reviewed; zero is the defaults.
	Reviews Reviews
	// Assessor is the operator's own server that decides; zero is none.
	Assessor Assessor
	// RateLimits are the limits of each merchant; zero limits nothing.
	RateLimits ratelimit.Options
	// Overload bounds the server; zero is the defaults.
	Overload overload.Options
	// Tracing says where traces go; zero sends none.
	Tracing tracing.Options

	// holdCommits lets tests stand between the service and the store.
	holdCommits func(service.Committer) service.Committer
}

// Reviews say how referred orders are reviewed.
type Reviews struct {
	Terms         checkout.ReviewTerms // where the rules say nothing
	FourEyesAbove map[string]int64     // minor units by currency, above which the acceptance of an order placed here takes two people
}

// Assessor is a server that is asked about payments after the rules.
type Assessor struct {
	URL      string            // empty is none
	Secret   []byte            // signs the questions
	Timeout  time.Duration     // zero is half a second
	Fallback assessor.Fallback // empty is a review
	// Networks are those it may be in although they are not public; a playground
	// has its own.
	Networks []netip.Prefix
}

// Names are listeners under the original's host names.
type Names struct {
	// TLS is host:port of a listener that speaks TLS under each of the names;
	// port 0 picks a free one. Empty opens neither it nor the proxy.
	TLS string
	// AuthorityDir holds the certificate authority; made when missing.
	AuthorityDir string
	// Proxy is host:port, on loopback, of an HTTP proxy that leads the names to
	// that listener; empty opens none.
	Proxy string
	// Passthrough lets the proxy lead everywhere else too.
	Passthrough bool
}

// Timeouts bound what clients and a stop may take. A zero is the default.
type Timeouts struct {
	ReadHeader, Read, Write, Idle time.Duration // of net/http.Server; 10 s, 10 s, 1 min, 2 min
	// LameDuck is how long a stopping server goes on after /readyz has turned
	// 503, so that load balancers can notice; no time by default.
	LameDuck time.Duration
	// Drain is how long it then waits for the requests it has accepted; 20 s.
	Drain time.Duration
	// DrainRead is how long a request that has arrived by half may go on
	// arriving during that; 2 s.
	DrainRead time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&t.ReadHeader, 10 * time.Second}, {&t.Read, 10 * time.Second}, {&t.Write, time.Minute}, {&t.Idle, 2 * time.Minute},
		{&t.Drain, 20 * time.Second}, {&t.DrainRead, 2 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	return t
}

func withDefaults(config Config) Config {
	if config.Store == "" {
		config.Store = "sqlite:" + filepath.Join(config.DataDir, databaseName)
	}
	if config.SystemTime == nil {
		config.SystemTime = time.Now
	}
	if config.ConsoleFormat.Exchange == nil {
		config.ConsoleFormat = console.Text
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if config.CacheBytes == 0 {
		config.CacheBytes = 128 << 20
	}
	if config.Assessor.Timeout == 0 {
		config.Assessor.Timeout = assessor.DefaultTimeout
	}
	if config.Assessor.Fallback == "" {
		config.Assessor.Fallback = assessor.FallbackRefer
	}
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	config.Timeouts = config.Timeouts.withDefaults()
	return config
}
