package checkout

import (
	"strings"

	"github.com/kvitto/kvitto/internal/market"
)

// Flow is a customer's way through the purchase flow as far as it has come.
// There is no other record of it: every request has all answers.
type Flow struct {
	Answers Answers
	// CheckCode tells whether the one-time code is the one that was sent to the
	// login. Nil is a server that can send none: nobody is identified.
	CheckCode func(login, code string) bool
	Preferred string // preferred_payment_method, may be empty
}

// Answers are what the customer has said so far.
type Answers struct {
	Login     Text // e-mail or phone
	Code      Text
	Details   *Content // nil until the form was sent; only what was asked for counts
	Category  Text     // payment_method_category
	Consent   *Terms   // what the customer was shown and agreed to
	Cancelled bool
}

// Step is one question of the purchase flow.
type Step string

// The steps in their order.
const (
	StepIdentify Step = "identify"
	StepCode     Step = "code"
	StepDetails  Step = "details"
	StepMethod   Step = "method"
	StepConfirm  Step = "confirm"
)

// Reason says what is wrong with an answer.
type Reason string

// The reasons for asking again.
const (
	ReasonRequired Reason = "required"
	ReasonInvalid  Reason = "invalid"
	ReasonWrong    Reason = "wrong"
	ReasonChanged  Reason = "changed" // the cart changed while the customer was reading
)

// Problem is why a step comes again.
type Problem struct {
	Path   string // the answer's name, or the path of a detail
	Reason Reason
}

// Offer is a way to pay that the customer may choose.
type Offer struct {
	Category     string
	Name         string
	Days         int
	Installments int
}

// Ask is the question that comes next.
type Ask struct {
	Step      Step
	Problems  []Problem
	Login     string  // identify, code: what is known or was typed
	Fields    []Field // details
	Methods   []Offer // method, confirm: what there is to choose from
	Preferred string  // category of the method to show first
	Terms     *Terms  // confirm
	Agreed    *Terms  // confirm: what was agreed to before and has got worse
	Content   Content // what is known of the payment
}

// steps is the one table of the purchase flow: the questions in their order.
// Each looks at what is known and what was answered, and asks when something
// is missing. A test walks all combinations.
var steps = []struct {
	step Step
	ask  func(*conversation) *Ask
}{
	{StepIdentify, (*conversation).identify},
	{StepCode, (*conversation).code},
	{StepDetails, (*conversation).details},
	{StepMethod, (*conversation).method},
	{StepConfirm, (*conversation).confirm},
}

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

// Offers are the ways to pay the content: by the category that a call named,
// else by those it named, else by all of the market's. A category that the
// market's sessions are not offered is taken when it is named alone.
func Offers(c *Content, category string, categories []string) []Offer {
	m := c.Market()
	if category != "" && category != market.AnyCategory {
		return []Offer{offerOf(m, m.Category(category))}
	}
	var offered, both, others []Offer
	for _, own := range m.Categories() {
		offered = append(offered, offerOf(m, own))
	}
	if category == market.AnyCategory {
		return offered
	}
	for _, named := range categories {
		switch {
		case offers(offered, named) && !offers(both, named):
			both = append(both, offerOf(m, m.Category(named)))
		case market.KnownCategory(named) && named != market.AnyCategory && !offers(others, named):
			others = append(others, offerOf(m, m.Category(named)))
		}
	}
	switch {
	case len(both) > 0:
		return both
	case len(others) > 0:
		return others
	}
	return offered
}

// Review is what a review page shows: what was approved, and how it is paid.
// ok is false when nothing was.
func (s *Session) Review() (content Content, paid Offer, ok bool) {
	a := s.Authorization
	if a == nil || a.Content == nil || a.State == AuthorizationDenied || a.State == AuthorizationReleased {
		return s.Known(), Offer{}, false
	}
	category := a.Category
	if category == "" {
		category = market.AnyCategory
	}
	m := a.Content.Market()
	return a.Content.filledWith(s.Collected), offerOf(m, m.Category(category)), true
}

// chosenWithoutCustomer is the category where nobody chooses: a repeated call
// keeps the one before, another takes the first that was named.
func (s *Session) chosenWithoutCustomer(call *Browser, known *Content) string {
	if call.Category != "" || len(call.Categories) == 0 {
		return call.Category
	}
	offered := Offers(known, call.Category, call.Categories)
	if earlier := s.Authorization; call.repeated && earlier != nil && offers(offered, earlier.Category) {
		return earlier.Category
	}
	return offered[0].Category
}

func offerOf(m market.Market, category market.Category) Offer {
	method := m.MethodOf(category.Identifier)
	return Offer{category.Identifier, category.Name, method.NumberOfDays, method.NumberOfInstallments}
}

func offers(offered []Offer, category string) bool {
	for _, offer := range offered {
		if offer.Category == category {
			return true
		}
	}
	return false
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
