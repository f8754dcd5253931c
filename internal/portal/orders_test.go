package portal_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

var nextPage = regexp.MustCompile(`class="button" href="([^"]+)"`)

// register makes a merchant known.
func (s *site) register(merchant string) {
	s.t.Helper()
	if err := s.store.AddMerchant(s.t.Context(), store.Merchant{ID: merchant, CreatedAt: noon}); err != nil {
		s.t.Fatal(err)
	}
}

// TestAnOrderIsShownWhole: its sums, lines, addresses, references and history.
func TestAnOrderIsShownWhole(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.register(own.merchant)
	s.refer(own, noon)
	has(t, s.page("/portal/orders/"+own.order), own.mark, "PENDING", "AUTHORIZED", "100.00 SEK", "Captured", "0.00 SEK", "/portal/sessions/"+own.ordered,
		"/portal/logs?q="+own.order, "Shoe", "place order", "ordered", "open", "because of the size")
	has(t, s.page("/portal/sessions/"+own.ordered), "/portal/orders/"+own.order)
}

// TestOrdersAreNarrowed by what the form has, and what it cannot mean is said.
func TestOrdersAreNarrowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	has(t, s.page("/portal/orders"), "No order yet")
	s.register(own.merchant)
	s.refer(own, noon)
	row := "/portal/orders/" + own.order
	for query, found := range map[string]bool{
		"": true, "reference=" + own.mark: true, "reference=other": false, "fraud=PENDING": true, "fraud=REJECTED": false, "status=AUTHORIZED": true, "status=CAPTURED": false,
		"merchant=shoes": true, "merchant=books": false, "from=2026-03-04T12:00": true, "from=2026-03-04T12:01": false, "to=2026-03-04T12:01": true, "to=2026-03-04T12:00": false,
		"order=" + own.order: true, "order=" + strings.ToUpper(own.order[:20]): true, "order=0190a1b3": false,
	} {
		if body := s.page("/portal/orders?" + query); strings.Contains(body, row) != found {
			t.Errorf("%q shows it: %v, want %v\n%s", query, !found, found, body)
		}
	}
	has(t, s.page("/portal/orders?from=yesterday"), "“yesterday” is no time")
	has(t, s.page("/portal/orders?order=0190"), "the first eight characters")
}
