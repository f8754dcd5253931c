package checkout

import (
	"strings"

	"github.com/kvitto/kvitto/internal/market"
)

// conversation is one walk through the table.
type conversation struct {
	session   *Session // before the call
	known     Content  // with the call's data, and what the customer added
	collected *Content // what the customer added, in this and earlier calls
	call      *Browser
	category  string // that was chosen
}

// next is the question that comes next, nil when nothing is missing.
func (c *conversation) next() *Ask {
	for _, s := range steps {
		if ask := s.ask(c); ask != nil {
			ask.Step, ask.Content = s.step, c.known
			return ask
		}
	}
	return nil
}

// identified tells whether nobody has to be identified: nobody can be, or it
// was done for an earlier approval of this session.
func (c *conversation) identified() bool {
	a := c.session.Authorization
	return c.call.Flow.CheckCode == nil ||
		a != nil && (a.State != AuthorizationDenied || a.Token != "")
}

func (c *conversation) login() string {
	answered := c.call.Flow.Answers.Login
	if answered.Set {
		return strings.TrimSpace(answered.Value)
	}
	if email := personValue(&c.known, "billing_address.email"); email != "" {
		return email
	}
	return personValue(&c.known, "billing_address.phone")
}

func (c *conversation) identify() *Ask {
	if c.identified() {
		return nil
	}
	login := c.login()
	switch {
	case !c.call.Flow.Answers.Login.Set:
		return &Ask{Login: login}
	case login == "":
		return &Ask{Problems: []Problem{{"login", ReasonRequired}}}
	case len(login) > loginMax || !plausibleEmail(login) && !plausiblePhone(login):
		return &Ask{Login: login, Problems: []Problem{{"login", ReasonInvalid}}}
	}
	return nil
}

// loginMax is the length of an e-mail address in the protocol, in bytes.
const loginMax = 99

// codeLength is the number of digits of a one-time code.
const codeLength = 6

func (c *conversation) code() *Ask {
	if c.identified() {
		return nil
	}
	login, code := c.login(), c.call.Flow.Answers.Code
	problem := func(reason Reason) *Ask {
		return &Ask{Login: login, Problems: []Problem{{"code", reason}}}
	}
	switch {
	case !code.Set:
		return &Ask{Login: login}
	case code.Value == "":
		return problem(ReasonRequired)
	case len(code.Value) != codeLength || !digits(code.Value):
		return problem(ReasonInvalid)
	case !c.call.Flow.CheckCode(login, code.Value):
		return problem(ReasonWrong)
	}
	c.add(c.reachedBy(login))
	return nil
}

// reachedBy is the login as content: an e-mail address or a phone number.
func (c *conversation) reachedBy(login string) *Content {
	if plausibleEmail(login) {
		return &Content{BillingAddress: &Address{Email: TextOf(login)}}
	}
	return &Content{BillingAddress: &Address{Phone: TextOf(login)}}
}

// add takes what the customer said and nobody else did.
func (c *conversation) add(typed *Content) {
	var said Content
	missing := false
	each := func(path string) {
		value := personValue(typed, path)
		if value == "" || personValue(&c.known, path) != "" {
			return
		}
		*personText(&said, path, true) = TextOf(value)
		missing = true
	}
	for i := range AddressFields {
		each("billing_address." + AddressFields[i].Name)
	}
	for i := range CustomerFields {
		each("customer." + CustomerFields[i].Name)
	}
	if !missing {
		return
	}
	collected := Content{}.filledWith(c.collected).filledWith(&said)
	c.collected = &collected
	c.known = c.known.filledWith(&said)
}

// addedBy is what is collected once the person of the country has told what the
// market asks for.
func (s *Session) addedBy(person func(country string) *Content) *Content {
	c := conversation{session: s, known: s.Known(), collected: s.Collected}
	if who := person(c.known.EffectiveCountry()); who != nil {
		c.add(who)
	}
	return c.collected
}

func (c *conversation) details() *Ask {
	missing := missingDetails(&c.known)
	if len(missing) == 0 {
		return nil
	}
	answered := c.call.Flow.Answers.Details
	fields := make([]Field, len(missing))
	for i, detail := range missing {
		fields[i] = Field{Path: detail.Path, Type: detail.Type}
		if answered != nil {
			fields[i].Value = strings.TrimSpace(personValue(answered, detail.Path))
			continue
		}
		// The person who gets the parcel is most often the one who pays.
		if name, ok := strings.CutPrefix(detail.Path, "billing_address."); ok {
			fields[i].Value = personValue(&c.known, "shipping_address."+name)
		}
	}
	if answered == nil {
		return &Ask{Fields: fields}
	}
	typed, problems := typedDetails(fields, &c.known, c.call.Now)
	if len(problems) > 0 {
		return &Ask{Fields: fields, Problems: problems}
	}
	c.add(&typed)
	return nil
}

// method chooses the category. A repeated call keeps what was chosen, unless
// the shop names another.
func (c *conversation) method() *Ask {
	offered := c.offered()
	earlier := c.session.Authorization
	answered := c.call.Flow.Answers.Category
	switch {
	case len(offered) == 1:
		c.category = offered[0].Category
		return nil
	case c.call.repeated && earlier != nil && (earlier.Category == "" || offers(offered, earlier.Category)):
		c.category = earlier.Category
		return nil
	case answered.Set && offers(offered, answered.Value):
		c.category = answered.Value
		return nil
	}
	ask := &Ask{Methods: offered, Preferred: c.preferred(offered)}
	if answered.Set {
		reason := ReasonInvalid
		if answered.Value == "" {
			reason = ReasonRequired
		}
		ask.Problems = []Problem{{"payment_method_category", reason}}
	}
	return ask
}

func (c *conversation) offered() []Offer {
	return Offers(&c.known, c.call.Category, c.call.Categories)
}

// preferred is the category whose method the shop prefers, else the first.
func (c *conversation) preferred(offered []Offer) string {
	m := c.known.Market()
	for _, offer := range offered {
		if m.MethodOf(offer.Category).Type == c.call.Flow.Preferred {
			return offer.Category
		}
	}
	return offered[0].Category
}

// confirm asks for agreement to the terms of this very content. A repeated call
// passes silently when nothing the customer agreed to has got worse, but for
// the last step at the bank.
func (c *conversation) confirm() *Ask {
	terms := TermsOf(&c.known, c.category)
	agreed, consent := c.session.agreedTerms(), c.call.Flow.Answers.Consent
	worse := agreed != nil && terms.Worse(*agreed)
	atTheBank := c.call.finalizing && c.category == market.BankTransfer
	if c.call.repeated && agreed != nil && !worse && !atTheBank {
		return nil
	}
	if consent != nil && *consent == terms {
		return nil
	}
	ask := &Ask{Terms: &terms, Methods: c.offered(), Preferred: c.category}
	switch {
	case consent != nil:
		ask.Agreed, ask.Problems = consent, []Problem{{"consent", ReasonChanged}}
	case worse:
		ask.Agreed = agreed
	}
	return ask
}
