package shop

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kvitto/kvitto/client"
)

// order is the body of three calls: create session, update session and place
// order. All three are made by orderOf, so what is ordered cannot drift from
// what the customer was shown.
type order struct {
	PurchaseCountry    string             `json:"purchase_country"`
	PurchaseCurrency   string             `json:"purchase_currency"`
	Locale             string             `json:"locale"`
	OrderAmount        int64              `json:"order_amount"`
	OrderTaxAmount     int64              `json:"order_tax_amount"`
	OrderLines         []client.OrderLine `json:"order_lines"`
	BillingAddress     *address           `json:"billing_address,omitempty"`
	ShippingAddress    *address           `json:"shipping_address,omitempty"`
	MerchantReference1 string             `json:"merchant_reference1,omitzero"`
	MerchantURLs       merchantURLs       `json:"merchant_urls"`
}

type merchantURLs struct {
	Confirmation  string `json:"confirmation"`
	Authorization string `json:"authorization"`
	Notification  string `json:"notification"`
}

type address struct {
	GivenName     string `json:"given_name,omitzero"`
	FamilyName    string `json:"family_name,omitzero"`
	Email         string `json:"email,omitzero"`
	Phone         string `json:"phone,omitzero"`
	StreetAddress string `json:"street_address,omitzero"`
	PostalCode    string `json:"postal_code,omitzero"`
	City          string `json:"city,omitzero"`
	Region        string `json:"region,omitzero"`
	Country       string `json:"country,omitzero"`
}

// orderOf is the cart as the payment server must see it. It has no customer
// data: those go from the page to authorize, when the customer presses Pay.
func (s *shop) orderOf(v *visit, host string) order {
	o := order{PurchaseCountry: v.market.Country, PurchaseCurrency: v.market.Currency, Locale: v.market.Locale,
		OrderLines: v.lines(), MerchantReference1: v.reference}
	for _, line := range o.OrderLines {
		o.OrderAmount += line.TotalAmount
		o.OrderTaxAmount += line.TotalTaxAmount
	}
	callback := func(name string) string {
		// Nobody signs these calls. The key in the address tells them from
		// anybody's, and which visit they are about.
		return s.public.JoinPath("callbacks", name).String() + "?key=" + url.QueryEscape(v.callbackKey)
	}
	// The customer must come back to the host that has the cookie.
	confirmation := url.URL{Scheme: s.public.Scheme, Host: host, Path: s.base + "confirmation"}
	o.MerchantURLs = merchantURLs{confirmation.String(), callback("authorization"), callback("notification")}
	return o
}

// follow brings the payment session to the cart: it opens one, or updates the
// one there is. An update that changes nothing extends the session's life. As
// long as that fails the pages offer no payment: its amount would be wrong.
func (s *shop) follow(ctx context.Context, v *visit, host string) error {
	err := s.bring(ctx, v, host)
	v.behind = err != nil
	return err
}

func (s *shop) bring(ctx context.Context, v *visit, host string) error {
	if v.session.SessionID != "" {
		_, err := s.payments.UpdateSession(ctx, v.session.SessionID, s.orderOf(v, host))
		// A session is gone 48 hours after its last update, and once it is an
		// order. Then there is a new one.
		if status(err) != http.StatusNotFound {
			return err
		}
	}
	v.forget()
	v.reference = "H-" + rand.Text()[:8]
	session, err := s.payments.CreateSession(ctx, s.orderOf(v, host))
	if err == nil {
		v.session = session
	}
	return err
}

// forget ends the payment in the making, for example when the market changes.
func (v *visit) forget() { v.session, v.approval = client.NewSession{}, nil }

// content tells one cart from another.
func (v *visit) content() string { return fmt.Sprint(v.market.Country, v.lines()) }

// approve remembers what authorize gave.
func (v *visit) approve(category, token string, finalizeRequired bool) {
	var amount int64
	for _, line := range v.lines() {
		amount += line.TotalAmount
	}
	v.approval = &approval{Category: category, FinalizeRequired: finalizeRequired, token: token, amount: amount, content: v.content()}
}

