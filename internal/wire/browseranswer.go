package wire

import (
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// Page is what a page is told in every answer about the payment.
type Page struct {
	Call         string // authorize
	Playground   bool
	MerchantName string
	Revision     int64
	Notes        []string // for the developer's console
}

// AppendBrowserResult writes what the SDK hands to its callback. There is no
// authorization_token key unless approved: a shop tests for the key. load has
// show_form alone.
func AppendBrowserResult(dst []byte, call string, r checkout.BrowserResult) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.boolean("show_form", r.ShowForm)
	if call != "load" {
		w.boolean("approved", r.Approved)
		w.filled("authorization_token", r.AuthorizationToken)
		w.boolean("finalize_required", r.FinalizeRequired)
		writeObject(&w, "collected_shipping_address", checkout.AddressFields, r.CollectedShippingAddress)
	}
	if len(r.InvalidFields) > 0 {
		w.key("error")
		w.open('{')
		w.texts("invalid_fields", r.InvalidFields)
		w.close('}')
	}
	w.close('}')
	return w.buf
}

// AppendBrowserAnswer writes the answer of a call of the browser's API: a
// question, or the result with, for load, what the widget shows.
func AppendBrowserAnswer(dst []byte, page Page, r checkout.BrowserResult, widget *Widget) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.integer("revision", page.Revision)
	w.texts("notes", page.Notes)
	if r.Ask != nil {
		w.ask(page, r.Ask)
		w.close('}')
		return w.buf
	}
	w.key("result")
	w.buf = AppendBrowserResult(w.buf, page.Call, r)
	if len(r.InvalidFields) > 0 {
		w.violations(r.Violations)
	}
	if widget != nil {
		w.widget(page, widget)
	}
	w.close('}')
	return w.buf
}

func (w *writer) ask(page Page, a *checkout.Ask) {
	w.key("ask")
	w.open('{')
	w.text("step", string(a.Step))
	w.text("call", page.Call)
	w.payment(page, &a.Content)
	writeList(w, "order_lines", a.Content.OrderLines, func(l *checkout.Line) {
		w.open('{')
		w.text("name", l.Name.Value)
		w.integer("quantity", l.Quantity.Value)
		w.integer("total_amount", l.TotalAmount.Value)
		w.close('}')
	})
	w.options(&a.Content)
	w.problems(a.Problems)
	switch a.Step {
	case checkout.StepIdentify, checkout.StepCode:
		w.text("login", a.Login)
	case checkout.StepDetails:
		w.fields(a.Fields)
	case checkout.StepMethod, checkout.StepConfirm:
		w.methods(a.Methods)
		w.text("preferred", a.Preferred)
	}
	w.terms("terms", a.Terms)
	w.terms("agreed", a.Agreed)
	w.close('}')
}

// payment is what flow and widget both show.
func (w *writer) payment(page Page, c *checkout.Content) {
	w.text("language", c.Market().Language(c.Locale.Value))
	w.text("locale", c.Locale.Value)
	w.boolean("playground", page.Playground)
	w.text("merchant_name", page.MerchantName)
	w.integer("order_amount", c.OrderAmount.Value)
	w.text("purchase_currency", c.PurchaseCurrency.Value)
	w.text("intent", c.Intent.Value)
}

func (w *writer) options(c *checkout.Content) {
	options := c.Options
	if options == nil {
		options = &checkout.Options{}
	}
	writeObject(w, "options", checkout.OptionFields, options)
}

func (w *writer) problems(problems []checkout.Problem) {
	writeList(w, "problems", problems, func(problem *checkout.Problem) {
		w.open('{')
		w.text("path", problem.Path)
		w.text("reason", string(problem.Reason))
		w.close('}')
	})
}

func (w *writer) fields(fields []checkout.Field) {
	writeList(w, "fields", fields, func(field *checkout.Field) {
		w.open('{')
		w.text("path", field.Path)
		// A personal number is not sent back: nobody reads it off a screen.
		if field.Type != market.DetailNationalID {
			w.text("value", field.Value)
		} else {
			w.text("value", "")
		}
		w.text("type", string(field.Type))
		w.close('}')
	})
}

func (w *writer) methods(offers []checkout.Offer) {
	writeList(w, "methods", offers, func(offer *checkout.Offer) {
		w.open('{')
		w.text("payment_method_category", offer.Category)
		w.text("name", offer.Name)
		w.integer("number_of_days", int64(offer.Days))
		w.integer("number_of_installments", int64(offer.Installments))
		w.close('}')
	})
}

// terms writes nothing for nil.
func (w *writer) terms(name string, t *checkout.Terms) {
	if t == nil {
		return
	}
	w.key(name)
	w.open('{')
	w.text("payment_method_category", t.Category)
	w.integer("order_amount", t.OrderAmount)
	w.text("purchase_currency", t.Currency)
	w.integer("number_of_days", int64(t.Days))
	w.integer("number_of_installments", int64(t.Installments))
	w.close('}')
}

// Widget is what a widget shows.
type Widget struct {
	Content   checkout.Content
	Available bool // false is a payment that cannot be offered
	Methods   []checkout.Offer
}

func (w *writer) widget(page Page, view *Widget) {
	w.key("widget")
	w.open('{')
	w.payment(page, &view.Content)
	w.boolean("available", view.Available)
	w.methods(view.Methods)
	w.options(&view.Content)
	w.close('}')
}
