package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/cli"
)

// running is a `kvitto dev` inside the test.
type running struct {
	t     *testing.T
	lines *bufio.Scanner // of standard output
	stop  context.CancelFunc
	code  chan int
	data  string
}

func startDev(t *testing.T, flags ...string) *running {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	r := &running{t: t, lines: bufio.NewScanner(out), stop: stop, code: make(chan int, 1), data: data}
	args := append([]string{"dev", "--listen", "127.0.0.1:0", "--data", data}, flags...)
	go func() {
		code := cli.Main(ctx, args, strings.NewReader(""), in, t.Output())
		in.Close()
		r.code <- code
	}()
	t.Cleanup(func() {
		stop()
		for r.lines.Scan() {
		}
		<-r.code
	})
	return r
}

func (r *running) line() string {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatalf("standard output ended: %v", r.lines.Err())
	}
	return r.lines.Text()
}

// url reads the first lines up to the one that matches, whose group is the URL.
func (r *running) url(pattern string) string {
	r.t.Helper()
	groups := regexp.MustCompile(pattern).FindStringSubmatch(r.line())
	if len(groups) != 2 {
		r.t.Fatalf("the first line does not match %s", pattern)
	}
	return groups[1]
}

// end stops the server and returns what it still printed.
func (r *running) end() []string {
	r.t.Helper()
	r.stop()
	var rest []string
	for r.lines.Scan() {
		rest = append(rest, r.lines.Text())
	}
	if code := <-r.code; code != 0 {
		r.t.Errorf("the exit code is %d, want 0", code)
	}
	r.code <- 0
	return rest
}

// converse makes one good call and one bad one.
func converse(t *testing.T, url string) {
	t.Helper()
	c := client.New(url, "demo", "secret")
	if _, err := c.Clock(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.CreateSession(t.Context(), `{"purchase_country":"SE"}`); err == nil {
		t.Error("half a body was accepted")
	}
}

func TestDevTellsAPerson(t *testing.T) {
	t.Parallel()
	r := startDev(t)
	url := r.url(`^kvitto \S+ listens at (http://127\.0\.0\.1:\d+)$`)
	var welcome []string
	for line := r.line(); ; line = r.line() {
		welcome = append(welcome, line)
		if strings.HasPrefix(line, "  stop") {
			break
		}
	}
	want := []string{
		"",
		`  sign in   any user name, each a merchant of its own, and any password but "invalid"`,
		"  data      " + r.data + " (new)",
		"  demo      a shop to look at: " + url + "/demo/",
		"  portal    every request, and why it was refused: " + url + "/portal/",
		"  try it    kvitto try --url " + url,
		"  mistake   curl -u demo:demo -d '{}' -H 'Content-Type: application/json' " + url + "/payments/v1/sessions",
		"  stop      Ctrl-C",
	}
	if diff := cmp.Diff(want, welcome); diff != "" {
		t.Errorf("the welcome differs (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(r.data, "kvitto.db")); err != nil {
		t.Errorf("the data is not where it was said: %v", err)
	}

	go converse(t, url)
	text := strings.Join([]string{r.line(), r.line(), r.line(), r.line()}, "\n")
	for _, want := range []string{"  200  read_clock  ", "  400  create_session  ", "Bad value: purchase_currency"} {
		if !strings.Contains(text, want) {
			t.Errorf("the exchanges do not say %q:\n%s", want, text)
		}
	}
	rest := r.end()
	if last := rest[len(rest)-1]; last != "stopped; 2 exchanges" {
		t.Errorf("the last line is %q", last)
	}
}

func TestDevTellsAProgram(t *testing.T) {
	t.Parallel()
	r := startDev(t, "--json", "--public-url", "https://pay.example/")
	var first struct {
		URL       string `json:"url"`
		PublicURL string `json:"public_url"`
		Data      string `json:"data"`
		Version   string `json:"version"`
		PID       int    `json:"pid"`
	}
	if err := json.Unmarshal([]byte(r.line()), &first); err != nil {
		t.Fatalf("the first line is not JSON: %v", err)
	}
	if first.URL == "" || first.PublicURL != "https://pay.example" || first.Data != r.data || first.Version == "" || first.PID != os.Getpid() {
		t.Errorf("the first line says %+v", first)
	}
	go converse(t, first.URL)
	type exchange struct {
		Status        int    `json:"status"`
		Operation     string `json:"operation"`
		Method        string `json:"method"`
		Path          string `json:"path"`
		CorrelationID string `json:"correlation_id"`
	}
	var got [2]exchange
	for i := range got {
		if err := json.Unmarshal([]byte(r.line()), &got[i]); err != nil {
			t.Fatal(err)
		}
		if len(got[i].CorrelationID) != 36 {
			t.Errorf("the correlation id is %q", got[i].CorrelationID)
		}
		got[i].CorrelationID = ""
	}
	want := [2]exchange{
		{200, "read_clock", "GET", "/kvitto/v1/clock", ""},
		{400, "create_session", "POST", "/payments/v1/sessions", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the exchanges differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`{"stopped":true,"exchanges":2}`}, r.end()); diff != "" {
		t.Errorf("the end differs (-want +got):\n%s", diff)
	}
}

func TestDevQuiet(t *testing.T) {
	t.Parallel()
	r := startDev(t, "--json", "--quiet")
	converse(t, r.url(`^\{"url":"(http://127\.0\.0\.1:\d+)"`))
	if rest := r.end(); len(rest) > 0 {
		t.Errorf("a quiet server printed %q", rest)
	}

	r = startDev(t, "--quiet")
	converse(t, r.url(`^kvitto \S+ listens at (\S+)$`))
	rest := r.end()
	if last := rest[len(rest)-1]; last != "stopped" || len(rest) != 10 {
		t.Errorf("a quiet server printed %q", rest)
	}
}

// TestDevKeepsItsData: a second run on the directory has the sessions of the
// first, and does not call the directory new.
func TestDevKeepsItsData(t *testing.T) {
	t.Parallel()
	first := startDev(t, "--json", "--quiet")
	session, err := client.New(first.url(`^\{"url":"([^"]+)"`), "demo", "x").CreateSession(t.Context(), button)
	if err != nil {
		t.Fatal(err)
	}
	first.end()

	second := startDev(t, "--data", first.data)
	url := second.url(`^kvitto \S+ listens at (\S+)$`)
	if _, err := client.New(url, "demo", "x").ReadSession(t.Context(), session.SessionID); err != nil {
		t.Errorf("the session of the first run: %v", err)
	}
	if text := strings.Join(second.end(), "\n"); !strings.Contains(text, "  data      "+first.data+"\n") {
		t.Errorf("the welcome does not name the old directory:\n%s", text)
	}
}