// status is the HTTP status of a refusal, or 0.
func status(err error) int {
	var refused *client.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// placement is what the page sends when the customer is approved: no amount
// and no line, they are the server's. Without a token the remembered one is
// meant.
type placement struct {
	AuthorizationToken string   `json:"authorization_token"`
	BillingAddress     *address `json:"billing_address"`
	ShippingAddress    *address `json:"shipping_address"` // collected by express checkout
}

// place makes the order. The same token again is the same order, so a customer
// who clicks twice, or whose answer was lost, buys once.
func (s *shop) place(w http.ResponseWriter, r *http.Request, v *visit) {
	var sent placement
	if !readJSON(w, r, &sent) {
		return
	}
	if sent.AuthorizationToken == "" && v.approval != nil {
		sent.AuthorizationToken, sent.BillingAddress = v.approval.token, &v.address
	}
	if v.placed != nil && (sent.AuthorizationToken == v.placed.Token || sent.AuthorizationToken == "" && v.empty()) {
		writeJSON(w, http.StatusOK, map[string]string{"location": v.placed.RedirectURL})
		return
	}
	if sent.AuthorizationToken == "" || v.empty() {
		writeJSON(w, http.StatusConflict, problem{Message: "There is nothing approved to be ordered."})
		return
	}
	body := s.orderOf(v, r.Host)
	body.BillingAddress, body.ShippingAddress = sent.BillingAddress.in(v.market), sent.ShippingAddress.in(v.market)
	answer, err := s.payments.PlaceOrder(r.Context(), sent.AuthorizationToken, body)
	if err != nil && status(err) == 0 {
		// The answer was lost, perhaps after the order was made: ask again.
		answer, err = s.payments.PlaceOrder(r.Context(), sent.AuthorizationToken, body)
	}
	if err != nil {
		s.refuse(w, v, err)
		return
	}
	v.placed = &placed{Order: answer, Token: sent.AuthorizationToken, Reference: v.reference, Market: v.market,
		Lines: body.OrderLines, Amount: body.OrderAmount, Tax: body.OrderTaxAmount}
	if to := cmp.Or(body.BillingAddress, body.ShippingAddress); to != nil {
		v.placed.Email = to.Email
	}
	v.quantities = map[string]int64{}
	v.forget()
	writeJSON(w, http.StatusOK, map[string]string{"location": answer.RedirectURL})
}

// problem is what the page is told.
type problem struct {
	Message     string   `json:"message"`
	Details     []string `json:"details,omitempty"`
	Explanation string   `json:"explanation,omitempty"` // a page of the shop
	Again       bool     `json:"again,omitempty"`       // the customer must approve anew
}

func (s *shop) refuse(w http.ResponseWriter, v *visit, err error) {
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status >= 500 {
		writeJSON(w, http.StatusBadGateway, problem{Message: "The payment server did not answer. Try again: nothing is ordered twice."})
		return
	}
	told := problem{Details: refused.Messages, Explanation: s.base + "calls/" + url.PathEscape(refused.CorrelationID), Again: true}
	switch refused.Status {
	case http.StatusConflict:
		told.Message = "The cart is no longer what you approved, so nothing was ordered."
	default: // 404: the token is used, replaced or older than an hour; 403: it was taken back
		told.Message = "Your approval no longer holds, so nothing was ordered."
		v.approval = nil
	}
	writeJSON(w, http.StatusConflict, told)
}

// in is the address in the market of the cart, or nil.
func (a *address) in(m *market) *address {
	if a == nil || *a == (address{}) {
		return nil
	}
	copied := *a
	copied.Country = m.Country
	return &copied
}

// remember keeps what authorize gave, from the payment page to the review page.
func (s *shop) remember(w http.ResponseWriter, r *http.Request, v *visit) {
	var sent struct {
		AuthorizationToken string `json:"authorization_token"`
		FinalizeRequired   bool   `json:"finalize_required"`
		Category           string `json:"payment_method_category"`
	}
	if readJSON(w, r, &sent) {
		v.approve(sent.Category, sent.AuthorizationToken, sent.FinalizeRequired)
		w.WriteHeader(http.StatusNoContent)
	}
}

// callback takes the payment server's calls. They may come twice, before or
// after the page's own call, or when the customer's browser is long gone.
func (s *shop) callback(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		SessionID          string `json:"session_id"`
		AuthorizationToken string `json:"authorization_token"`
		OrderID            string `json:"order_id"`
		EventType          string `json:"event_type"`
	}
	v := s.visits.findCallback(r.URL.Query().Get("key"))
	if v == nil {
		http.NotFound(w, r)
		return
	}
	if !readJSON(w, r, &sent) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch name := r.PathValue("name"); {
	case name == "authorization" && sent.AuthorizationToken != "" && sent.SessionID == v.session.SessionID:
		// What the page brought is newer than a call that comes late.
		if v.approval == nil || v.approval.token == "" {
			v.approve("", sent.AuthorizationToken, false)
		}
	case name == "notification" && v.placed != nil && sent.OrderID == v.placed.OrderID:
		// FRAUD_RISK_ACCEPTED, FRAUD_RISK_REJECTED or FRAUD_RISK_STOPPED
		v.placed.FraudStatus = strings.TrimPrefix(sent.EventType, "FRAUD_RISK_")
	}
	w.WriteHeader(http.StatusOK) // a notification comes again until it is answered with 200
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		writeJSON(w, http.StatusBadRequest, problem{Message: "The request is not the JSON this shop expects."})
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
