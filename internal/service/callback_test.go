package service_test

import (
	"context"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// noting notes what is committed; the first commit of a token is a conflict.
type noting struct {
	store.Engine
	changes  []store.Change
	conflict bool
}

func (n *noting) Commit(ctx context.Context, change store.Change) error {
	n.changes = append(n.changes, change)
	if n.conflict && change.Callback != nil {
		n.conflict = false
		return store.ErrConflict
	}
	return n.Engine.Commit(ctx, []store.Change{change})[0]
}

// TestACallbackGoesWithItsChange and with no other, also when the change is
// decided anew; a service that sends none makes none.
func TestACallbackGoesWithItsChange(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func(*checkout.Callback) []byte{
		"sends":      func(c *checkout.Callback) []byte { return []byte(c.SessionID + " " + c.AuthorizationToken) },
		"sends none": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := memstore.New()
			noted := &noting{Engine: engine, conflict: true}
			checkouts, err := service.New(service.Options{Engine: engine, Committer: noted, Minter: fixedMinter{},
				Assessor: risk.Playground{}, NewID: identifier.New, CacheBytes: 1 << 20, CallbackBody: body})
			if err != nil {
				t.Fatal(err)
			}
			caller := service.Caller{MerchantID: "shoes", Now: start}
			content := checkout.Content{PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"),
				OrderAmount: checkout.IntegerOf(100), MerchantURLs: &checkout.MerchantURLs{Authorization: checkout.TextOf("https://shop.example/a")},
				OrderLines: []checkout.Line{{Name: checkout.TextOf("a"), Quantity: checkout.IntegerOf(1),
					UnitPrice: checkout.IntegerOf(100), TotalAmount: checkout.IntegerOf(100)}}}
			session, err := checkouts.CreateSession(t.Context(), caller, content, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := checkouts.Browser(t.Context(), caller, session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
			if err != nil || answer.Result.AuthorizationToken == "" {
				t.Fatal(answer.Result, err)
			}
			if err := checkouts.UpdateSession(t.Context(), caller, session.ID, checkout.Content{}, nil); err != nil {
				t.Fatal(err)
			}
			var told []*store.Callback
			for _, change := range noted.changes {
				if change.Callback != nil {
					told = append(told, change.Callback)
				}
			}
			if body == nil {
				if len(told) > 0 {
					t.Errorf("told %+v", told)
				}
				return
			}
			last := told[len(told)-1]
			if len(told) != 2 || string(last.Body) != session.ID+" "+answer.Result.AuthorizationToken || last.URL != "https://shop.example/a" || last.ID == "" {
				t.Errorf("told %d times, last %+v %s", len(told), last, last.Body)
			}
		})
	}
}
