package wire

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// customerReadFields leave out the personal numbers, which never come back
// (published schema of customer_read).
var customerReadFields = func() []checkout.TextField[checkout.Customer] {
	var fields []checkout.TextField[checkout.Customer]
	for _, f := range checkout.CustomerFields {
		if f.Name != "last_four_ssn" && f.Name != "national_identification_number" {
			fields = append(fields, f)
		}
	}
	return fields
}()

// AppendCreated writes the answer of create session, keys in recorded order.
func AppendCreated(dst []byte, s *checkout.Session) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("session_id", s.ID)
	w.text("client_token", s.ClientToken)
	w.categories(s.Content.Market().Categories())
	w.close('}')
	return w.buf
}

func (w *writer) categories(categories []market.Category) {
	w.key("payment_method_categories")
	w.open('[')
	for _, c := range categories {
		w.separate()
		w.open('{')
		w.text("identifier", c.Identifier)
		w.text("name", c.Name)
		w.key("asset_urls")
		w.open('{')
		w.text("descriptive", market.AssetURL)
		w.text("standard", market.AssetURL)
		w.close('}')
		w.close('}')
	}
	w.close(']')
}

// AppendSession writes the answer of read session: all that was sent, with the
// read-only properties, and what the customer added. Keys are in the order of
// the published schema, strings first.
func AppendSession(dst []byte, s *checkout.Session, now time.Time) []byte {
	w := writer{buf: dst}
	known := s.Known()
	w.open('{')
	writeTexts(&w, checkout.ContentTextFields, &s.Content)
	writeIntegers(&w, checkout.ContentIntegerFields, &s.Content)
	if token := s.LiveToken(now); token != "" {
		w.text("authorization_token", token)
	}
	w.text("client_token", s.ClientToken)
	w.timestamp("expires_at", s.ExpiresAt)
	w.contentObjects(&known, customerReadFields)
	w.categories(s.Content.Market().Categories())
	if s.Complete() {
		w.text("status", "complete")
	} else {
		w.text("status", "incomplete")
	}
	w.close('}')
	return w.buf
}

// AppendOrder writes the answer of place order, keys in recorded order. The
// two integers of the method are always there: one client fails without them.
// redirectURL is left out when empty, as documented.
func AppendOrder(dst []byte, o *checkout.Order, redirectURL string) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("order_id", o.ID)
	w.filled("redirect_url", redirectURL)
	w.text("fraud_status", o.PlacedStatus())
	w.key("authorized_payment_method")
	w.open('{')
	w.text("type", o.Method.Type)
	w.integer("number_of_days", int64(o.Method.NumberOfDays))
	w.integer("number_of_installments", int64(o.Method.NumberOfInstallments))
	w.close('}')
	w.close('}')
	return w.buf
}

// AppendCustomerToken writes the answer of create customer token. The address
// is what the session knows of the customer, not what the call sent (recorded).
func AppendCustomerToken(dst []byte, s *checkout.Session, redirectURL string) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("token_id", s.CustomerToken.ID)
	w.filled("redirect_url", redirectURL)
	content := s.Known()
	if s.Authorization != nil && s.Authorization.Content != nil {
		approved := *s
		approved.Content = *s.Authorization.Content
		content = approved.Known()
	}
	writeObject(&w, "billing_address", checkout.AddressFields, content.BillingAddress)
	if c := content.Customer; c != nil {
		w.key("customer")
		w.open('{')
		w.optional("date_of_birth", c.DateOfBirth)
		w.optional("gender", c.Gender)
		w.close('}')
	}
	w.close('}')
	return w.buf
}

// AppendClock writes the answer of the clock.
func AppendClock(dst []byte, now time.Time, advanced time.Duration) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.timestamp("now", now)
	w.text("advanced", advanced.String())
	w.close('}')
	return w.buf
}
