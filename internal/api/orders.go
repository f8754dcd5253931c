package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/wire"
)

// Orders lists orders: the store.
type Orders interface {
	Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error)
}

const (
	ordersMax     = 100 // of a page
	ordersDefault = 50
)

func (a *API) orderRoutes(table map[string]map[string]route) {
	if a.Orders != nil {
		table["/kvitto/v1/orders"] = map[string]route{http.MethodGet: {"read_orders", readOrders,
			[]string{"after", "fraud_status", "from", "limit", "merchant_reference", "order_id", "status", "to"}}}
	}
}

// readOrders lists the merchant's orders, the last that was placed first.
func readOrders(x *exchange) (answer, error) {
	filter, err := ordersFilter(x.query())
	if err != nil {
		return answer{}, err
	}
	filter.MerchantID = x.caller.MerchantID
	found, next, err := x.api.Orders.Orders(x.request.Context(), filter)
	if errors.Is(err, store.ErrCursor) {
		return answer{}, badValue("after", filter.After, "the next of an earlier answer")
	} else if err != nil {
		return answer{}, storeFailed(err)
	}
	list := make([]wire.ListedOrder, len(found))
	for i := range found {
		list[i] = orderListed(&found[i])
	}
	return ok(wire.AppendOrders(nil, list, next))
}

func orderListed(o *store.Order) wire.ListedOrder {
	return wire.ListedOrder{
		OrderID: o.OrderID, SessionID: o.SessionID, MerchantID: o.MerchantID, PlacedAt: o.PlacedAt,
		Status: string(o.Ledger.Status()), FraudStatus: o.FraudStatus, Currency: o.Currency, Reference1: o.References[0], Reference2: o.References[1],
		Authorized: int64(o.Ledger.Authorized), Captured: int64(o.Ledger.Captured), Released: int64(o.Ledger.Released), Refunded: int64(o.Ledger.Refunded),
	}
}

// orderBeginning is an order's id or its beginning.
var orderBeginning = regexp.MustCompile(`^[0-9a-f-]{` + strconv.Itoa(store.OrderPrefixMin) + `,36}$`)

// ordersFilter reads what is asked for.
func ordersFilter(sent url.Values) (f store.OrderFilter, err error) {
	f.Limit = ordersDefault
	for name, values := range sent {
		value := values[len(values)-1]
		if len(value) > searchTextMax {
			return f, badValue(name, strings.ToValidUTF8(value[:64], "\uFFFD"), "at most "+strconv.Itoa(searchTextMax)+" bytes")
		}
		if err := setOrdersFilter(&f, name, value); err != nil {
			return f, err
		}
	}
	return f, nil
}

func setOrdersFilter(f *store.OrderFilter, name, value string) (err error) {
	if value == "" {
		return nil
	}
	switch name {
	case "order_id":
		if f.OrderID = value; !orderBeginning.MatchString(value) {
			err = badValue(name, value, "an order id, or its first "+strconv.Itoa(store.OrderPrefixMin)+" characters and more")
		}
	case "merchant_reference":
		f.Reference = value
	case "fraud_status":
		if f.FraudStatus = value; !slices.Contains(checkout.FraudStatuses, value) {
			err = badValue(name, value, "one of "+strings.Join(checkout.FraudStatuses, ", "))
		}
	case "status":
		if f.Status = checkout.OrderStatus(value); !slices.Contains(checkout.OrderStatuses, f.Status) {
			err = badValue(name, value, "one of AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED")
		}
	case "from":
		f.From, err = instant(name, value)
	case "to":
		f.To, err = instant(name, value)
	case "after":
		f.After = value
	case "limit":
		f.Limit, err = limit(name, value, ordersMax)
	}
	return err
}
