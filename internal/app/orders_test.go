package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

// TestOrdersAreListed with filters and in pages, each merchant's own.
func TestOrdersAreListed(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	referenced := strings.TrimSuffix(cart, "}") + `,"merchant_reference1":"A-1"}`
	pending, _ := s.refer(cart, `{"outcome":"refer"}`)
	s.advance(time.Hour)
	rejected, _ := s.refer(referenced, `{"outcome":"refer"}`)
	if _, err := s.StepReview(t.Context(), rejected, client.RejectReview, "", ""); err != nil {
		t.Fatal(err)
	}
	placed := s.review(rejected).PlacedAt
	for name, row := range map[string]struct {
		which client.OrderQuery
		want  []string
	}{
		"all, the newest first": {client.OrderQuery{}, []string{rejected, pending}},
		"by fraud status":       {client.OrderQuery{FraudStatus: "PENDING"}, []string{pending}},
		"by status":             {client.OrderQuery{Status: "CAPTURED"}, nil},
		"by reference":          {client.OrderQuery{Reference: "A-1"}, []string{rejected}},
		"by an id's beginning":  {client.OrderQuery{OrderID: pending[:30]}, []string{pending}},
		"from":                  {client.OrderQuery{From: placed}, []string{rejected}},
		"to":                    {client.OrderQuery{To: placed}, []string{pending}},
	} {
		got, err := s.Orders(t.Context(), row.which)
		var ids []string
		for _, order := range got.Orders {
			ids = append(ids, order.OrderID)
		}
		if err != nil || !slices.Equal(ids, row.want) || got.Next != "" {
			t.Errorf("%s: %v, next %q, %v; want %v", name, ids, got.Next, err, row.want)
		}
	}
	page, err := s.Orders(t.Context(), client.OrderQuery{Limit: 1})
	if err != nil || len(page.Orders) != 1 || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	want := client.ListedOrder{OrderID: rejected, SessionID: page.Orders[0].SessionID, MerchantID: "shoes", PlacedAt: placed, Status: "AUTHORIZED",
		FraudStatus: "REJECTED", Currency: "SEK", Amount: page.Orders[0].Amount, Reference1: "A-1"}
	if page.Orders[0] != want || want.SessionID == "" || want.Amount == 0 {
		t.Errorf("%+v, want %+v", page.Orders[0], want)
	}
	if page, err = s.Orders(t.Context(), client.OrderQuery{Limit: 1, After: page.Next}); err != nil || page.Next != "" || page.Orders[0].OrderID != pending {
		t.Errorf("the second page: %+v, %v", page, err)
	}
	list := func(user, query string) reply {
		return send(t, http.DefaultClient, "GET", server.URL+"/kvitto/v1/orders"+query, user, "secret", "", nil)
	}
	for _, query := range []string{"", "?order_id=" + pending, "?merchant_reference=A-1", "?fraud_status=PENDING"} {
		if got := list("another", query); got.status != 200 || strings.Contains(got.body, "order_id") {
			t.Errorf("another merchant at %q: %d %s", query, got.status, got.body)
		}
	}
	for query, status := range map[string]int{
		"?fraud_status=lost": 400, "?status=PENDING": 400, "?limit=0": 400, "?limit=101": 400, "?after=x": 400, "?order_id=1234567": 400, "?order_id=%2525252525": 400,
		"?from=yesterday": 400, "?to=2026": 400, "?merchant_reference=" + strings.Repeat("x", 4097): 400, "?limit=100&after=&status=": 200,
	} {
		if got := list("shoes", query); got.status != status {
			t.Errorf("%.60s: %d %.200s", query, got.status, got.body)
		}
	}
}
