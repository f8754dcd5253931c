package config

import "time"

// Config is everything an operator can set. The tags of a field are its name
// in the file, its unit or form, and one sentence about it.
type Config struct {
	Listen    string `toml:"listen" unit:"host:port" doc:"Where the server listens; port 0 picks a free one."`
	PublicURL string `toml:"public_url" unit:"URL" doc:"What browsers reach, when it is not the address listened on."`
	Store     string `toml:"store" unit:"URL" doc:"sqlite:PATH or postgres://...; empty is kvitto.db in the data directory."`
	StoreFile string `toml:"store_file" unit:"path" doc:"A file that holds the URL of the store, so that its password is not in this one."`
	Data      string `toml:"data" unit:"path" doc:"The directory of the SQLite files when store is empty; it is made when missing."`
	Rules     string `toml:"rules" unit:"path" doc:"The file of the risk rules, or a directory of them, read again when it changes; empty is the default rules."`
	// TrustedProxies are networks, so that nobody else can claim an address.
	TrustedProxies Networks  `toml:"trusted_proxies" unit:"list of CIDRs" doc:"Whose X-Forwarded-* and Forwarded are believed."`
	TLS            TLS       `toml:"tls"`
	Timeouts       Timeouts  `toml:"timeouts"`
	RateLimit      RateLimit `toml:"rate_limit"`
	Overload       Overload  `toml:"overload"`
	Cache          Cache     `toml:"cache"`
	Retention      Retention `toml:"retention"`
	Callbacks      Callbacks `toml:"callbacks"`
	Review         Review    `toml:"review"`
	Assessor       Assessor  `toml:"assessor"`
	Portal         Portal    `toml:"portal"`
	Metrics        Metrics   `toml:"metrics"`
	Tracing        Tracing   `toml:"tracing"`
	Log            Log       `toml:"log"`
}

// TLS is the server's certificate. Without one it speaks plain HTTP.
type TLS struct {
	Cert string `toml:"cert" unit:"path" doc:"PEM file of the certificate and its chain; read again when it changes."`
	Key  string `toml:"key" unit:"path" doc:"PEM file of the certificate's private key; read again when it changes."`
}

// Timeouts bound what a client may take, and what a stop may take.
type Timeouts struct {
	ReadHeader Duration `toml:"read_header" unit:"duration" doc:"For the arrival of a request's header."`
	Read       Duration `toml:"read" unit:"duration" doc:"For the arrival of a whole request."`
	Write      Duration `toml:"write" unit:"duration" doc:"From the end of the header to the end of the answer."`
	Idle       Duration `toml:"idle" unit:"duration" doc:"How long a connection is kept without a request."`
	LameDuck   Duration `toml:"lame_duck" unit:"duration" doc:"How long a stopping server goes on after /readyz has turned 503."`
	Drain      Duration `toml:"drain" unit:"duration" doc:"How long a stop then waits for the requests it accepted."`
	DrainRead  Duration `toml:"drain_read" unit:"duration" doc:"How long a request that has arrived by half may go on arriving during that."`
}

// RateLimit is per merchant and class of operation, in each process.
type RateLimit struct {
	Enabled            bool `toml:"enabled" doc:"Whether there are limits."`
	CreateSession      int  `toml:"create_session" unit:"requests a second" doc:"New sessions of a merchant."`
	CreateTokenSession int  `toml:"create_token_session" unit:"requests a second" doc:"New customer tokens of a merchant."`
	Other              int  `toml:"other" unit:"requests a second" doc:"Everything else of a merchant."`
}

// Overload bounds what the process takes on at the same time.
type Overload struct {
	InFlight    int      `toml:"in_flight" unit:"requests" doc:"Requests worked on at the same time; further ones wait."`
	Queue       int      `toml:"queue" unit:"requests" doc:"Requests that may wait; further ones are answered 503 at once."`
	Patience    Duration `toml:"patience" unit:"duration" doc:"How long a request waits before it is answered 503."`
	BodyMemory  Bytes    `toml:"body_memory" unit:"bytes" doc:"Memory for large bodies that are being read at the same time."`
	Connections int      `toml:"connections" unit:"connections" doc:"Open connections; further ones wait in the system; 0 is no bound."`
}

// Cache is memory for recent sessions.
type Cache struct {
	Size Bytes `toml:"size" unit:"bytes" doc:"Memory for recent sessions."`
}

