package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Orders = (*Engine)(nil)

// orders are by id.
type orders map[string]store.Order

func (o orders) put(c *store.Change) {
	if order, ok := store.OrderOf(&c.Session); ok {
		o[order.OrderID] = order
	}
}

// Orders is store.Orders'.
func (e *Engine) Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, "", err
	}
	defer e.mu.Unlock()
	if filter.Limit < 1 {
		return nil, "", fmt.Errorf("memstore: the limit %d is not positive", filter.Limit)
	}
	after, err := filter.Cursor()
	if err != nil {
		return nil, "", err
	}
	if _, _, ok := filter.IDs(); !ok && filter.OrderID != "" {
		return nil, "", nil
	}
	page := store.OrderPage{Filter: &filter}
	for _, order := range slices.SortedFunc(maps.Values(e.orders), newestFirst) {
		if at := store.OrderAt(&order); !after.Before(at) || at.PlacedAt < filter.Since() {
			continue
		}
		if !page.Add(&order) {
			break
		}
	}
	return page.Found, page.Next, nil
}

func newestFirst(a, b store.Order) int {
	switch {
	case a.OrderID == b.OrderID:
		return 0
	case store.OrderAt(&a).Before(store.OrderAt(&b)):
		return -1
	default:
		return 1
	}
}

// FillOrders is store.Orders'. There is nothing from before.
func (e *Engine) FillOrders(ctx context.Context, _ int) (filled int, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	e.mu.Unlock()
	return 0, nil
}
