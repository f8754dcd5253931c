package app_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

// TestTheTestsOfThePortalFailForTheirReason: what the portal gives along for a
// refused update and for a refused order compiles, and is refused alike.
func TestTheTestsOfThePortalFailForTheirReason(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	created, err := s.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	token := s.again(created.SessionID)
	const more = `{"order_amount":300,"order_lines":[{"name":"x","quantity":1,"unit_price":300,"total_amount":300}]}`
	if _, err := s.UpdateSession(t.Context(), created.SessionID, more); err != nil {
		t.Fatal(err)
	}
	_, update := s.UpdateSession(t.Context(), created.SessionID, `{"order_amount":299}`)
	_, order := s.PlaceOrder(t.Context(), token, strings.Replace(more, "{", "{\"purchase_country\":\"SE\",\"purchase_currency\":\"SEK\",\"merchant_reference1\":\"`\",", 1))
	var sources []string
	for _, refused := range []error{update, order} {
		var told *client.Error
		if !errors.As(refused, &told) {
			t.Fatalf("%v is no refusal", refused)
		}
		status, source := get(t, server.PortalURL()+"exchanges/"+told.CorrelationID+"/test")
		if status != 200 {
			t.Fatalf("no test: %d %s", status, source)
		}
		sources = append(sources, source)
	}
	output := runTests(t, sources)
	for _, want := range []string{"--- FAIL: TestUpdateSession", "--- FAIL: TestPlaceOrder", "Bad value: order_amount", "Not matching fields: [order_amount"} {
		if !strings.Contains(output, want) {
			t.Errorf("%q is missing in\n%s\n%s", want, output, strings.Join(sources, "\n"))
		}
	}
}

// runTests runs Go files as the tests of a package that nobody sees, and returns
// what they say.
func runTests(t *testing.T, sources []string) (output string) {
	t.Helper()
	folder, err := filepath.Abs("replayed")
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	overlay := map[string]map[string]string{"Replace": {}}
	for i, source := range sources {
		name := string(rune('a'+i)) + "_test.go"
		if err := os.WriteFile(filepath.Join(own, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][filepath.Join(folder, name)] = filepath.Join(own, name)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	list, program := filepath.Join(own, "overlay.json"), filepath.Join(own, "replayed.test")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", list, "-o", program, "./replayed").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, strings.Join(sources, "\n"))
	}
	run := exec.CommandContext(t.Context(), program, "-test.v")
	run.Dir = own
	said, err := run.CombinedOutput()
	if err == nil {
		t.Error("the tests pass")
	}
	return string(said)
}
