package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/cli"
	"github.com/kvitto/kvitto/kvittotest"
)

const button = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1,
	"order_lines":[{"name":"Button","quantity":1,"unit_price":1,"total_amount":1}]}`

// checked runs kvitto check on a body from standard input.
func checked(t *testing.T, body string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	code = cli.Main(t.Context(), append([]string{"check", "-"}, flags...), strings.NewReader(body), &out, &errors)
	return code, out.String(), errors.String()
}

// TestCheckAgreesWithTheServer: the offline verdict is the server's.
func TestCheckAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t).Client
	for name, body := range map[string]string{
		"valid":      button,
		"arithmetic": strings.Replace(button, `"order_amount":1`, `"order_amount":2,"order_tax_amount":9`, 1),
		"types":      strings.Replace(button, `"order_amount":1`, `"order_amount":"1"`, 1),
		"fraction":   strings.Replace(button, `"quantity":1`, `"quantity":2.5`, 1),
		"market":     `{"purchase_country":"UK","purchase_currency":"GBP"}`,
		"nothing":    `{}`,
		"huge":       strings.Replace(button, `"unit_price":1`, `"unit_price":9007199254740993`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, stdout, _ := checked(t, body, "--json")
			answer, err := server.Check(t.Context(), body, "")
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, answer.Raw); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), strings.TrimSpace(stdout)); diff != "" {
				t.Errorf("the verdicts differ (-server +offline):\n%s", diff)
			}
		})
	}
}

func TestCheckOfAnUpdate(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t, kvittotest.WithMerchant("demo"))
	session, err := server.Client.CreateSession(t.Context(), button)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--url", server.URL, "--session", session.SessionID}
	code, stdout, stderr := checked(t, `{"merchant_reference1":"1"}`, flags...)
	if code != 0 || stdout != "the body is valid\n" || stderr != "" {
		t.Errorf("a valid update: %d, %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = checked(t, `{"order_amount":2}`, flags...)
	if code != 1 || stderr != "" || !strings.Contains(stdout, "  order_amount\n    sent      2\n    expected  1\n") ||
		!strings.HasSuffix(stdout, "Corrected:\n{\n  \"order_amount\": 1\n}\n") {
		t.Errorf("a wrong update: %d, %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = checked(t, `{"order_amount":2,}`, flags...)
	if code != 1 || stderr != "" || !strings.Contains(stdout, "400 BAD_REQUEST\n  line 1, column 19: ") {
		t.Errorf("an update that is not JSON: %d, %s%s", code, stdout, stderr)
	}
	if code, _, stderr := checked(t, `{}`, "--url", server.URL, "--session", session.SessionID, "--user", "another:x"); code != 1 ||
		!strings.Contains(stderr, "Invalid session id") {
		t.Errorf("another merchant's update: %d, %s", code, stderr)
	}
	got, err := server.Client.ReadSession(t.Context(), session.SessionID)
	if err != nil || got.MerchantReference1 != "" {
		t.Errorf("a check changed the session: %+v, %v", got, err)
	}
}

func TestCheckReadsNoMoreThanTheAPI(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "large.json")
	for size, want := range map[int]string{
		api.BodyMax:     "", // read, and valid
		api.BodyMax + 1: "is larger than 1048576 bytes: the API would answer 413",
	} {
		body := button + strings.Repeat(" ", size-len(button))
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := command(t, "check", name)
		if (code == 0) != (want == "") || !strings.Contains(stderr, want) {
			t.Errorf("%d bytes: %d, %s%s", size, code, stdout, stderr)
		}
		_, err := kvittotest.Start(t).Client.CreateSession(t.Context(), body)
		if (err == nil) != (want == "") {
			t.Errorf("%d bytes: the API answers %v", size, err)
		}
	}
}
