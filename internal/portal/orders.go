package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// ordersPage is a list of orders, the last that was placed first.
type ordersPage struct {
	Filter   orderFilter
	Rows     []orderRow
	Next     string // address of the next page; empty when there is none
	Narrowed bool
	Later    bool // not the first page
	Problem  string
	Frauds   []string
	Statuses []checkout.OrderStatus
}

// orderRow is an order in a list.
type orderRow struct{ store.Order }

// Amount is what was authorized.
func (o orderRow) Amount() string { return moneyText(o.Ledger.Authorized, o.Currency) }

// Class is what the fraud status is shown as.
func (o orderRow) Class() string { return fraudClasses[o.FraudStatus] }

// References are the merchant's own.
func (o orderRow) References() string {
	return strings.Trim(strings.Join(o.Order.References[:], ", "), ", ")
}

var fraudClasses = map[string]string{checkout.FraudAccepted: "good", checkout.FraudPending: "waiting", checkout.FraudRejected: "refused"}

// orderFilter is what a list is narrowed to, as it stands in the address.
type orderFilter struct{ Order, Reference, Fraud, Status, Merchant, From, To, After string }

const ordersShown = 50

func orderFilterOf(query url.Values) orderFilter {
	get := func(name string) string {
		text := strings.TrimSpace(query.Get(name))
		return text[:min(len(text), textMax)]
	}
	return orderFilter{get("order"), get("reference"), get("fraud"), get("status"), get("merchant"), get("from"), get("to"), get("after")}
}

// query is the filter as the store takes it; problem says what of it cannot be
// understood.
func (f *orderFilter) query() (q store.OrderFilter, problem string) {
	q = store.OrderFilter{MerchantID: f.Merchant, OrderID: strings.ToLower(f.Order), Reference: f.Reference, FraudStatus: f.Fraud,
		Status: checkout.OrderStatus(f.Status), After: f.After, Limit: ordersShown}
	wrong := readFormTime(f.From, &q.From) + " " + readFormTime(f.To, &q.To)
	if _, _, ok := q.IDs(); f.Order != "" && !ok {
		return q, "An order is found by its id, or by the first eight characters of it and more."
	}
	return q, strings.TrimSpace(wrong)
}

// address is the page of the list after a cursor.
func (f orderFilter) address(after string) string {
	values := url.Values{}
	for _, v := range [][2]string{{"order", f.Order}, {"reference", f.Reference}, {"fraud", f.Fraud}, {"status", f.Status}, {"merchant", f.Merchant},
		{"from", f.From}, {"to", f.To}, {"after", after}} {
		if v[1] != "" {
			values.Set(v[0], v[1])
		}
	}
	return Path + "/orders?" + values.Encode()
}

func (p *portal) orders(w http.ResponseWriter, r *http.Request) error {
	shown := ordersPage{Filter: orderFilterOf(r.URL.Query()), Frauds: checkout.FraudStatuses, Statuses: checkout.OrderStatuses}
	query, problem := shown.Filter.query()
	found, next, err := p.Orders.Orders(r.Context(), query)
	if errors.Is(err, store.ErrCursor) {
		problem, shown.Filter.After, query.After = lostPlace, "", ""
		found, next, err = p.Orders.Orders(r.Context(), query)
	}
	if err != nil {
		return err
	}
	for i := range found {
		shown.Rows = append(shown.Rows, orderRow{found[i]})
	}
	if next != "" {
		shown.Next = shown.Filter.address(next)
	}
	shown.Problem, shown.Later = problem, shown.Filter.After != ""
	shown.Narrowed = shown.Filter != orderFilter{After: shown.Filter.After}
	return p.show(w, http.StatusOK, "orders", page{Title: "Orders", Current: "orders", Body: &shown})
}

// lostPlace is said of a cursor that no list has given.
const lostPlace = "The list cannot go on from there; this is its beginning."
