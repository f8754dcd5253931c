package checkout

import "time"

// CreateCustomerToken is the command to make a token for later charges.
type CreateCustomerToken struct {
	Token       string  // authorization token
	Description Text    // 1 to 255 characters
	IntendedUse Text    // SUBSCRIPTION, in any letter case (recorded)
	Request     Content // purchase_country, purchase_currency, billing_address, customer
	ID          string  // of the new customer token
	Now         time.Time
}

// ValidateCustomerToken checks the body by itself. Only description and
// intended_use are required: a recorded {} named these two, and documented
// samples leave the currency out.
func ValidateCustomerToken(cmd *CreateCustomerToken, problems []Violation) *Refusal {
	v := validation{content: &cmd.Request, violations: append([]Violation(nil), problems...), blamed: map[string]bool{}}
	for i := range v.violations {
		v.violations[i].Stage = StageFields
		v.blamed[problems[i].Path] = true
	}
	if !cmd.Description.Set {
		v.required(StageFields, "description", "1 to 255 characters")
	}
	v.text("", "description", cmd.Description, 1, 255, FormatNone)
	switch {
	case cmd.IntendedUse.Value == "":
		v.required(StageFields, "intended_use", "SUBSCRIPTION")
	case !equalFold(cmd.IntendedUse.Value, "SUBSCRIPTION"):
		v.add(Violation{Path: "intended_use", Rule: RuleFormat, Stage: StageFields, Sent: cmd.IntendedUse.Value, Expected: "SUBSCRIPTION"})
	}
	v.text("", "locale", cmd.Request.Locale, 0, 255, FormatLocale)
	v.text("", "purchase_country", cmd.Request.PurchaseCountry, 0, 255, FormatCountry)
	v.text("", "purchase_currency", cmd.Request.PurchaseCurrency, 0, 255, FormatCurrency)
	checkTexts(&v, "billing_address", AddressFields, cmd.Request.BillingAddress)
	checkTexts(&v, "customer", CustomerFields, cmd.Request.Customer)
	if len(v.violations) > 0 {
		return refuseValues(v.violations)
	}
	return nil
}

// CreateCustomerToken makes the token once; the same authorization gives the
// same customer token again (recorded). It leaves the authorization alive: a
// buy_and_tokenize session still places its order.
func (s Session) CreateCustomerToken(cmd CreateCustomerToken) (next Session, event Event, replayed bool, refusal *Refusal) {
	if s.CustomerToken != nil && s.CustomerToken.AuthorizationToken == cmd.Token {
		return s, Event{}, true, nil
	}
	authorization, refusal := s.tokenizable(cmd.Token, cmd.Now)
	if refusal != nil {
		return s, Event{}, false, refusal
	}
	request := Content{}.Merge(cmd.Request)
	if violation := tokenCountry(authorization.Content, &request); violation != nil {
		return s, Event{}, false, refuseValues([]Violation{*violation})
	}
	if c := request.PurchaseCurrency.Value; c != "" && c != authorization.Content.PurchaseCurrency.Value {
		return s, Event{}, false, &Refusal{Kind: KindNotMatching, Reason: "the currency is not the session's", Violations: []Violation{{
			Path: "purchase_currency", Rule: RuleMatch, Stage: StageMatch, Sent: c, Expected: authorization.Content.PurchaseCurrency.Value}}}
	}
	if _, ok := NextAuthorizationState(authorization.State, EventCustomerTokenCreated); !ok {
		return s, Event{}, false, refuse(KindTokenConsumed, "the authorization is "+string(authorization.State))
	}
	s.CustomerToken = &CustomerToken{ID: cmd.ID, AuthorizationToken: cmd.Token, CreatedAt: cmd.Now, Description: cmd.Description.Value}
	s.Revision++
	s.UpdatedAt = cmd.Now
	return s, Event{Kind: EventCustomerTokenCreated, At: cmd.Now, AuthorizationToken: cmd.Token}, false, nil
}

// tokenizable is usable for sessions that may be tokenized.
func (s *Session) tokenizable(token string, now time.Time) (*Authorization, *Refusal) {
	if s.Order != nil && s.Order.AuthorizationToken == token {
		return nil, refuse(KindTokenConsumed, "order "+s.Order.ID+" was placed with this authorization")
	}
	authorization, refusal := s.usable(token, now)
	if refusal != nil {
		return nil, refusal
	}
	if authorization.Content.intent() == IntentBuy {
		return nil, refuse(KindTokenizeNotAllowed, "the intent that was authorized is buy; create it with tokenize or buy_and_tokenize")
	}
	return authorization, nil
}

// tokenCountry: a billing country other than the session's is a bad purchase
// country (documented). Other differences of the address are not compared: a
// recorded call with another name and street got 200.
func tokenCountry(authorized, request *Content) *Violation {
	sent := request.EffectiveCountry()
	if sent == "" || sent == authorized.EffectiveCountry() {
		return nil
	}
	overridden := request.BillingAddress != nil && request.BillingAddress.Country.Value != ""
	if !overridden && sent == authorized.PurchaseCountry.Value {
		return nil
	}
	return &Violation{Path: "purchase_country", Rule: RuleTokenCountry, Stage: StageFields,
		Sent: sent, Expected: authorized.EffectiveCountry(), Hint: "a customer token is for the session's country"}
}
