package contract_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// npmPackage is a published client of the Payments API. Its createOrder sends
// neither the order nor credentials, so the test leaves that one out.
const npmPackage = "@agoransson/klarna-payments@1.0.15"

// npmMax bounds the run.
const npmMax = 3 * time.Minute

// TestNPMClient runs the client, as it is published, against our listener of
// the names the client has built in.
func TestNPMClient(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), npmMax)
	defer cancel()
	packages := browsertest.NPM(t, npmPackage)
	s := newServer(t, underNames(t))
	output := filepath.Join(t.TempDir(), "result.json")
	node := exec.CommandContext(ctx, "node", filepath.Join("testdata", "npm", "driver.mjs"))
	node.Env = withoutProxy() // the client would send its calls to one
	node.Env = append(node.Env, "PACKAGES="+packages, "SERVER="+s.url, "RESULT="+output,
		"FRONT="+port(s.app.TLSBound), "NODE_EXTRA_CA_CERTS="+s.app.AuthorityFile)
	if log, err := node.CombinedOutput(); err != nil {
		t.Fatalf("the client failed: %v\n%s", err, log)
	}
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	checkNPM(t, text)
}

// npmSession is what the client's callers read of a session.
type npmSession struct {
	Status             string `json:"status"`
	OrderAmount        int64  `json:"order_amount"`
	MerchantReference1 string `json:"merchant_reference1"`
	AuthorizationToken string `json:"authorization_token"`
	ClientToken        string `json:"client_token"`
	ExpiresAt          string `json:"expires_at"`
	OrderLines         []struct {
		Quantity int64 `json:"quantity"`
	} `json:"order_lines"`
}

type npmResult struct {
	Created struct {
		SessionID   string           `json:"session_id"`
		ClientToken string           `json:"client_token"`
		Categories  []map[string]any `json:"payment_method_categories"`
	} `json:"created"`
	Read, Updated, Authorized, Cancelled npmSession
	UpdateReturned, CancelReturned       any
	Token                                string
	CustomerToken                        map[string]any
	Refusals                             map[string]map[string]any
	Regions                              map[string]bool
}

func checkNPM(t *testing.T, text []byte) {
	t.Helper()
	var got npmResult
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if !uuid.MatchString(got.Created.SessionID) || !jwt.MatchString(got.Created.ClientToken) || len(got.Created.Categories) != 3 {
		t.Errorf("created: %+v", got.Created)
	}
	want := npmSession{
		Status: "incomplete", OrderAmount: 1000, MerchantReference1: "4711", ClientToken: got.Created.ClientToken,
		ExpiresAt: "2030-06-03T12:00:00.000Z",
	}
	check := func(name string, got npmSession, quantity int64, token string) {
		t.Helper()
		want.OrderLines = []struct {
			Quantity int64 `json:"quantity"`
		}{{quantity}}
		want.OrderAmount, want.AuthorizationToken = 500*quantity, token
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- wanted, + got):\n%s", name, diff)
		}
	}
	check("read", got.Read, 2, "")
	check("updated", got.Updated, 3, "")
	check("authorized", got.Authorized, 3, got.Token)
	check("cancelled", got.Cancelled, 3, "")
	if !uuid.MatchString(got.Token) || got.UpdateReturned != nil || got.CancelReturned != nil {
		t.Errorf("token %q, update returned %v, cancel returned %v", got.Token, got.UpdateReturned, got.CancelReturned)
	}
	checkNPMRest(t, got)
}

func checkNPMRest(t *testing.T, got npmResult) {
	t.Helper()
	id, _ := got.CustomerToken["token_id"].(string)
	redirect, _ := got.CustomerToken["redirect_url"].(string)
	if !uuid.MatchString(id) || !strings.HasPrefix(redirect, "https://js.playground.klarna.com/eu/kp/v1/sessions/") {
		t.Errorf("customer token: %v; its redirect must lead to the browser's name beside the one that was called", got.CustomerToken)
	}
	wantRefusals := map[string]map[string]any{
		"create":      {"name": "UnableToCreateCreditSession", "code": 400.0},
		"update":      {"name": "UnableToUpdateCreditSession", "code": 400.0},
		"unknown":     {"name": "ResourceMissing", "code": 404.0},
		"cancelTwice": {"name": "ResourceMissing", "code": 404.0},
		"credentials": {"name": "UnknownError", "code": nil},
	}
	if diff := cmp.Diff(wantRefusals, got.Refusals); diff != "" {
		t.Errorf("refusals (- wanted, + got):\n%s", diff)
	}
	wantRegions := map[string]bool{
		" live": true, " playground": true, "-na live": true, "-na playground": true, "-oc live": true, "-oc playground": true,
	}
	if diff := cmp.Diff(wantRegions, got.Regions); diff != "" {
		t.Errorf("regions (- wanted, + got):\n%s", diff)
	}
}
