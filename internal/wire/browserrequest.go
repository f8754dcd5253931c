package wire

import (
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// BrowserRequest is the decoded body of load, authorize, reauthorize and
// finalize.
type BrowserRequest struct {
	Request                // the data argument
	Category               checkout.Text
	Categories             []string
	Preferred              checkout.Text
	AutoFinalize           checkout.Boolean
	CollectShippingAddress checkout.Boolean
	// Own are wrong types of the call's own properties, the caller's mistake;
	// Problems are those of its data, told to the shop as invalid fields.
	Own []checkout.Violation

	// Outcome, Invalid, the paths of the outcome invalid_fields, and AfterMinutes, of
	// a later outcome, are read from Kvitto's own interface only.
	Outcome      checkout.Text
	Invalid      []string
	AfterMinutes checkout.Integer

	// The rest is read from the browser's API only.
	CallID        checkout.Text
	DeviceID      checkout.Text
	Interaction   checkout.Text
	ShownRevision checkout.Integer
	Answers       checkout.Answers
	Answered      bool // there were answers
}

// DecodeBrowserRequest reads the body of a call of Kvitto's own interface.
// Problems of the data argument have paths relative to data, as the SDK reports
// them; a problem of the other properties is the caller's mistake and has its
// own path.
func DecodeBrowserRequest(body []byte) (BrowserRequest, error) {
	return decodeBrowser(body, func(d *decoder, name string, r *BrowserRequest) {
		switch name {
		case "outcome":
			d.readText(&r.Outcome, false)
		case "invalid_fields":
			d.readTexts(&r.Invalid)
		case "after_minutes":
			d.readInteger(&r.AfterMinutes)
		default:
			r.property(d, name)
		}
	})
}

// DecodePageRequest reads the body of a call of the browser's API. What a page
// may not say, the outcome, is an unknown property there.
func DecodePageRequest(body []byte) (BrowserRequest, error) {
	return decodeBrowser(body, func(d *decoder, name string, r *BrowserRequest) {
		switch name {
		case "interaction":
			d.readText(&r.Interaction, false)
		case "call_id":
			d.readText(&r.CallID, false)
		case "device_id":
			d.readText(&r.DeviceID, false)
		case "shown_revision":
			d.readInteger(&r.ShownRevision)
		case "answers":
			if d.next(kindObject, "object") {
				r.Answered = true
				d.properties(func(name string) { readAnswer(d, name, &r.Answers) })
			}
		default:
			r.property(d, name)
		}
	})
}

func decodeBrowser(body []byte, property func(*decoder, string, *BrowserRequest)) (BrowserRequest, error) {
	var r BrowserRequest
	if strings.Trim(string(body), " \t\r\n") == "" { // white space of JSON only
		return r, nil
	}
	d := newDecoder(body)
	defer d.release()
	err := d.document(func(name string) { property(d, name, &r) })
	for _, problem := range d.problems {
		path, ofData := strings.CutPrefix(problem.Path, "data.")
		if !ofData {
			r.Own = append(r.Own, problem)
			continue
		}
		problem.Path, problem.Stage = path, stageOfPath(path)
		r.Problems = append(r.Problems, problem)
	}
	for i := range d.notes {
		d.notes[i].Path = strings.TrimPrefix(d.notes[i].Path, "data.")
	}
	r.Notes = d.notes
	return r, err
}

// property reads what both interfaces have.
func (r *BrowserRequest) property(d *decoder, name string) {
	switch name {
	case "payment_method_category":
		d.readText(&r.Category, false)
	case "payment_method_categories":
		d.readCategories(&r.Categories)
	case "preferred_payment_method":
		d.readText(&r.Preferred, false)
	case "auto_finalize":
		d.readFlag(&r.AutoFinalize)
	case "collect_shipping_address":
		d.readFlag(&r.CollectShippingAddress)
	case "data":
		if d.next(kindObject, "object") {
			d.properties(func(name string) { contentShape.property(d, name, &r.Content) })
		}
	default:
		d.value()
	}
}

// readFlag reads a boolean, also as the text the SDK takes for one.
func (d *decoder) readFlag(into *checkout.Boolean) {
	if d.peek() != kindString {
		d.readBoolean(into)
		return
	}
	switch text := d.text(); text {
	case "true", "false":
		*into = checkout.BooleanOf(text == "true")
	default:
		path := d.pathString()
		d.problems = append(d.problems, checkout.Violation{Path: path, Rule: checkout.RuleType, Stage: stageOfPath(path),
			Sent: clip(text), Expected: "boolean", Hint: "the value has another JSON type"})
	}
}

// readCategories reads category names: a list of them, of the category objects
// of a session, or one name.
func (d *decoder) readCategories(into *[]string) {
	if d.peek() == kindString {
		*into = []string{d.keep(d.text())}
		return
	}
	if !d.next(kindList, "array of strings") {
		return
	}
	d.elements(func(int) {
		switch d.peek() {
		case kindString:
			*into = append(*into, d.keep(d.text()))
		case kindObject:
			var identifier checkout.Text
			d.properties(func(name string) {
				if name == "identifier" {
					d.readText(&identifier, false)
					return
				}
				d.value()
			})
			if identifier.Value != "" {
				*into = append(*into, identifier.Value)
			}
		default:
			d.wrongType("string")
		}
	})
}

func readAnswer(d *decoder, name string, a *checkout.Answers) {
	switch name {
	case "login":
		d.readText(&a.Login, true)
	case "code":
		d.readText(&a.Code, true)
	case "details":
		if d.next(kindObject, "object") {
			a.Details = new(checkout.Content)
			d.properties(func(name string) { contentShape.property(d, name, a.Details) })
		}
	case "payment_method_category":
		d.readText(&a.Category, false)
	case "consent":
		if d.next(kindObject, "object") {
			a.Consent = d.readTerms()
		}
	case "cancelled":
		var cancelled checkout.Boolean
		d.readBoolean(&cancelled)
		a.Cancelled = cancelled.Value
	default:
		d.value()
	}
}

// readTerms reads the terms that were shown.
func (d *decoder) readTerms() *checkout.Terms {
	var category, currency checkout.Text
	var amount, days, installments checkout.Integer
	d.properties(func(name string) {
		switch name {
		case "payment_method_category":
			d.readText(&category, false)
		case "order_amount":
			d.readInteger(&amount)
		case "purchase_currency":
			d.readText(&currency, false)
		case "number_of_days":
			d.readInteger(&days)
		case "number_of_installments":
			d.readInteger(&installments)
		default:
			d.value()
		}
	})
	return &checkout.Terms{Category: category.Value, OrderAmount: amount.Value, Currency: currency.Value,
		Days: int(days.Value), Installments: int(installments.Value)}
}
