package config_test

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/config"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(config.Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), config.Reference()); diff != "" {
		t.Errorf("%s is not what the struct says; write it with: go test ./internal/config -update\n%s", path, diff)
	}
}

// write makes a file of the test's own.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kvitto.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, environment ...string) (*config.Loaded, error) {
	t.Helper()
	return config.Load(config.Inputs{File: write(t, text), Environment: environment})
}

func mustLoad(t *testing.T, text string, environment ...string) *config.Loaded {
	t.Helper()
	loaded, err := load(t, text, environment...)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

var compareNetworks = cmpopts.EquateComparable(netip.Prefix{})

// TestTheExampleHasTheDefaults: every key is in it, and it passes the check.
func TestTheExampleHasTheDefaults(t *testing.T) {
	t.Parallel()
	example := config.Example()
	loaded := mustLoad(t, example)
	if diff := cmp.Diff(config.Default(), loaded.Config, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the example differs from the defaults:\n%s", diff)
	}
	for _, s := range loaded.Settings() {
		if s.Source == "default" {
			t.Errorf("the example has no %s", s.Key)
		}
	}
	for i, line := range strings.Split(example, "\n") {
		if len(line) > 120 {
			t.Errorf("line %d has %d characters", i+1, len(line))
		}
	}
}

// TestEveryFieldIsDescribed: a name, a sentence, and a unit unless it is a
// switch.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	reference := config.Reference()
	for _, s := range mustLoad(t, "").Settings() {
		if !strings.Contains(reference, "`"+s.Key+"`<br>`"+config.Variable(s.Key)+"`") {
			t.Errorf("%s is not in the reference", s.Key)
		}
	}
	for _, line := range strings.Split(reference, "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 4 || !strings.HasSuffix(cells[3], ". |") || (strings.TrimSpace(cells[1]) == "" && !strings.Contains(cells[2], "true")) {
			t.Errorf("%s", line)
		}
	}
}

func TestValuesOfEveryForm(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, `
listen = ":8080"
public_url = "https://pay.example"
store = "postgres://kvitto@db/kvitto"
trusted_proxies = [
  "10.1.2.3/8",
  "192.0.2.7",
  "2001:db8::/32",
]
timeouts.read = "1m30s"
[cache]
size = 33554432
[retention]
sessions = "7d"
exchanges_bytes = "10GB"
[rate_limit]
enabled = false
other = 1000
[tracing]
sample = 1
endpoint = "http://127.0.0.1:4318"
[review]
due = "8h"
at_due = "accept"
four_eyes_above = ["eur=500000", " SEK = 0"]
`)
	want := config.Default()
	want.Listen, want.PublicURL, want.Store = ":8080", "https://pay.example", "postgres://kvitto@db/kvitto"
	if err := want.TrustedProxies.UnmarshalText([]byte("10.0.0.0/8, 192.0.2.7/32,2001:db8::/32")); err != nil {
		t.Fatal(err)
	}
	want.Timeouts.Read = config.Duration(90 * time.Second)
	want.Cache.Size = 32 << 20
	want.Retention.Sessions = config.Duration(7 * 24 * time.Hour)
	want.Retention.ExchangesBytes = 10e9
	want.RateLimit.Enabled, want.RateLimit.Other = false, 1000
	want.Review = config.Review{Due: config.Duration(8 * time.Hour), AtDue: "accept", FourEyesAbove: config.Limits{"EUR": 500000, "SEK": 0}}
	want.Tracing = config.Tracing{Endpoint: "http://127.0.0.1:4318", Sample: 1}
	if diff := cmp.Diff(want, loaded.Config, compareNetworks); diff != "" {
		t.Errorf("the file was read otherwise (-want +got):\n%s", diff)
	}
}

