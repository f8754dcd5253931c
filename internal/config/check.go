package config

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
)

// check says what is wrong with values that have the right form.
func (l *Loaded) check() []Problem {
	var problems []Problem
	add := func(key, problem, next string) {
		problems = append(problems, Problem{l.source(key), key, problem, next})
	}
	l.checkAddresses(add)
	l.checkStore(add)
	l.checkTLS(add)
	if l.Rules != "" {
		if _, err := os.Stat(l.Rules); err != nil {
			add("rules", "cannot be read: "+err.Error(), "begin one with: kvitto rules default")
		}
	}
	l.checkAssessor(add)
	l.checkTimeouts(add)
	l.checkLimits(add)
	l.checkReview(add)
	if !slices.Contains([]string{"text", "json"}, l.Log.Format) {
		add("log.format", "is "+strconv.Quote(l.Log.Format), "write text or json")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Log.Level) {
		add("log.level", "is "+strconv.Quote(l.Log.Level), "write debug, info, warn or error")
	}
	return problems
}

func (l *Loaded) checkReview(add adder) {
	if due := time.Duration(l.Review.Due); due <= 0 || due > checkout.ReviewDueMax {
		add("review.due", "is "+l.Review.Due.String(), "write a duration of at most 24h, such as 8h")
	}
	if !slices.Contains([]checkout.ReviewVerdict{checkout.ReviewAccept, checkout.ReviewReject}, checkout.ReviewVerdict(l.Review.AtDue)) {
		add("review.at_due", "is "+strconv.Quote(l.Review.AtDue), "write accept or reject")
	}
}

type adder func(key, problem, next string)

func (l *Loaded) checkAddresses(add adder) {
	checkListen(add, "listen", l.Listen)
	if l.Metrics.Listen != "" {
		checkListen(add, "metrics.listen", l.Metrics.Listen)
		if _, port, err := net.SplitHostPort(l.Metrics.Listen); err == nil && l.Metrics.Listen == l.Listen && port != "0" {
			add("metrics.listen", "is the address of the API", "choose another port, or leave it empty")
		}
	}
	if l.PublicURL != "" && !isHTTP(l.PublicURL) {
		add("public_url", "is "+strconv.Quote(l.PublicURL), "write an address such as https://pay.example")
	}
	if l.Tracing.Endpoint != "" && !isHTTP(l.Tracing.Endpoint) {
		add("tracing.endpoint", "is "+strconv.Quote(l.Tracing.Endpoint), "write an address such as http://127.0.0.1:4318")
	}
	if len(l.TrustedProxies) > 0 && l.PublicURL == "" {
		add("public_url", "is empty, but there are trusted proxies", "write the address at which browsers reach the proxy: answers have links")
	}
}

func checkListen(add adder, key, address string) {
	const next = "write HOST:PORT, for example 127.0.0.1:7420, or :7420 for every address of the machine"
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		add(key, "is "+strconv.Quote(address), next)
		return
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		add(key, "has the port "+strconv.Quote(port), next)
	}
}

func isHTTP(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != "" &&
		address.RawQuery == "" && address.Fragment == "" && address.User == nil
}

func (l *Loaded) checkStore(add adder) {
	if l.Store == "" {
		if l.Data == "" {
			add("data", "is empty, and so is store", "write a directory such as /var/lib/kvitto")
		}
		return
	}
	if problem, next := StoreProblem(l.Store); problem != "" {
		add("store", problem, next)
	}
}

// StoreProblem says what is wrong with the URL of a store and what to write;
// both are empty when nothing is. It never repeats the URL, which may hold a
// password.
func StoreProblem(store string) (problem, next string) {
	next = "write sqlite:PATH or postgres://USER@HOST/DATABASE"
	scheme, rest, _ := strings.Cut(store, ":")
	switch scheme {
	case "sqlite":
		if strings.TrimPrefix(rest, "//") == "" {
			return "names no file", next
		}
	case "postgres", "postgresql":
		// The error of url.Parse would print the URL, and with it the password.
		if _, err := url.Parse(store); err != nil || !strings.HasPrefix(rest, "//") {
			return "is no URL", next + "; %-encode what is special in a password"
		}
	default:
		return "is neither sqlite: nor postgres://", next
	}
	return "", ""
}

// Warnings are about what works and should not stay. They come with a
// configuration that is right.
func (l *Loaded) Warnings() []Problem {
	var problems []Problem
	for _, secret := range []struct{ key, file string }{{"store_file", l.StoreFile}, {"assessor.secret_file", l.Assessor.SecretFile}} {
		if info, err := os.Stat(secret.file); err == nil && info.Mode().Perm()&0o077 != 0 {
			problems = append(problems, Problem{l.source(secret.key), secret.key, "can be read or written by other users (" + info.Mode().Perm().String() + ")",
				"chmod 600 " + secret.file + ", owned by the user of the server"})
		}
	}
	return problems
}

