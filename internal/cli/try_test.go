package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/cli"
	"github.com/kvitto/kvitto/kvittotest"
)

// command runs a command line and returns its exit code and output.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	code = cli.Main(t.Context(), args, strings.NewReader(""), &out, &errors)
	return code, out.String(), errors.String()
}

func TestTryFitsATerminal(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := command(t, "try")
	if code != 0 || stderr != "" {
		t.Fatalf("the exit code is %d; standard error: %s", code, stderr)
	}
	for line := range strings.SplitSeq(stdout, "\n") {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("a line has %d columns: %s", n, line)
		}
	}
}

// liar stands before a real server and changes the answers that match.
func liar(t *testing.T, matches matcher, change func(*http.Response, string) (status int, body string)) string {
	t.Helper()
	target, err := url.Parse(kvittotest.Start(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if !matches(r) {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		status, text := change(r, string(body))
		r.StatusCode, r.Status = status, http.StatusText(status)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		r.Header.Del("Content-Length")
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// matcher picks the answers a liar changes.
type matcher func(*http.Response) bool

// path makes matchers of the answers to a method and the end of a path, from the nth on.
func path(method, suffix string, status, nth int) func() matcher {
	return func() matcher {
		var seen atomic.Int64
		return func(r *http.Response) bool {
			return r.Request.Method == method && strings.HasSuffix(r.Request.URL.Path, suffix) && r.StatusCode == status &&
				seen.Add(1) >= int64(nth)
		}
	}
}

// lie is what a server says instead of the truth, and the step that notices.
type lie struct {
	matches func() matcher
	change  func(*http.Response, string) (status int, body string)
	step    int
	says    string
}

func lies() map[string]lie {
	replace := func(old, new string) func(*http.Response, string) (int, string) {
		return func(r *http.Response, body string) (int, string) {
			return r.StatusCode, strings.ReplaceAll(body, old, new)
		}
	}
	answer := func(status int, body string) func(*http.Response, string) (int, string) {
		return func(*http.Response, string) (int, string) { return status, body }
	}
	update := func(status int) func() matcher {
		return func() matcher {
			return func(r *http.Response) bool {
				return strings.HasPrefix(r.Request.URL.Path, "/payments/v1/sessions/") && r.StatusCode == status
			}
		}
	}
	const secondOrder = `{"order_id":"2","fraud_status":"ACCEPTED"}`
	return map[string]lie{
		"a session without its token": {path("POST", "/sessions", 200, 1), replace("client_token", "client_secret"), 1,
			"no session_id or no client_token"},
		"a refused session":      {path("POST", "/sessions", 200, 1), answer(503, "{}"), 1, "create session: 503"},
		"an update that fails":   {update(204), answer(500, `{"error_code":"X"}`), 2, "update session: 500 X"},
		"an accepted mistake":    {update(400), answer(204, ""), 3, "the answer should have been 400"},
		"another expected value": {path("GET", "", 200, 1), replace("1980", "1981"), 3, "should expect the tax contained"},
		"an explanation without rules": {path("GET", "", 200, 1), func(r *http.Response, _ string) (int, string) {
			return 200, `{"violations":[]}`
		}, 3, "names no rule"},
		"an update that is lost": {path("GET", "", 200, 2), replace("75600", "70600"), 5, "order_amount 75600"},
		"a denial": {path("POST", "/authorize", 200, 1), answer(200, `{"show_form":false,"approved":false}`), 6,
			"an approval with a new token"},
		"an accepted old approval": {path("POST", "/order", 409, 1), answer(200, `{"order_id":"1"}`), 8, "the answer should have been 409"},
		"an unknown origin":        {path("GET", "", 200, 3), replace("expected_by", "expected_when"), 8, "should name both requests"},
		"a rejected order":         {path("POST", "/order", 200, 1), replace("ACCEPTED", "PENDING"), 10, "fraud_status ACCEPTED"},
		"a second order":           {path("POST", "/order", 200, 2), answer(200, secondOrder), 11, "should be the same order"},
		"an accepted change":       {path("POST", "/order", 409, 2), answer(200, `{"order_id":"1"}`), 12, "the answer should have been 409"},
		"a vague difference":       {path("GET", "", 200, 4), replace("merchant_reference1", "something"), 12, "merchant_reference1 alone"},
	}
}

// TestTryNoticesLies: a server that does not do what the story tells ends it,
// with exit code 1 and the reason, at that step.
func TestTryNoticesLies(t *testing.T) {
	t.Parallel()
	for name, test := range lies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := func() string {
				matches := test.matches()
				// Try reads the clock first to see that somebody is there.
				return liar(t, func(r *http.Response) bool { return r.Request.URL.Path != "/kvitto/v1/clock" && matches(r) }, test.change)
			}
			code, stdout, stderr := command(t, "try", "--json", "--url", server())
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			var last struct {
				Step    int    `json:"step"`
				AsTold  bool   `json:"as_told"`
				Problem string `json:"problem"`
			}
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
				t.Fatal(err)
			}
			if last.AsTold || last.Step != test.step || len(lines) != test.step || !strings.Contains(last.Problem, test.says) {
				t.Errorf("the last of %d steps is %+v, want step %d to say %q", len(lines), last, test.step, test.says)
			}
			if code != 1 || stderr != "" {
				t.Errorf("the exit code is %d, standard error %q", code, stderr)
			}
			code, stdout, _ = command(t, "try", "--url", server())
			if code != 1 || !strings.Contains(stdout, "Not as told: ") || strings.Contains(stdout, "\nAs told") {
				t.Errorf("told aloud, the exit code is %d:\n%s", code, stdout)
			}
		})
	}
}
