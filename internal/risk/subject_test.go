package risk_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// addressed is an input with a billing and a shipping address of "property=value".
func addressed(billing, shipping []string, login, device, ip string) *risk.Input {
	of := func(said []string) *checkout.Address {
		if said == nil {
			return nil
		}
		address := &checkout.Address{}
		for _, one := range said {
			name, value, _ := strings.Cut(one, "=")
			for _, f := range checkout.AddressFields {
				if f.Name == name {
					*f.At(address) = checkout.TextOf(value)
				}
			}
		}
		return address
	}
	return &risk.Input{Login: login, DeviceID: device, IP: ip,
		Content: &checkout.Content{PurchaseCountry: checkout.TextOf("SE"), BillingAddress: of(billing), ShippingAddress: of(shipping)}}
}

// TestWhomAnInputIsRecognisedBy: what is the same person has the same text, and
// what tells nobody apart has none.
func TestWhomAnInputIsRecognisedBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   *risk.Input
		want string
	}{
		{"nothing", &risk.Input{}, ""},
		{"e-mail in lower case", addressed([]string{"email= Asa@Example.ORG "}, nil, "", "", ""), "email:asa@example.org"},
		{"a tag is another address", addressed([]string{"email=asa+shop@example.org"}, nil, "", "", ""), "email:asa+shop@example.org"},
		{"billing before shipping", addressed([]string{"email=a@b.se"}, []string{"email=c@d.se"}, "e@f.se", "", ""), "email:a@b.se"},
		{"shipping before login", addressed([]string{"email= "}, []string{"email=c@d.se"}, "e@f.se", "", ""), "email:c@d.se"},
		{"login", addressed(nil, nil, "e@f.se", "", ""), "email:e@f.se"},
		{"login with a number", addressed(nil, nil, "+46 70 123 45 67", "", ""), "phone:46701234567"},
		{"no e-mail address", addressed([]string{"email=@b.se"}, nil, "", "", ""), ""},
		{"phone", addressed([]string{"phone=+46 (70) 123-45 67"}, nil, "", "", ""), "phone:46701234567"},
		{"phone with 00", addressed([]string{"phone=0046701234567"}, nil, "", "", ""), "phone:46701234567"},
		{"phone of zeros", addressed([]string{"phone=0000000000"}, nil, "", "", ""), ""},
		{"phone of ones", addressed([]string{"phone=11111111"}, nil, "", "", ""), ""},
		{"short phone", addressed([]string{"phone=12345"}, nil, "", "", ""), ""},
		{"address", addressed([]string{"street_address=Kungsgatan 1,", "street_address2=lgh 1101", "postal_code=111 43", "city=Åre", "country=SE"}, nil, "", "", ""),
			"address:se|11143|kungsgatan1lgh1101|åre"},
		{"address, written otherwise", addressed([]string{"street_address=KUNGSGATAN 1", "street_address2=Lgh. 1101", "postal_code=11143", "city= åre"}, nil, "", "", ""),
			"address:se|11143|kungsgatan1lgh1101|åre"},
		{"address without street", addressed([]string{"postal_code=111 43", "city=Åre"}, nil, "", "", ""), ""},
		{"street alone", addressed([]string{"street_address=Kungsgatan 1"}, nil, "", "", ""), ""},
		{"shipping address", addressed([]string{"city=Åre"}, []string{"street_address=A 1", "city=B", "country=NO"}, "", "", ""), "address:no||a1|b"},
		{"device and ip", addressed(nil, nil, "", " d-1 ", "8.8.8.8"), "device:d-1 ip:8.8.8.8"},
		{"mapped", addressed(nil, nil, "", "", "::ffff:8.8.8.8"), "ip:8.8.8.8"},
		{"a network of IPv6", addressed(nil, nil, "", "", "2001:db8:1:2:3:4:5:6"), "ip:2001:db8:1:2::/64"},
		{"this machine", addressed(nil, nil, "", "", "127.0.0.1"), ""},
		{"a private address", addressed(nil, nil, "", "", "10.1.2.3"), ""},
		{"a private network", addressed(nil, nil, "", "", "fd00::1"), ""},
		{"no ip", addressed(nil, nil, "", "", "unknown"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, subject := range risk.Subjects(c.in) {
				if !strings.HasPrefix(subject.Text, string(subject.Kind)+":") {
					t.Errorf("%+v is not told apart from other kinds", subject)
				}
				got = append(got, subject.Text)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("subjects %q, want %q", got, c.want)
			}
		})
	}
}
