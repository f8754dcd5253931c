package app

import (
	"context"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/clienttoken"
	"github.com/kvitto/kvitto/internal/store"
)

// shopNames tells pages what a merchant is called.
type shopNames struct {
	merchants interface {
		Merchants(ctx context.Context) ([]store.Merchant, error)
	}
	now func() time.Time

	mu    sync.Mutex
	known map[string]string
	asked time.Time
}

// namesAge is how long an unknown merchant is believed to have no name:
// merchants are added while servers run.
const namesAge = 2 * time.Second

// of is the merchant's name as it was added, or the one that recorded tokens
// have: a page can be shown without it.
func (n *shopNames) of(ctx context.Context, merchantID string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.known[merchantID]; !ok && n.now().Sub(n.asked) >= namesAge {
		n.asked = n.now()
		if all, err := n.merchants.Merchants(ctx); err == nil {
			n.known = make(map[string]string, len(all))
			for _, merchant := range all {
				n.known[merchant.ID] = merchant.Name
			}
		}
	}
	if name := n.known[merchantID]; name != "" {
		return name
	}
	return clienttoken.MerchantName
}

// shopName is how pages learn a name. In the playground nobody gives one.
func (a *App) shopName() func(ctx context.Context, merchantID string) string {
	if !a.config.Production {
		return func(context.Context, string) string { return clienttoken.MerchantName }
	}
	names := &shopNames{merchants: a.stores, now: time.Now}
	return names.of
}

// environment is what client tokens say of the server.
func (a *App) environment() clienttoken.Environment {
	if a.config.Production {
		return clienttoken.Production
	}
	return clienttoken.Playground
}
