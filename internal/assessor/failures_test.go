package assessor_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/outbound/outboundtest"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestNastyServers: whatever comes back, the fallback holds, in time, and the
// failure is told without the address.
func TestNastyServers(t *testing.T) {
	t.Parallel()
	want := map[string]assessor.Result{
		"closes": assessor.ResultDown, "resets": assessor.ResultDown, "speaks another language": assessor.ResultDown,
		"has a huge header": assessor.ResultDown, "has many headers": assessor.ResultDown, "resets in its body": assessor.ResultDown,
		"says nothing": assessor.ResultSlow, "is late": assessor.ResultSlow, "drips its header": assessor.ResultSlow, "drips its body": assessor.ResultSlow,
		"stops in its body": assessor.ResultSlow, "never ends its body": assessor.ResultNonsense, "switches protocols": assessor.ResultNonsense,
		"answers 500": assessor.ResultNonsense, "redirects": assessor.ResultNonsense, "says 100 and then it is OK": assessor.ResultNonsense, // {} says nothing
	}
	for name, serve := range outboundtest.Nasty() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, outboundtest.Listen(t, serve), func(o *assessor.Options) {
				if want[name] == assessor.ResultSlow {
					o.Timeout = 100 * time.Millisecond
				}
			})
			got := d.Assess(t.Context(), input())
			result, _ := d.last()
			step := stepOf(t, got)
			if result != want[name] || got.Decision.Outcome != checkout.OutcomeRefer || got.Rule != assessor.Name || step.State != risk.StateFailed {
				t.Errorf("%s, want %s: %+v", result, want[name], got)
			}
			if told := step.Error + got.Decision.Reason + d.log.String(); strings.Contains(told, "secret") || strings.Contains(told, "email.se") {
				t.Errorf("it tells %s", told)
			}
		})
	}
}

// TestFallbacks: what holds without an answer, and what is said of it.
func TestFallbacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fallback assessor.Fallback
		rules    checkout.Outcome
		want     checkout.Outcome
		by       string
	}{
		{assessor.FallbackRules, checkout.OutcomeApprove, checkout.OutcomeApprove, "large"},
		{assessor.FallbackRules, checkout.OutcomeRefer, checkout.OutcomeRefer, "large"},
		{assessor.FallbackRefer, checkout.OutcomeApprove, checkout.OutcomeRefer, assessor.Name},
		{assessor.FallbackRefer, checkout.OutcomeRefer, checkout.OutcomeRefer, "large"},
		{assessor.FallbackDeny, checkout.OutcomeApprove, checkout.OutcomeDeny, assessor.Name},
		{assessor.FallbackDeny, checkout.OutcomeRefer, checkout.OutcomeDeny, assessor.Name},
	} {
		d := open(t, "http://"+nobody(t)+"/", func(o *assessor.Options) { o.Fallback, o.Rules = c.fallback, rules{outcome: c.rules} })
		got := d.Assess(t.Context(), input())
		if got.Decision.Outcome != c.want || got.Rule != c.by || !strings.Contains(got.Decision.Reason, "could not be reached") || !strings.Contains(got.Decision.Reason, "because") {
			t.Errorf("%s after %s: %+v", c.fallback, c.rules, got)
		}
		if result, _ := d.last(); result != assessor.ResultDown {
			t.Errorf("the result is %s", result)
		}
	}
}

// nobody is an address on which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

// TestAServerThatKeepsFailingIsLeftAlone, and asked once after a while.
func TestAServerThatKeepsFailingIsLeftAlone(t *testing.T) {
	t.Parallel()
	var asked, well atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if well.Load() == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	t.Cleanup(server.Close)
	d := open(t, server.URL, nil)
	expect := func(when string, total int64, result assessor.Result) {
		t.Helper()
		got := d.Assess(t.Context(), input())
		if last, _ := d.last(); last != result || asked.Load() != total {
			t.Errorf("%s: %s after %d questions, want %s after %d", when, last, asked.Load(), result, total)
		}
		if result == assessor.ResultPaused && (got.Decision.Outcome != checkout.OutcomeRefer || stepOf(t, got).Error != "paused") {
			t.Errorf("%s: %+v", when, got)
		}
	}
	for i := range int64(5) {
		expect("at first", i+1, assessor.ResultNonsense)
	}
	expect("after five", 5, assessor.ResultPaused)
	d.move(5*time.Second - 1)
	expect("just before the pause ends", 5, assessor.ResultPaused)
	d.move(1)
	expect("the one question", 6, assessor.ResultNonsense)
	expect("after it", 6, assessor.ResultPaused)
	d.move(5 * time.Second)
	well.Store(1)
	expect("the next one", 7, assessor.ResultDecided)
	expect("and then", 8, assessor.ResultDecided)
	well.Store(0)
	for i := range int64(4) {
		expect("again", 9+i, assessor.ResultNonsense)
	}
	well.Store(1)
	expect("four are not five", 13, assessor.ResultDecided)
	well.Store(0)
	expect("and it begins anew", 14, assessor.ResultNonsense)
	for said, times := range map[string]int{"level=WARN": 3, "level=ERROR": 2, "answers again": 2} {
		if n := strings.Count(d.log.String(), said); n != times {
			t.Errorf("%q is told %d times, want %d:\n%s", said, n, times, d.log.String())
		}
	}
}

// TestOnlyOneAsksAfterAPause: the others do not wait for what it learns.
func TestOnlyOneAsksAfterAPause(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	var waits atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if waits.Load() {
			asked <- struct{}{}
			<-answer
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(server.Close)
	d := open(t, server.URL, nil)
	for range 5 {
		d.Assess(t.Context(), input())
	}
	d.move(5 * time.Second)
	waits.Store(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Assess(t.Context(), input())
	}()
	<-asked
	d.Assess(t.Context(), input())
	if last, n := d.last(); last != assessor.ResultPaused || n != 6 {
		t.Errorf("%s after %d", last, n)
	}
	close(answer)
	<-ended
}

// TestAKeptConnectionThatWasClosedIsNoFailure: a server may restart.
func TestAKeptConnectionThatWasClosedIsNoFailure(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	t.Cleanup(server.Close)
	d := open(t, server.URL, nil)
	for range 20 {
		d.Assess(t.Context(), input())
		if last, _ := d.last(); last != assessor.ResultDecided {
			t.Fatalf("%s: %s", last, d.log.String())
		}
		server.CloseClientConnections()
	}
}

// TestWhichServersAreAsked: the policy is that of all calls to others.
func TestWhichServersAreAsked(t *testing.T) {
	t.Parallel()
	url, asked := operator(t, `{"outcome":"approve"}`)
	d := open(t, url, func(o *assessor.Options) { o.Policy = outbound.Policy{Setting: "assessor.allow_networks"} })
	got := d.Assess(t.Context(), input())
	if step := stepOf(t, got); asked() != 0 || !strings.Contains(step.Error, "down: ") || !strings.Contains(step.Error, "assessor.allow_networks") {
		t.Errorf("asked %d times: %+v", asked(), step)
	}
}

// TestTheCertificateIsVerified.
func TestTheCertificateIsVerified(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"approve"}`)
	}))
	t.Cleanup(server.Close)
	for _, trusts := range []bool{false, true} {
		d := open(t, server.URL, func(o *assessor.Options) {
			if trusts {
				o.Trusted = server.Client().Transport.(*http.Transport).TLSClientConfig
			}
		})
		d.Assess(t.Context(), input())
		if last, _ := d.last(); (last == assessor.ResultDecided) != trusts {
			t.Errorf("trusted %t: %s: %s", trusts, last, d.log.String())
		}
	}
}
