package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestFilesAreLookedAtOnceForAnAssessment: who asks beforehand which past the rules
// read is told of those that are in use.
func TestFilesAreLookedAtOnceForAnAssessment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, condition string) {
		t.Helper()
		text := fmt.Sprintf("name = %q\n[[rule]]\nname = \"a\"\npriority = 1\ncondition = '%s'\naction = \"deny\"\nreason = \"x\"\n", "shop", condition)
		if err := os.WriteFile(filepath.Join(dir, name+rulesExtension), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(defaultRulesName, "order_amount == 7")
	for _, path := range []string{dir, filepath.Join(dir, defaultRulesName+rulesExtension)} {
		source, err := rulesFrom(path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		r := &rules{source: source, logger: slog.New(slog.DiscardHandler), failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "failures"})}
		in := risk.Input{MerchantID: "shop", Call: risk.CallAuthorize, Content: &checkout.Content{}}
		for _, condition := range []string{"email_history.orders == 9", "order_amount == 8"} {
			before := len(r.Reads("shop"))
			write(defaultRulesName, condition)
			if reads := len(r.Reads("shop")); reads != before {
				t.Errorf("%s: the files were looked at before an assessment", path)
			}
			r.Assess(t.Context(), in)
			if reads := len(r.Reads("shop")); reads == before {
				t.Errorf("%s: an assessment has not looked at the files", path)
			}
		}
		if path == dir {
			write("shop", "phone_history.orders == 9")
			r.Assess(t.Context(), in)
			if reads := r.Reads("shop"); len(reads) != 1 || reads[0] != risk.SubjectPhone {
				t.Errorf("the merchant's own rules read %v", reads)
			}
		}
	}
}