func TestLaterBeatsEarlier(t *testing.T) {
	t.Parallel()
	file := write(t, "listen = \"127.0.0.1:1\"\ndata = \"a\"\n[log]\nlevel = \"warn\"\nformat = \"json\"\n")
	loaded, err := config.Load(config.Inputs{
		File: file,
		Environment: []string{"KVITTO_LISTEN=127.0.0.1:2", "KVITTO_LOG_LEVEL=debug", "KVITTO_RATE_LIMIT_OTHER=7", "KVITTO_OVERLOAD_QUEUE=5",
			"KVITTO_TRACING_SAMPLE=0.5", "KVITTO_RATE_LIMIT_ENABLED=false", "HOME=/", "KVITTO_PORT=tcp://10.0.0.1:80", "KVITTO_CONFIG=x"},
		Flags: map[string]string{"listen": "127.0.0.1:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range loaded.Settings() {
		if s.Source != "default" {
			got[s.Key] = s.Value + " from " + strings.TrimPrefix(s.Source, filepath.Dir(file)+"/")
		}
	}
	want := map[string]string{
		"listen": "127.0.0.1:3 from --listen", "data": "a from kvitto.toml:2", "log.level": "debug from KVITTO_LOG_LEVEL",
		"log.format": "json from kvitto.toml:5", "rate_limit.other": "7 from KVITTO_RATE_LIMIT_OTHER",
		"overload.queue": "5 from KVITTO_OVERLOAD_QUEUE", "tracing.sample": "0.5 from KVITTO_TRACING_SAMPLE",
		"rate_limit.enabled": "false from KVITTO_RATE_LIMIT_ENABLED",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sources differ (-want +got):\n%s", diff)
	}
}

// problemsOf are the problems of a file as lines, with the file called F.
func problemsOf(t *testing.T, text string, environment ...string) []string {
	t.Helper()
	file := write(t, text)
	_, err := config.Load(config.Inputs{File: file, Environment: environment})
	var invalid *config.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v, want problems", err)
	}
	var lines []string
	for _, problem := range invalid.Problems {
		lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(problem.String(), file, "F"), "\n    ", " | "))
		if problem.Next == "" && !strings.Contains(problem.Problem, "wants") {
			t.Errorf("%s: no next step", problem)
		}
	}
	return lines
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	got := problemsOf(t, `lsiten = ":80"
store = 3
trusted_proxies = "10.0.0.0/8"
nonsense_without_a_neighbour = 1

[timeouts]
read = "soon"
write = "-1s"
reed = "1s"

[rate_limits]
other = 3

[rate_limit]
create_session = "40"
other = 0
sample = 0.3

[log]
level = "loud"
`, "KVITTO_STROE=sqlite:x", "KVITTO_OVERLOAD_QUEUE=many", "KVITTO_TIMEOUTS_IDLE=0s")
	want := []string{
		`F:1: lsiten is no key of the configuration | did you mean listen?`,
		`F:2: store wants a text in quotation marks`,
		`F:3: trusted_proxies wants a list of texts, such as ["10.0.0.0/8"]`,
		`F:4: nonsense_without_a_neighbour is no key of the configuration | all keys: kvitto config example`,
		`F:7: timeouts.read wants a duration such as "10s", "1m30s", "48h" or "30d"`,
		`F:9: timeouts.reed is no key of the configuration | did you mean timeouts.read?`,
		`F:11: rate_limits is no section of the configuration | did you mean rate_limit?`,
		`F:15: rate_limit.create_session wants a whole number, without quotation marks`,
		`F:17: rate_limit.sample is no key of the configuration | did you mean tracing.sample?`,
		`KVITTO_STROE: is no variable of the configuration | did you mean KVITTO_STORE?`,
		`KVITTO_OVERLOAD_QUEUE: overload.queue wants a whole number, without quotation marks`,
		`F:8: timeouts.write is negative | write 0s or more`,
		`KVITTO_TIMEOUTS_IDLE: timeouts.idle is zero, so that a client could hold a connection for ever | write a duration such as 10s`,
		`F:16: rate_limit.other is 0 | write 1 or more; rate_limit.enabled = false turns all limits off`,
		`F:20: log.level is "loud" | write debug, info, warn or error`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the problems differ (-want +got):\n%s", diff)
	}
}

func TestWrongValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"listen = 7420":                               `listen wants a text`,
		`listen = "nowhere"`:                          `listen is "nowhere" | write HOST:PORT`,
		`listen = ":http"`:                            `listen has the port "http"`,
		`listen = ":70000"`:                           `listen has the port "70000"`,
		`public_url = "pay.example"`:                  `public_url is "pay.example" | write an address such as https://pay.example`,
		`trusted_proxies = ["10.0.0.0/8"]`:            `default: public_url is empty, but there are trusted proxies`,
		`trusted_proxies = ["everybody"]`:             `trusted_proxies wants networks such as "10.0.0.0/8" or "192.0.2.7", got "everybody"`,
		`trusted_proxies = [3]`:                       `trusted_proxies wants a list of texts`,
		`store = "mysql://x"`:                         `store is neither sqlite: nor postgres:// | write sqlite:PATH or postgres://`,
		`store = "sqlite:"`:                           `store names no file`,
		`store = "postgres:kvitto"`:                   `store is no URL`,
		`data = ""`:                                   `data is empty, and so is store`,
		"store = \"sqlite:a\"\nstore_file='b'":        `F:2: store_file and store are both set | keep one of them`,
		`store_file = "/nowhere/at/all"`:              `store_file cannot be read: open /nowhere/at/all`,
		`rules = "/nowhere/rules.toml"`:               `rules cannot be read: stat /nowhere/rules.toml: no such file or directory | begin one with`,
		`review.due = "25h"`:                          `review.due is 25h | write a duration of at most 24h`,
		`review.due = "0s"`:                           `review.due is 0s | write a duration`,
		`review.at_due = "wait"`:                      `review.at_due is "wait" | write accept or reject`,
		`review.four_eyes_above = 3`:                  `review.four_eyes_above wants a list of texts, such as ["EUR=500000"]`,
		`review.four_eyes_above = ["EUR"]`:            `review.four_eyes_above wants amounts in minor units such as "EUR=500000", got "EUR"`,
		`review.four_eyes_above = ["EUR=-1"]`:         `got "EUR=-1"`,
		`review.four_eyes_above = ["EURO=1"]`:         `got "EURO=1"`,
		`review.four_eyes_above = ["A=1"]`:            `got "A=1"`,
		`review.four_eyes_above = ["EUR=1", "eur=2"]`: `wants one amount for each currency, got two for EUR`,
		`tls = 3`:                             `tls is a section | write [tls]`,
		`tls.cert = "a"`:                      `tls.key is empty, but tls.cert is set`,
		`tls.key = "a"`:                       `tls.cert is empty, but tls.key is set`,
		`tls = { cert = "a", key = "b" }`:     `F:1: tls.cert and tls.key cannot be used: open a`,
		`metrics.listen = "127.0.0.1:7420"`:   `metrics.listen is the address of the API`,
		`timeouts.drain_read = "30s"`:         `timeouts.drain_read is longer than timeouts.drain`,
		`cache.size = "1KiB"`:                 `cache.size is 1KiB | write 1MiB or more`,
		`cache.size = "lots"`:                 `cache.size wants an amount such as "64MiB"`,
		`cache.size = -1`:                     `cache.size wants an amount`,
		`tracing.sample = nan`:                `tracing.sample is NaN | write a number from 0 to 1`,
		`tracing.sample = 2`:                  `tracing.sample is 2`,
		`tracing.sample = "1"`:                `tracing.sample wants a number, without`,
		`rate_limit.enabled = "yes"`:          `rate_limit.enabled wants true or false`,
		`rate_limit.other = 99999999999`:      `rate_limit.other wants a whole number`,
		`retention.sessions = "99999999999d"`: `retention.sessions wants a duration`,
		`retention.sessions = 3`:              `retention.sessions wants a duration`,
		`overload.in_flight = 0`:              `overload.in_flight is 0`,
		`overload.queue = 0`:                  `overload.queue is 0 | write 1 or more`,
		`overload.connections = -1`:           `overload.connections is negative`,
		`overload.patience = "0s"`:            `overload.patience is zero`,
		`log.format = "xml"`:                  `log.format is "xml" | write text or json`,
		"listen = \"a\"\nlisten = \"b\"":      `F:2: this is no TOML: `,
		"listen = ":                           `F:1: this is no TOML: `,
	} {
		got := problemsOf(t, text)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Inputs{File: filepath.Join(t.TempDir(), "none.toml")})
	if err == nil || !strings.Contains(err.Error(), "kvitto config example") {
		t.Errorf("error %v", err)
	}
}

