package shop

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/kvitto/kvitto/client"
)

// view is what a page shows.
type view struct {
	Page, Title, Text string
	Base, SDK         string
	Products          []product
	Markets           []*market
	Scenarios         []scenario

	Market   *market
	Scenario *scenario
	Cart     cartView
	Address  address
	Approval *approval
	Approved string // the amount, for people
	Placed   *placed
	Calls    calls
	State    state
}

type cartView struct {
	Lines      []client.OrderLine
	Count      int64 // things in it
	Total, Tax string
}

// Path is where the page is, below the shop.
func (v view) Path() string {
	switch v.Page {
	case "products":
		return ""
	case "single":
		return "checkout"
	case "address", "payment", "review":
		return "checkout/" + v.Page
	}
	return v.Page
}

// Steps are those of the checkout in steps.
func (v view) Steps() []string { return []string{"address", "payment", "review"} }

// field is an input of the address form.
type field struct{ Name, Label, Type, Autocomplete, Value, Size string }

// Fields are what the market's addresses have.
func (v view) Fields() []field {
	a := v.Address
	fields := []field{
		{"email", "E-mail", "email", "email", a.Email, "half"}, {"phone", "Phone", "tel", "tel", a.Phone, "half"},
		{"given_name", "First name", "text", "given-name", a.GivenName, "half"}, {"family_name", "Last name", "text", "family-name", a.FamilyName, "half"},
		{"street_address", "Street and number", "text", "street-address", a.StreetAddress, "whole"},
		{"postal_code", "Postal code", "text", "postal-code", a.PostalCode, "third"}, {"city", "City", "text", "address-level2", a.City, "rest"},
	}
	if v.Market.Country == "US" {
		fields = append(fields, field{"region", "State", "text", "address-level1", a.Region, "third"})
	}
	return fields
}

// Persons are the test persons the form can be filled with.
func (v view) Persons() [][2]string {
	return [][2]string{{"approved", "Approved"}, {"denied", "Denied"}, {"pending", "Pending"}, {"red", "Refused at load"}}
}

// state is what the script of a page knows. Amounts are for showing only.
type state struct {
	ClientToken string                         `json:"client_token"` // empty: there is no session
	Categories  []client.PaymentMethodCategory `json:"payment_method_categories"`
	Address     *address                       `json:"billing_address"`
	Approval    *approvalState                 `json:"approval"`
	AutoFinal   bool                           `json:"auto_finalize"`
	LoadData    bool                           `json:"load_data"` // load sends the address
	Persons     map[string]address             `json:"persons"`
	CartHTML    string                         `json:"cart_html,omitempty"`
	Count       int64                          `json:"count"`
	Total       string                         `json:"total"`
}

type approvalState struct {
	Category         string `json:"payment_method_category,omitempty"`
	FinalizeRequired bool   `json:"finalize_required"`
	Current          bool   `json:"current"` // the cart is still what was approved
}

var templates = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(web, "web/*.html")
})

