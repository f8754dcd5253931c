package risk

import (
	"math"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// contact is an e-mail address and a phone number, what they are made of, and
// whose they are.
type contact struct {
	email, local, tag, domain string
	phone, digits             string
	name                      string // in lower case
}

// contactOf takes them apart. Local part, tag and domain are in lower case.
func contactOf(email, phone string) *contact {
	c := &contact{email: email, phone: phone, digits: phoneDigits(phone)}
	local, _, ok := strings.Cut(email, "@")
	if !ok {
		return c
	}
	local, tag, _ := strings.Cut(local, "+")
	c.local, c.tag = strings.ToLower(local), strings.ToLower(tag)
	c.domain = strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
	return c
}

// stated is the contact of the billing address, or of the shipping address
// where there is no billing address.
func stated(content *checkout.Content) *contact {
	address := content.BillingAddress
	if address == nil {
		address = content.ShippingAddress
	}
	if address == nil {
		return &contact{}
	}
	c := contactOf(address.Email.Value, address.Phone.Value)
	given, family := strings.TrimSpace(address.GivenName.Value), strings.TrimSpace(address.FamilyName.Value)
	c.name = strings.ToLower(strings.TrimSpace(given + " " + family))
	return c
}

// tagNumberDigits are as many as a number has room for.
const tagNumberDigits = 18

// tagNumber is the number that the tag ends with, 0 without; one too long is the
// largest.
func (c *contact) tagNumber() int64 {
	digits := strings.TrimLeft(c.tag[len(strings.TrimRight(c.tag, "0123456789")):], "0")
	if len(digits) > tagNumberDigits {
		return math.MaxInt64
	}
	number := int64(0)
	for _, digit := range []byte(digits) {
		number = number*10 + int64(digit-'0')
	}
	return number
}

// phoneDigits keeps the digits of a phone number.
func phoneDigits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// addresses are what the billing and the shipping address say.
type addresses struct{ billing, shipping *checkout.Address }

// differ tells whether both addresses state the property and not the same: case
// and blanks around it do not count.
func (a addresses) differ(at func(*checkout.Address) *checkout.Text) bool {
	if a.billing == nil || a.shipping == nil {
		return false
	}
	billing, shipping := strings.TrimSpace(at(a.billing).Value), strings.TrimSpace(at(a.shipping).Value)
	return billing != "" && shipping != "" && !strings.EqualFold(billing, shipping)
}

// cart are sums over the order lines; a sum too large is the largest number.
type cart struct{ lines, quantity, largestQuantity, largestTotal, discount int64 }

func cartOf(lines []checkout.Line) *cart {
	c := &cart{lines: int64(len(lines))}
	for i := range lines {
		line := &lines[i]
		c.quantity = saturated(c.quantity, line.Quantity.Value)
		c.discount = saturated(c.discount, line.TotalDiscountAmount.Value)
		c.largestQuantity = max(c.largestQuantity, line.Quantity.Value)
		c.largestTotal = max(c.largestTotal, line.TotalAmount.Value)
	}
	return c
}

func saturated(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// minutesOf a session are whole, 0 when it is not known when it was made.
func minutesOf(in *Input) int64 {
	if in.CreatedAt.IsZero() {
		return 0
	}
	return int64(max(in.Now.Sub(in.CreatedAt), 0) / time.Minute)
}

// ageOf is in whole years at the time, 0 when there is no date of birth.
func ageOf(customer *checkout.Customer, now time.Time) int64 {
	if customer == nil {
		return 0
	}
	born, err := time.Parse(time.DateOnly, customer.DateOfBirth.Value)
	if err != nil {
		return 0
	}
	now = now.UTC()
	age := now.Year() - born.Year()
	if now.Month() < born.Month() || now.Month() == born.Month() && now.Day() < born.Day() {
		age--
	}
	return int64(max(age, 0))
}

// weekdayOf counts from Monday, 1, to Sunday, 7.
func weekdayOf(now time.Time) int64 { return int64((now.UTC().Weekday()+6)%7) + 1 }
