package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

// TestAMerchantDoesNotSeeTheRulesOfAnOperator: what was decided and by
// which file it sees, but not the rule and its reason; in a playground the rules are
// its own.
func TestAMerchantDoesNotSeeTheRulesOfAnOperator(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{"playground": false, "production": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "rules.toml")
			replaceFile(t, file, "name = \"shop\"\n[[rule]]\nname = \"hides\"\npriority = 1\ncalls = [\"load\"]\ncondition = 'order_amount > 0'\n"+
				"action = \"deny\"\nreason = \"secretly\"\n")
			username, password := "demo", "demo"
			var url string
			if hidden {
				var store string
				server := run(t, func(c *app.Config) { c.Rules, store = file, c.DataDir })
				url = server.URL
				username, password = key(t, "sqlite:"+store+"/kvitto.db")
			} else {
				url = serve(t, app.Config{Rules: file}).URL
			}
			found, err := client.New(url, username, password).Offers(t.Context(), client.OfferQuestion{
				PurchaseCountry: "SE", PurchaseCurrency: "SEK", OrderAmount: "100"})
			if err != nil {
				t.Fatal(err)
			}
			if found.Load.Outcome != "deny" || found.Load.RuleSet == nil || found.Load.RuleSet.Name != "shop" {
				t.Errorf("%s", found.Raw)
			}
			if told := strings.Contains(string(found.Raw), "secretly") || found.Load.Reason != "" || found.Load.Rule != ""; told == hidden {
				t.Errorf("the rule is told: %t\n%s", told, found.Raw)
			}
		})
	}
}