// TestSecretsAreNotShown: neither settings nor problems tell the password.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for _, store := range []string{
		"postgres://kvitto:" + secret + "@db/kvitto", "postgres://kvitto@db/kvitto?password=" + secret,
		"postgres://kvitto@db/kvitto?sslpassword=" + secret,
		"postgres:kvitto:" + secret, "postgres://kvitto:%zz" + secret + "@db/x", "mysql://u:" + secret + "@db", "postgres://" + secret,
	} {
		file := filepath.Join(t.TempDir(), "url")
		if err := os.WriteFile(file, []byte(store+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(config.Inputs{Environment: []string{"KVITTO_STORE_FILE=" + file}})
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells it: %v", store, err)
			}
			continue
		}
		if loaded.Store != store {
			t.Errorf("the store is %q", loaded.Store)
		}
		for _, s := range loaded.Settings() {
			if strings.Contains(s.Value, secret) && store != "postgres://"+secret { // there it is the host
				t.Errorf("%s: %s is shown as %s", store, s.Key, s.Value)
			}
		}
	}
}

// TestALaterStoreBeatsAFile: --store must not collide with store_file below it.
func TestALaterStoreBeatsAFile(t *testing.T) {
	t.Parallel()
	loaded, err := config.Load(config.Inputs{
		Environment: []string{"KVITTO_STORE_FILE=/nowhere"}, Flags: map[string]string{"store": "sqlite:a.db"},
	})
	if err != nil || loaded.Store != "sqlite:a.db" {
		t.Errorf("store %v, %v", loaded, err)
	}
}

func TestAmountsAndDurationsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		written := config.Duration(rapid.Int64Range(0, int64(200*365*24*time.Hour)).Draw(t, "duration"))
		var read config.Duration
		if err := read.UnmarshalText([]byte(written.String())); err != nil || read != written {
			t.Errorf("%s was read as %s, %v", written, read, err)
		}
		amount := config.Bytes(rapid.Int64Min(0).Draw(t, "bytes"))
		var again config.Bytes
		if err := again.UnmarshalText([]byte(amount.String())); err != nil || again != amount {
			t.Errorf("%s was read as %s, %v", amount, again, err)
		}
	})
}

// TestAnAssessorNeedsASecret, a time and a fallback that there is; what is wrong
// with a secret is said without it.
func TestAnAssessorNeedsASecret(t *testing.T) {
	t.Parallel()
	good, bad := write(t, "whsec_"+strings.Repeat("QUFB", 8)+"\n"), write(t, "whsec_QUFB")
	section := func(secretFile, more string) string {
		return fmt.Sprintf("[assessor]\nurl = \"https://risk.example/assess\"\nsecret_file = %q\n%s", secretFile, more)
	}
	loaded := mustLoad(t, section(good, "timeout = \"2s\"\nfallback = \"deny\"\nallow_networks = [\"10.0.0.0/8\"]\n"))
	if secret, problem := loaded.Assessor.Secret(); len(secret) != 24 || problem != "" {
		t.Errorf("the secret is %q, %s", secret, problem)
	}
	if secret, problem := mustLoad(t, "").Assessor.Secret(); secret != nil || problem != "" {
		t.Errorf("without an assessor: %q, %s", secret, problem)
	}
	for text, wrong := range map[string]string{
		section("", ""):                           "assessor.secret_file",
		section(bad, ""):                          "assessor.secret_file",
		section(bad+".gone", ""):                  "assessor.secret_file",
		section(good, "timeout = \"6s\"\n"):       "assessor.timeout",
		section(good, "timeout = \"0s\"\n"):       "assessor.timeout",
		section(good, "fallback = \"approve\"\n"): "assessor.fallback",
		"[assessor]\nurl = \"risk.example\"\n":    "assessor.url",
		"[assessor]\ntimeout = \"-1s\"\n":         "assessor.timeout",
		"[assessor]\nfallback = \"\"\n":           "assessor.fallback",
		"[assessor]\nallow_networks = [\"here\"]": "assessor.allow_networks",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), "QUFB") {
			t.Errorf("%s: %v, want something about %s", text, err, wrong)
		}
	}
}
