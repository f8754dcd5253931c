package wire

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
)

// writer appends compact JSON. It exists because the write path may not spend
// on reflection; it knows commas and quotes, nothing else.
type writer struct {
	buf   []byte
	comma bool
}

func (w *writer) separate() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

func (w *writer) key(name string) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

func (w *writer) open(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = false
}

func (w *writer) close(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = true
}

// quote appends a JSON string. Invalid UTF-8 cannot get here from a decoded
// body; should it come from elsewhere it is replaced, not refused.
func (w *writer) quote(s string) {
	for i := 0; i < len(s); i++ {
		if !plain[s[i]] {
			w.buf, _ = jsontext.AppendQuote(w.buf, s)
			return
		}
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, '"')
}

// writeList writes a list under a name; write appends one item.
func writeList[T any](w *writer, name string, list []T, write func(*T)) {
	w.key(name)
	w.open('[')
	for i := range list {
		w.separate()
		write(&list[i])
	}
	w.close(']')
}

// filled leaves an empty text out.
func (w *writer) filled(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

// milliseconds writes a duration with three decimals.
func (w *writer) milliseconds(name string, d time.Duration) {
	w.key(name)
	w.buf = strconv.AppendFloat(w.buf, float64(d.Microseconds())/1000, 'f', 3, 64)
}

func (w *writer) text(name, value string) {
	w.key(name)
	w.quote(value)
}

func (w *writer) optional(name string, t checkout.Text) {
	if t.Set {
		w.text(name, t.Value)
	}
}

func (w *writer) integer(name string, n int64) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *writer) optionalInteger(name string, n checkout.Integer) {
	if n.Set {
		w.integer(name, n.Value)
	}
}

func (w *writer) boolean(name string, b bool) {
	w.key(name)
	w.buf = strconv.AppendBool(w.buf, b)
}

func (w *writer) texts(name string, list []string) {
	w.key(name)
	w.open('[')
	for _, s := range list {
		w.separate()
		w.quote(s)
	}
	w.close(']')
}

// timestamp is ISO 8601 in UTC with milliseconds.
func (w *writer) timestamp(name string, t time.Time) {
	w.key(name)
	w.buf = append(w.buf, '"')
	w.buf = t.UTC().AppendFormat(w.buf, "2006-01-02T15:04:05.000Z")
	w.buf = append(w.buf, '"')
}

func writeTexts[T any](w *writer, fields []checkout.TextField[T], object *T) {
	for i := range fields {
		w.optional(fields[i].Name, *fields[i].At(object))
	}
}

func writeIntegers[T any](w *writer, fields []checkout.IntegerField[T], object *T) {
	for i := range fields {
		w.optionalInteger(fields[i].Name, *fields[i].At(object))
	}
}

func writeObject[T any](w *writer, name string, fields []checkout.TextField[T], object *T) {
	if object == nil {
		return
	}
	w.key(name)
	w.open('{')
	writeTexts(w, fields, object)
	w.close('}')
}

// AppendContent writes every present property of a content, compact.
// DecodeContent reads it back to an equal content.
func AppendContent(dst []byte, c *checkout.Content) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeTexts(&w, checkout.ContentTextFields, c)
	writeIntegers(&w, checkout.ContentIntegerFields, c)
	if c.AutoCapture.Set {
		w.boolean("auto_capture", c.AutoCapture.Value)
	}
	w.contentObjects(c, checkout.CustomerFields)
	w.close('}')
	return w.buf
}

// contentObjects writes what is not a string or a number at the top.
func (w *writer) contentObjects(c *checkout.Content, customerFields []checkout.TextField[checkout.Customer]) {
	writeObject(w, "attachment", checkout.AttachmentFields, c.Attachment)
	writeObject(w, "billing_address", checkout.AddressFields, c.BillingAddress)
	if c.CustomPaymentMethodIDs != nil {
		w.texts("custom_payment_method_ids", c.CustomPaymentMethodIDs)
	}
	writeObject(w, "customer", customerFields, c.Customer)
	writeObject(w, "merchant_urls", checkout.MerchantURLFields, c.MerchantURLs)
	writeObject(w, "options", checkout.OptionFields, c.Options)
	if c.OrderLines != nil {
		w.key("order_lines")
		w.open('[')
		for i := range c.OrderLines {
			w.separate()
			w.line(&c.OrderLines[i])
		}
		w.close(']')
	}
	writeObject(w, "shipping_address", checkout.AddressFields, c.ShippingAddress)
}

func (w *writer) line(l *checkout.Line) {
	w.open('{')
	writeTexts(w, checkout.LineTextFields, l)
	writeIntegers(w, checkout.LineIntegerFields, l)
	writeObject(w, "product_identifiers", checkout.ProductIdentifierFields, l.ProductIdentifiers)
	if s := l.Subscription; s != nil {
		w.key("subscription")
		w.open('{')
		writeTexts(w, checkout.SubscriptionTextFields, s)
		writeIntegers(w, checkout.SubscriptionIntegerFields, s)
		w.close('}')
	}
	w.close('}')
}
