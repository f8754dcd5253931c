package risk

import (
	"net/netip"
	"strings"
	"unicode"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Subject is somebody, or something, that an input can be recognised by.
type Subject struct {
	Kind SubjectKind
	// Text is the same for everything that is taken to be the same, and begins
	// with the kind. It is personal data: keep a keyed hash of it.
	Text string
}

// Subjects are those of an input, in the order of SubjectKinds. A kind of which
// nothing is stated, or nothing that tells people apart, is missing.
func Subjects(in *Input) []Subject {
	found := make([]Subject, 0, len(SubjectKinds))
	add := func(kind SubjectKind, text string) {
		if text != "" {
			found = append(found, Subject{kind, string(kind) + ":" + text})
		}
	}
	add(SubjectEmail, emailOf(in))
	add(SubjectPhone, phoneOf(in))
	add(SubjectAddress, addressOf(in))
	add(SubjectDevice, strings.TrimSpace(in.DeviceID))
	add(SubjectIP, ipOf(in.IP))
	return found
}

// emailOf is the address of the billing address, else of the shipping address,
// else what the customer signed in with, in lower case. A tag (name+tag@) stays:
// most hosts deliver it to the same person and others do not, and who is another
// person must not inherit a past. What is no address is nothing.
func emailOf(in *Input) string {
	stated := firstStated(in, func(a *checkout.Address) *checkout.Text { return &a.Email })
	if stated == "" {
		stated = in.Login
	}
	email := strings.ToLower(strings.TrimSpace(stated))
	if at := strings.LastIndexByte(email, '@'); at <= 0 || at == len(email)-1 {
		return ""
	}
	return email
}

// phoneDigitsMin: shorter numbers, and those of one digit alone, are what is
// typed where a number is required. All who do so must not be one subject.
const phoneDigitsMin = 6

// phoneOf is the digits of the phone number, found as an e-mail address is; the
// 00 of an international number is left out, as + is.
func phoneOf(in *Input) string {
	stated := firstStated(in, func(a *checkout.Address) *checkout.Text { return &a.Phone })
	if stated == "" && !strings.Contains(in.Login, "@") {
		stated = in.Login
	}
	digits := strings.TrimPrefix(phoneDigits(stated), "00")
	if len(digits) < phoneDigitsMin || strings.Count(digits, digits[:1]) == len(digits) {
		return ""
	}
	return digits
}

// firstStated is the property of the billing address, or of the shipping address
// where the first does not state it.
func firstStated(in *Input, at func(*checkout.Address) *checkout.Text) string {
	if in.Content == nil {
		return ""
	}
	for _, address := range []*checkout.Address{in.Content.BillingAddress, in.Content.ShippingAddress} {
		if address != nil && strings.TrimSpace(at(address).Value) != "" {
			return at(address).Value
		}
	}
	return ""
}

// addressOf is country, postal code, street and city of the billing address, or
// of the shipping address where the first has no street, without case, blanks and
// punctuation. A street and one of postal code and city are the least that tells
// addresses apart.
func addressOf(in *Input) string {
	if in.Content == nil {
		return ""
	}
	for _, address := range []*checkout.Address{in.Content.BillingAddress, in.Content.ShippingAddress} {
		if address == nil {
			continue
		}
		street := letters(address.StreetAddress.Value + address.StreetAddress2.Value)
		postal, city := letters(address.PostalCode.Value), letters(address.City.Value)
		if street == "" || postal == "" && city == "" {
			continue
		}
		country := address.Country.Value
		if country == "" {
			country = in.Content.PurchaseCountry.Value
		}
		return strings.Join([]string{letters(country), postal, street, city}, "|")
	}
	return ""
}

// letters keeps letters with their marks and digits, in lower case.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// networkBits of an IPv6 address are the household's; it chooses the others, and
// changes them.
const networkBits = 64

// ipOf is the address in its one form, of IPv6 the network. An address that is
// not of the public Internet tells nobody apart: behind a proxy that is not
// trusted all customers have it.
func ipOf(text string) string {
	address, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return ""
	}
	if address.Is4() {
		return address.String()
	}
	return netip.PrefixFrom(address, networkBits).Masked().String()
}
