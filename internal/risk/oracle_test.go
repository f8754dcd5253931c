package risk_test

import (
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// published is what the documentation of test data says, as a program that
// shares nothing with the rule file.
func published(in risk.Input) checkout.Outcome {
	address := in.Content.BillingAddress
	if address == nil {
		address = in.Content.ShippingAddress
	}
	if address == nil {
		address = &checkout.Address{}
	}
	if in.Call == risk.CallLoad {
		if tagOf(address.Email.Value) == "red" {
			return checkout.OutcomeDeny
		}
		return checkout.OutcomeApprove
	}
	for _, said := range [][2]string{{in.Login, in.Login}, {address.Email.Value, address.Phone.Value}} {
		if outcome := byTag(tagOf(said[0]), in.Content.EffectiveCountry()); outcome != "" {
			return outcome
		}
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, said[1])
		for _, denied := range deniedPhones {
			if digits == denied {
				return checkout.OutcomeDeny
			}
		}
	}
	return checkout.OutcomeApprove
}

func tagOf(email string) string {
	local, _, ok := strings.Cut(email, "@")
	if !ok {
		return ""
	}
	_, tag, _ := strings.Cut(local, "+")
	return strings.ToLower(tag)
}

func byTag(tag, country string) checkout.Outcome {
	switch {
	case strings.HasPrefix(tag, "denied+auth_"):
		return checkout.OutcomeApprove
	case tag == "denied", strings.HasPrefix(tag, "denied+"), strings.HasPrefix(tag, "reject_reason_"):
		return checkout.OutcomeDeny
	case tag == "pending":
		return checkout.OutcomeRefer
	case strings.HasPrefix(tag, "pend-accept"), strings.HasPrefix(tag, "pend-reject"):
		if country == "US" || country == "GB" {
			return checkout.OutcomeRefer
		}
		return checkout.OutcomeApprove
	}
	return ""
}

// deniedPhones are the published numbers that end in a denial.
var deniedPhones = []string{
	"4306762600745", "61473763254", "32485212123", "15197308624", "41758680001", "420771623691",
	"49017610927312", "4552555348", "34682425101", "358401234568", "33687984322", "447355505530",
	"306945553625", "36705553575", "353855351401", "393312232389", "525593747740", "31632167678",
	"4740123457", "642993007712", "48795223325", "351915593837", "40707127444", "46701740620",
	"421905123457", "13106354386", "13105558636", "13105558637", "13105558638", "13105558639",
	"13105558640", "13105558641", "13105558642", "13105558643", "13105558644", "13105558645",
	"13105558646", "13105558647",
}
