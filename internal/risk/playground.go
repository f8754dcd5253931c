package risk

import (
	"context"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Playground decides by the customer's test data, as the documentation of the
// original's playground lists it: a tag in the e-mail address, else a phone
// number, else approval. The address that a customer signs in with counts as
// well as the one that the shop sends.
type Playground struct{}

// Assess implements Assessor.
func (Playground) Assess(_ context.Context, in Input) checkout.Decision {
	if in.Call != CallLoad && in.Login != "" {
		if decision, ok := byTag(emailTag(in.Login), in.Content.EffectiveCountry()); ok {
			return decision
		}
		if reason, ok := deniedPhones[phoneDigits(in.Login)]; ok {
			return deny("test phone number: " + reason)
		}
	}
	address := in.Content.BillingAddress
	if address == nil {
		address = in.Content.ShippingAddress
	}
	if address == nil {
		return approve("no customer data was sent")
	}
	tag := emailTag(address.Email.Value)
	if in.Call == CallLoad {
		if tag == "red" {
			return deny("test e-mail +red")
		}
		return approve("load is not an assessment")
	}
	if decision, ok := byTag(tag, in.Content.EffectiveCountry()); ok {
		return decision
	}
	if reason, ok := deniedPhones[phoneDigits(address.Phone.Value)]; ok {
		return deny("test phone number: " + reason)
	}
	return approve("test data asks for nothing else")
}

// emailTag is what stands between the first + and the @, in lower case.
func emailTag(email string) string {
	local, _, ok := strings.Cut(email, "@")
	if !ok {
		return ""
	}
	_, tag, _ := strings.Cut(local, "+")
	return strings.ToLower(tag)
}

// byTag reads the tag of a test e-mail. denied+auth_... asks for one more
// authentication step, which a call without a browser passes.
func byTag(tag, country string) (checkout.Decision, bool) {
	switch {
	case strings.HasPrefix(tag, "denied+auth_"):
		return approve("test e-mail +" + tag + ": the extra step is passed"), true
	case tag == "denied" || strings.HasPrefix(tag, "denied+"):
		return deny("test e-mail +denied"), true
	case strings.HasPrefix(tag, "reject_reason_"):
		return deny("test e-mail: " + strings.TrimPrefix(tag, "reject_reason_")), true
	case tag == "pending":
		return refer("test e-mail +pending"), true
	case strings.HasPrefix(tag, "pend-accept") || strings.HasPrefix(tag, "pend-reject"):
		if country == "US" || country == "GB" {
			return refer("test e-mail +" + tag), true
		}
		return approve("+" + tag + " acts in the US and the UK only"), true
	}
	return checkout.Decision{}, false
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

func approve(reason string) checkout.Decision {
	return checkout.Decision{Outcome: checkout.OutcomeApprove, Reason: reason}
}

func deny(reason string) checkout.Decision {
	return checkout.Decision{Outcome: checkout.OutcomeDeny, Reason: reason}
}

func refer(reason string) checkout.Decision {
	return checkout.Decision{Outcome: checkout.OutcomeRefer, Reason: reason}
}
