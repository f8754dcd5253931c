package assessor_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
)

// TestTheExampleDecides: by amount, and only what is signed.
func TestTheExampleDecides(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(outbound.SecretText(secret)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(assess(file))
	t.Cleanup(server.Close)
	for amount, want := range map[int64]checkout.Outcome{100: checkout.OutcomeApprove, 500_001: checkout.OutcomeRefer} {
		d := open(t, server.URL, func(o *assessor.Options) { o.Now = time.Now })
		in := input()
		in.Content.OrderAmount = checkout.IntegerOf(amount)
		if got := d.Assess(t.Context(), in); got.Decision.Outcome != want || got.Rule != assessor.Name {
			t.Errorf("%d: %+v\n%s", amount, got, d.log.String())
		}
	}
	d := open(t, server.URL, func(o *assessor.Options) { o.Now, o.Secret = time.Now, make([]byte, outbound.SecretBytes) })
	d.Assess(t.Context(), input())
	if last, _ := d.last(); last != assessor.ResultNonsense {
		t.Errorf("with another secret: %s", last)
	}
}

// The example of docs/assessor.md begins here.
func assess(secretFile string) http.HandlerFunc {
	text, err := os.ReadFile(secretFile)
	if err != nil {
		panic(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "whsec_"))
	if err != nil {
		panic(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
		if err != nil || !signed(r.Header, body, key) {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		var question struct {
			MerchantID string `json:"merchant_id"`
			Content    struct {
				OrderAmount int64 `json:"order_amount"` // minor units
			} `json:"content"`
		}
		if err := json.Unmarshal(body, &question); err != nil {
			http.Error(w, "no question", http.StatusBadRequest)
			return
		}
		answer := map[string]any{"outcome": "approve", "reason": "a small amount"}
		if question.Content.OrderAmount > 500_000 {
			answer = map[string]any{"outcome": "refer", "reason": "a large amount", "due_minutes": 120, "at_due": "reject"}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func signed(h http.Header, body, key []byte) bool {
	seconds, err := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", h.Get("Webhook-Id"), seconds, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.ContainsFunc(strings.Fields(h.Get("Webhook-Signature")), func(s string) bool { return hmac.Equal([]byte(s), []byte(want)) })
}