func (l *Loaded) checkTLS(add adder) {
	switch {
	case l.TLS.Cert == "" && l.TLS.Key == "":
	case l.TLS.Cert == "":
		add("tls.cert", "is empty, but tls.key is set", "name the file of the certificate, or leave both empty")
	case l.TLS.Key == "":
		add("tls.key", "is empty, but tls.cert is set", "name the file of the private key, or leave both empty")
	default:
		if _, err := tls.LoadX509KeyPair(l.TLS.Cert, l.TLS.Key); err != nil {
			add("tls.cert", "and tls.key cannot be used: "+err.Error(), "both are PEM files of one certificate, readable for the server")
		}
	}
}

func (l *Loaded) checkAssessor(add adder) {
	a := &l.Assessor
	if a.Timeout <= 0 || a.Timeout > Duration(assessorTimeoutMax) {
		add("assessor.timeout", "is "+a.Timeout.String(), "write a duration up to 5s; customers wait for it")
	}
	if !slices.Contains(assessorFallbacks, a.Fallback) {
		add("assessor.fallback", "is "+strconv.Quote(a.Fallback), "write rules, refer or deny")
	}
	if a.URL == "" {
		return
	}
	if !isHTTP(a.URL) {
		add("assessor.url", "is "+strconv.Quote(a.URL), "write an address such as https://risk.example/assess")
	}
	if _, problem := a.Secret(); problem != "" {
		add("assessor.secret_file", problem, "make one with: echo whsec_$(openssl rand -base64 32) > FILE, readable for the server alone")
	}
}

const assessorTimeoutMax = 5 * time.Second

var assessorFallbacks = []string{"rules", "refer", "deny"}

// Secret is what questions are signed with, nil without an assessor, or what is
// wrong with it; nothing is in a configuration that was loaded.
func (a *Assessor) Secret() (secret []byte, problem string) {
	if a.URL == "" {
		return nil, ""
	}
	if a.SecretFile == "" {
		return nil, "is empty, but assessor.url is set"
	}
	text, err := os.ReadFile(a.SecretFile)
	if err != nil {
		return nil, "cannot be read: " + err.Error()
	}
	secret, err = outbound.ParseSecret(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, err.Error()
	}
	return secret, ""
}

func (l *Loaded) checkTimeouts(add adder) {
	for _, s := range settings(&l.Config) {
		span, ok := s.value.Interface().(Duration)
		switch {
		case !ok:
		case span < 0:
			add(s.key, "is negative", "write 0s or more")
		case span == 0 && strings.HasPrefix(s.key, "timeouts.") && s.key != "timeouts.lame_duck":
			add(s.key, "is zero, so that a client could hold a connection for ever", "write a duration such as 10s")
		}
	}
	if l.Timeouts.DrainRead > l.Timeouts.Drain {
		add("timeouts.drain_read", "is longer than timeouts.drain", "a request must have time for its answer once it has arrived")
	}
}

func (l *Loaded) checkLimits(add adder) {
	for key, value := range map[string]int{
		"rate_limit.create_session": l.RateLimit.CreateSession, "rate_limit.create_token_session": l.RateLimit.CreateTokenSession,
		"rate_limit.other": l.RateLimit.Other, "overload.in_flight": l.Overload.InFlight, "overload.queue": l.Overload.Queue,
	} {
		if value < 1 {
			next := "write 1 or more"
			if strings.HasPrefix(key, "rate_limit.") {
				next += "; rate_limit.enabled = false turns all limits off"
			}
			add(key, "is "+strconv.Itoa(value), next)
		}
	}
	if l.Overload.Connections < 0 {
		add("overload.connections", "is negative", "write 0 for no bound, or more")
	}
	if l.Overload.Patience == 0 {
		add("overload.patience", "is zero", "write a duration such as 1s")
	}
	if l.Overload.BodyMemory < 1<<20 {
		add("overload.body_memory", "is "+l.Overload.BodyMemory.String(), "write 1MiB or more, the size of the largest body")
	}
	if l.Cache.Size < 1<<20 {
		add("cache.size", "is "+l.Cache.Size.String(), "write 1MiB or more")
	}
	if !(l.Tracing.Sample >= 0 && l.Tracing.Sample <= 1) { // NaN is neither
		add("tracing.sample", "is "+strconv.FormatFloat(l.Tracing.Sample, 'g', -1, 64), "write a number from 0 to 1")
	}
}
