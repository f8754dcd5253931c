package app

import (
	"cmp"
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

	mu     sync.Mutex // never held while the store is asked
	known  map[string]string
	asked  time.Time     // when the store was asked last
	asking chan struct{} // closed when the store has answered; nil when nobody asks
}

const (
	// namesUnknown is how long an unknown merchant is believed to have no name:
	// merchants are added while servers run.
	namesUnknown = 2 * time.Second
	// namesAge is how long a name is believed to be the newest.
	namesAge = time.Minute
	// namesPatience bounds one question to the store. It is nobody's alone, so no
	// request's end ends it.
	namesPatience = 5 * time.Second
)

// of is the merchant's name as it was added, or the one that recorded tokens
// have: a page can be shown without it. A name that is known is told at once,
// and asked for again in the background when it is old.
func (n *shopNames) of(ctx context.Context, merchantID string) string {
	n.mu.Lock()
	name, ok := n.known[merchantID]
	age := n.now().Sub(n.asked)
	if n.asking == nil && (age >= namesAge || !ok && age >= namesUnknown) {
		n.asked, n.asking = n.now(), make(chan struct{})
		go n.ask(context.WithoutCancel(ctx))
	}
	asking := n.asking
	n.mu.Unlock()
	if !ok && asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
		}
		n.mu.Lock()
		name = n.known[merchantID]
		n.mu.Unlock()
	}
	return cmp.Or(name, clienttoken.MerchantName)
}

// ask replaces what is known by what the store says; without an answer it stays.
func (n *shopNames) ask(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, namesPatience)
	defer cancel()
	all, err := n.merchants.Merchants(bounded)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.known = make(map[string]string, len(all))
		for _, merchant := range all {
			n.known[merchant.ID] = merchant.Name
		}
	}
	close(n.asking)
	n.asking = nil
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