// Retention says how long things are kept.
type Retention struct {
	Sessions       Duration `toml:"sessions" unit:"duration" doc:"How long an expired session without an order is kept; 0s is for ever."`
	Assessments    Duration `toml:"assessments" unit:"duration" doc:"How long an assessment is kept, if not deleted with its session; 0s is for ever. The default is a year of replays."`
	ExchangesAge   Duration `toml:"exchanges_age" unit:"duration" doc:"How long recorded exchanges are kept; 0s is for ever."`
	ExchangesBytes Bytes    `toml:"exchanges_bytes" unit:"bytes" doc:"How much room they may take; the oldest go first; 0 is no bound."`
}

// Callbacks are messages to merchants' servers.
type Callbacks struct {
	AllowNetworks Networks `toml:"allow_networks" unit:"list of CIDRs" doc:"Networks that callbacks may go to although they are not public, also over plain http."`
}

// Review is how people and time decide about orders that the rules refer.
type Review struct {
	Due           Duration `toml:"due" unit:"duration" doc:"How long somebody may decide about a referred order, where the rules say nothing; at most 24h."`
	AtDue         string   `toml:"at_due" unit:"accept or reject" doc:"What is decided when nobody did by then, where the rules say nothing."`
	FourEyesAbove Limits   `toml:"four_eyes_above" unit:"list of CURRENCY=AMOUNT" doc:"Amounts in minor units, such as EUR=500000, above which two people must accept an order."`
}

// Assessor is the operator's own server that decides about payments.
type Assessor struct {
	URL           string   `toml:"url" unit:"URL" doc:"Where questions go, such as https://risk.example/assess; empty is no assessor. See docs/assessor.md."`
	SecretFile    string   `toml:"secret_file" unit:"path" doc:"A file that holds the secret questions are signed with: whsec_ and 24 to 64 bytes in base64."`
	Timeout       Duration `toml:"timeout" unit:"duration" doc:"From the question to the end of the answer, connecting included; at most 5s."`
	Fallback      string   `toml:"fallback" unit:"rules, refer or deny" doc:"What holds without an answer: what the rules said, a review, or a denial."`
	AllowNetworks Networks `toml:"allow_networks" unit:"list of CIDRs" doc:"Networks it may be in although they are not public, also over plain http."`
}

// Portal is the pages for people.
type Portal struct {
	Enabled bool `toml:"enabled" unit:"true or false" doc:"Whether /portal/ is there, for people who sign in. The first start with nobody logs a link for the first admin."`
}

// Metrics are for Prometheus.
type Metrics struct {
	Listen string `toml:"listen" unit:"host:port" doc:"An address of its own for /metrics; when empty it is on the address of the API."`
}

// Tracing is OpenTelemetry.
type Tracing struct {
	Endpoint string  `toml:"endpoint" unit:"URL" doc:"Where OTLP over HTTP is taken, such as http://127.0.0.1:4318; empty is no tracing."`
	Sample   float64 `toml:"sample" unit:"0 to 1" doc:"The share of requests without a trace of their own that begin one."`
}

// Log is what the server says about itself on standard error.
type Log struct {
	Format string `toml:"format" unit:"text or json" doc:"The form of a line."`
	Level  string `toml:"level" unit:"debug, info, warn or error" doc:"The least important line that is written."`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:7420",
		Data:   "kvitto-data",
		Timeouts: Timeouts{
			ReadHeader: Duration(10 * time.Second), Read: Duration(10 * time.Second), Write: Duration(time.Minute),
			Idle: Duration(2 * time.Minute), Drain: Duration(20 * time.Second), DrainRead: Duration(2 * time.Second),
		},
		// What the original documents for its live environment.
		RateLimit: RateLimit{Enabled: true, CreateSession: 40, CreateTokenSession: 40, Other: 200},
		Overload:  Overload{InFlight: 1024, Queue: 1024, Patience: Duration(time.Second), BodyMemory: 64 << 20},
		Cache:     Cache{Size: 128 << 20},
		Retention: Retention{Sessions: Duration(30 * day), Assessments: Duration(400 * day), ExchangesAge: Duration(30 * day), ExchangesBytes: 16 << 30},
		Review:    Review{Due: Duration(day), AtDue: "reject"},
		Assessor:  Assessor{Timeout: Duration(500 * time.Millisecond), Fallback: "refer"},
		Tracing:   Tracing{Sample: 0.1},
		Log:       Log{Format: "text", Level: "info"},
	}
}
