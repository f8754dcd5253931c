package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// TestATestCustomersOrderEndsAfterItsMinutes: the published +pend-accept-NN and
// +pend-reject-NN, on a clock that is moved. A minute before the order is PENDING
// and nothing is told; then the shop is told what the order reads.
func TestATestCustomersOrderEndsAfterItsMinutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, currency, email string
		minutes                  int
		want                     string
	}{
		{"US", "USD", "customer+pend-accept-05@email.us", 5, "ACCEPTED"},
		{"US", "USD", "customer+pend-reject-10@email.us", 10, "REJECTED"},
		{"GB", "GBP", "customer+pend-accept-90@email.uk", 90, "ACCEPTED"},
		{"GB", "GBP", "Customer+PEND-REJECT-05@email.uk", 5, "REJECTED"},
	} {
		t.Run(c.email, func(t *testing.T) {
			t.Parallel()
			shop := receive(t)
			s := shopAt(t, serve(t, app.Config{}))
			order, _ := s.refer(fmt.Sprintf(`{"purchase_country":%q,"purchase_currency":%q,"billing_address":{"email":%q},"order_amount":1,`+
				`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}],"merchant_urls":{"notification":%q}}`,
				c.country, c.currency, c.email, shop.url+"/risk/{order.id}"), `{}`)
			wait := time.Duration(c.minutes) * time.Minute
			if waits := s.review(order); waits.DueAt.Sub(waits.PlacedAt) != wait || waits.State != "open" {
				t.Errorf("%+v", waits)
			}
			s.advance(wait - time.Minute)
			if got := s.review(order); got.FraudStatus != "PENDING" || len(s.list("").Callbacks) != 0 {
				t.Errorf("a minute before: %+v", got)
			}
			s.advance(time.Minute)
			told := heard{"/risk/" + order, `{"order_id":"` + order + `","event_type":"FRAUD_RISK_` + c.want + `"}`, "application/json"}
			if got := shop.next(t); got != told {
				t.Errorf("told %+v, want %+v", got, told)
			}
			if got := s.review(order); got.FraudStatus != c.want || got.State != strings.ToLower(c.want) || !got.Automatic {
				t.Errorf("%+v", got)
			}
		})
	}
}