// render writes a page. It is made in memory first: a page is whole or an error.
func (s *shop) render(w http.ResponseWriter, status int, v *visit, shown view) {
	var page bytes.Buffer
	all, err := templates()
	if err == nil {
		err = all.ExecuteTemplate(&page, "layout", s.filled(v, shown))
	}
	if err != nil {
		http.Error(w, "The shop cannot show this page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

// filled adds what every page has.
func (s *shop) filled(v *visit, shown view) view {
	shown.Base, shown.SDK = s.base, s.origin+"/kp/lib/v1/api.js"
	shown.Market, shown.Markets, shown.Products, shown.Scenario = v.market, markets, products, v.scenario
	shown.Cart, shown.Address, shown.Approval, shown.Placed, shown.Calls = v.view(), v.address, v.approval, v.placed, v.calls
	shown.State = state{ClientToken: v.session.ClientToken, Categories: v.session.PaymentMethodCategories, Address: v.address.in(v.market),
		AutoFinal: v.scenario != nil && v.scenario.autoFinalize, LoadData: v.scenario != nil && v.scenario.loadData, Persons: personsIn(v.market), Count: shown.Cart.Count, Total: shown.Cart.Total}
	if v.behind {
		shown.State.ClientToken = ""
	}
	if a := v.approval; a != nil {
		shown.Approved = v.market.Money(a.amount)
		shown.State.Approval = &approvalState{a.Category, a.FinalizeRequired, a.content == v.content()}
	}
	return shown
}

func (v *visit) view() cartView {
	shown := cartView{Lines: v.lines()}
	var total, tax int64
	for _, line := range shown.Lines {
		total += line.TotalAmount
		tax += line.TotalTaxAmount
		if line.Type == "physical" {
			shown.Count += line.Quantity
		}
	}
	shown.Total, shown.Tax = v.market.Money(total), v.market.Money(tax)
	return shown
}

func (s *shop) products(w http.ResponseWriter, _ *http.Request, v *visit) {
	s.render(w, http.StatusOK, v, view{Page: "products", Title: "Things for the table"})
}

func (s *shop) cart(w http.ResponseWriter, r *http.Request, v *visit) {
	if !v.empty() {
		_ = s.follow(r.Context(), v, r.Host) // without a session the page has no express button
	}
	s.render(w, http.StatusOK, v, view{Page: "cart", Title: "Your cart"})
}

// changeCart adds, takes away or removes, and brings an open payment along. A
// script gets the new state, a plain form its page again.
func (s *shop) changeCart(w http.ResponseWriter, r *http.Request, v *visit) {
	item, known := productOf(r.PostFormValue("product"))
	by, ok := map[string]int64{"add": 1, "more": 1, "less": -1, "remove": -quantityMax}[r.PostFormValue("change")]
	if !known || !ok {
		http.Error(w, "The shop has no such product or change.", http.StatusBadRequest)
		return
	}
	v.change(item.ID, by)
	if v.session.SessionID != "" && !v.empty() {
		_ = s.follow(r.Context(), v, r.Host) // the page is told by its state
	}
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		http.Redirect(w, r, s.back(r), http.StatusSeeOther)
		return
	}
	shown := s.filled(v, view{Page: r.PostFormValue("page")})
	var fragment bytes.Buffer
	all, err := templates()
	if err == nil {
		err = all.ExecuteTemplate(&fragment, "lines", shown)
	}
	if err != nil {
		http.Error(w, "The shop cannot show the cart.", http.StatusInternalServerError)
		return
	}
	shown.State.CartHTML = fragment.String()
	writeJSON(w, http.StatusOK, shown.State)
}

// changeMarket starts the payment anew: a session keeps its country.
func (s *shop) changeMarket(w http.ResponseWriter, r *http.Request, v *visit) {
	m := marketOf(r.PostFormValue("country"))
	if m == nil {
		http.Error(w, "The shop does not sell there.", http.StatusBadRequest)
		return
	}
	if m != v.market {
		v.market, v.address = m, address{}
		v.forget()
	}
	http.Redirect(w, r, s.back(r), http.StatusSeeOther)
}

// back is the page a form was on: never another site.
func (s *shop) back(r *http.Request) string {
	inside := url.URL{Path: s.base + strings.TrimPrefix(path.Clean("/"+r.PostFormValue("back")), "/")}
	return inside.String()
}

// checkout is the checkout on one page.
func (s *shop) checkout(w http.ResponseWriter, r *http.Request, v *visit) {
	s.withSession(w, r, v, view{Page: "single", Title: "Checkout"})
}

func (s *shop) withSession(w http.ResponseWriter, r *http.Request, v *visit, shown view) {
	if v.empty() {
		http.Redirect(w, r, s.base+"cart", http.StatusSeeOther)
		return
	}
	if err := s.follow(r.Context(), v, r.Host); err != nil {
		shown.Text = "The payment server does not answer, so paying with Klarna has to wait."
	}
	if shown.Page == "review" && v.approval == nil { // the session was gone, and its approval with it
		http.Redirect(w, r, s.base+"checkout/payment", http.StatusSeeOther)
		return
	}
	s.render(w, http.StatusOK, v, shown)
}

func (s *shop) addressStep(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.empty() {
		http.Redirect(w, r, s.base+"cart", http.StatusSeeOther)
		return
	}
	s.render(w, http.StatusOK, v, view{Page: "address", Title: "Address"})
}

func (s *shop) saveAddress(w http.ResponseWriter, r *http.Request, v *visit) {
	typed := func(name string) string {
		runes := []rune(strings.TrimSpace(r.PostFormValue(name)))
		return string(runes[:min(len(runes), fieldMax)])
	}
	v.address = address{GivenName: typed("given_name"), FamilyName: typed("family_name"), Email: typed("email"), Phone: typed("phone"),
		StreetAddress: typed("street_address"), PostalCode: typed("postal_code"), City: typed("city"), Region: typed("region")}
	http.Redirect(w, r, s.base+"checkout/payment", http.StatusSeeOther)
}

func (s *shop) paymentStep(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.address == (address{}) {
		http.Redirect(w, r, s.base+"checkout/address", http.StatusSeeOther)
		return
	}
	s.withSession(w, r, v, view{Page: "payment", Title: "Payment"})
}

func (s *shop) reviewStep(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.approval == nil {
		http.Redirect(w, r, s.base+"checkout/payment", http.StatusSeeOther)
		return
	}
	s.withSession(w, r, v, view{Page: "review", Title: "Review and pay"})
}

func (s *shop) confirmation(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.placed == nil {
		http.Redirect(w, r, s.base, http.StatusSeeOther)
		return
	}
	s.render(w, http.StatusOK, v, view{Page: "confirmation", Title: "Thank you"})
}

func (s *shop) notFound(w http.ResponseWriter, _ *http.Request, v *visit) {
	s.render(w, http.StatusNotFound, v, view{Page: "missing", Title: "There is no such page"})
}

// callList is the list at the bottom of a page, for a script to fetch again.
func (s *shop) callList(w http.ResponseWriter, _ *http.Request, v *visit) {
	all, err := templates()
	if err == nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = all.ExecuteTemplate(w, "call-rows", s.filled(v, view{}))
	}
	if err != nil {
		_, _ = fmt.Fprint(w, "The shop cannot show its calls.")
	}
}

func (s *shop) asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=60")
	http.ServeFileFS(w, r, web, "web/assets/"+path.Clean(r.PathValue("name")))
}
