package checkout

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Erased stands where something of a person was until it was erased. A repeated
// order call is not compared with it where ErasedAt says that it was: see PlaceOrder.
const Erased = "[erased]"

// Part is what a person has in a payment.
type Part uint8

// The parts, the larger the more is erased.
const (
	PartNone      Part = iota
	PartMentioned      // in texts only, such as extra merchant data
	PartRecipient      // in the shipping address of somebody else's payment
	PartPayer          // the payment is the person's
)

// Person is somebody whose data is to be erased, named by whole e-mail addresses and
// phone numbers. Each of them finds the person alone.
type Person struct {
	Emails []string // in lower case
	Phones []string // digits, without the + or 00 of a country's
}

// WholePhoneMin is how many digits a phone number has at least. Shorter ones are what
// is typed where one is required, and name nobody.
const WholePhoneMin = 6

// NewPerson reads how somebody names a person; problem says what is wrong, for
// people.
func NewPerson(emails, phones []string) (p Person, problem string) {
	for _, email := range emails {
		email = strings.ToLower(strings.TrimSpace(email))
		if at := strings.LastIndexByte(email, '@'); at <= 0 || at == len(email)-1 || strings.ContainsFunc(email, unicode.IsSpace) {
			return p, "an e-mail address is given whole, such as name@example.com"
		}
		p.Emails = append(p.Emails, email)
	}
	for _, phone := range phones {
		digits := PhoneDigits(phone)
		if len(digits) < WholePhoneMin {
			return p, "a phone number is given whole, with 6 digits or more, as the shop sends it"
		}
		p.Phones = append(p.Phones, digits)
	}
	return p, ""
}

// Nobody tells that the person is named by nothing.
func (p *Person) Nobody() bool { return len(p.Emails) == 0 && len(p.Phones) == 0 }

// PhoneDigits is a phone number as it is compared: its digits, without the zeros or the
// plus in front of a country's; "" for what is none.
func PhoneDigits(text string) string {
	var digits []byte
	for _, c := range []byte(text) {
		switch {
		case '0' <= c && c <= '9':
			digits = append(digits, c)
		case strings.IndexByte("+()-./ \t", c) < 0:
			return ""
		}
	}
	return strings.TrimPrefix(string(digits), "00")
}

// Named tells whether a text is one of the person's addresses or numbers.
func (p *Person) Named(text string) bool {
	if strings.IndexByte(text, '@') >= 0 {
		return slices.Contains(p.Emails, strings.ToLower(strings.TrimSpace(text)))
	}
	digits := PhoneDigits(text)
	return digits != "" && slices.Contains(p.Phones, digits)
}

// reached tells whether an address is the person's, and whether it says at all whose
// it is.
func (p *Person) reached(a *Address) (theirs, says bool) {
	if a == nil {
		return false, false
	}
	says = a.Email.Value != "" || a.Phone.Value != ""
	return p.Named(a.Email.Value) || p.Named(a.Phone.Value), says
}

// partIn is the person's part in one content.
func (p *Person) partIn(c *Content) Part {
	bills, says := p.reached(c.BillingAddress)
	receives, _ := p.reached(c.ShippingAddress)
	switch {
	case bills, receives && !says:
		return PartPayer
	case receives:
		return PartRecipient
	}
	found := PartNone
	eachFreeText(c, func(t *Text, _ textKind) {
		if found == PartNone && p.Mentioned(t.Value) {
			found = PartMentioned
		}
	})
	return found
}

// Mentioned tells whether a text has one of the e-mail addresses in it, or is one
// of the numbers: a number within a text may be any.
func (p *Person) Mentioned(text string) bool {
	if text == "" {
		return false
	}
	if p.Named(text) {
		return true
	}
	if strings.IndexByte(text, '@') < 0 && !strings.Contains(text, "%40") {
		return false
	}
	lower := strings.ToLower(text)
	return slices.ContainsFunc(p.Emails, func(email string) bool {
		return strings.Contains(lower, email) || strings.Contains(lower, strings.Replace(email, "@", "%40", 1))
	})
}

// Erasure is how a person is erased from one payment: what is looked at first says
// what is to be erased.
type Erasure struct {
	person Person
	part   Part
	texts  []string // of the person, in lower case, that may stand in free texts
	others []string // likewise of the payer where the person is none
	// contacts are the e-mail addresses and phone numbers among them: what is erased in
	// references and URLs, too.
	contacts []string
}

// NewErasure begins with a person and at least a part of theirs, PartNone where
// only the payment can say.
func NewErasure(p Person, part Part) *Erasure { return &Erasure{person: p, part: part} }

// Part is what was found.
func (e *Erasure) Part() Part { return e.part }

// Person is who is erased.
func (e *Erasure) Person() Person { return e.person }

// Find notes the person's part in one state of the payment, and nothing else of it.
func (e *Erasure) Find(s *Session) {
	for _, c := range contentsOf(s) {
		e.part = max(e.part, e.person.partIn(c))
	}
}

// Look notes what one state of the payment says of the person.
func (e *Erasure) Look(s *Session) {
	for _, c := range contentsOf(s) {
		e.LookAt(c)
	}
}

// LookAt is Look for a content alone.
func (e *Erasure) LookAt(c *Content) {
	e.part = max(e.part, e.person.partIn(c))
	for _, of := range []struct {
		address *Address
		payer   bool
	}{{c.BillingAddress, true}, {c.ShippingAddress, false}} {
		a := of.address
		if a == nil {
			continue
		}
		theirs, _ := e.person.reached(a)
		for _, t := range []Text{a.Email, a.Phone, a.GivenName, a.FamilyName, a.StreetAddress, a.StreetAddress2, a.OrganizationName, a.Attention} {
			e.note(t.Value, theirs, of.payer)
		}
		for _, t := range []Text{a.Email, a.Phone} {
			if contact := strings.ToLower(strings.TrimSpace(t.Value)); !slices.Contains(e.contacts, contact) {
				e.contacts = append(e.contacts, contact)
			}
		}
	}
	if c.Customer != nil {
		for _, t := range []Text{c.Customer.NationalIdentificationNumber, c.Customer.DateOfBirth, c.Customer.OrganizationRegistrationID, c.Customer.VATID} {
			e.note(t.Value, false, true)
		}
	}
}

// Shortest texts that are looked for in free texts: a shorter one would be met
// by chance.
const (
	shortestWord   = 3
	shortestNumber = 5
)

func (e *Erasure) note(text string, theirs, payer bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	short := shortestWord
	if strings.IndexFunc(text, unicode.IsLetter) < 0 {
		short = shortestNumber
	}
	if utf8.RuneCountInString(text) < short || strings.Contains(text, Erased) {
		return
	}
	list := &e.others
	if theirs || !payer {
		list = &e.texts
	}
	if !slices.Contains(*list, text) {
		*list = append(*list, text)
	}
}

// AtLeast notes that the person has a part in the payment.
func (e *Erasure) AtLeast(part Part) { e.part = max(e.part, part) }

// ErasedPart is the part that was erased from a state, where it can be seen.
func (s *Session) ErasedPart() Part {
	part := PartNone
	for _, c := range contentsOf(s) {
		for _, of := range []struct {
			address *Address
			part    Part
		}{{c.BillingAddress, PartPayer}, {c.ShippingAddress, PartRecipient}} {
			if of.address == nil {
				continue
			}
			for i := range AddressFields {
				if AddressFields[i].At(of.address).Value == Erased {
					part = max(part, of.part)
				}
			}
		}
	}
	return part
}

// Named are the addresses and numbers by which the payer of a state is named: those
// of the billing address, else of the shipping address.
func (s *Session) Named() (emails, phones []string) {
	for _, c := range contentsOf(s) {
		for _, a := range []*Address{c.BillingAddress, c.ShippingAddress} {
			if a == nil || a.Email.Value == "" && a.Phone.Value == "" {
				continue
			}
			if p, problem := NewPerson([]string{a.Email.Value}, nil); problem == "" {
				emails = append(emails, p.Emails...)
			}
			if p, problem := NewPerson(nil, []string{a.Phone.Value}); problem == "" {
				phones = append(phones, p.Phones...)
			}
			break
		}
	}
	return emails, phones
}

// Texts are what is erased within free texts: the values of the person, in lower
// case. Those of a payer who is somebody else are not among them.
func (e *Erasure) Texts() []string {
	texts := slices.Concat(e.person.Emails, e.person.Phones)
	switch e.part {
	case PartPayer:
		texts = append(append(texts, e.texts...), e.others...)
	case PartRecipient:
		for _, text := range e.texts {
			if !slices.Contains(e.others, text) {
				texts = append(texts, text)
			}
		}
	case PartNone, PartMentioned:
	}
	return slices.Compact(LongestFirst(texts))
}

// LongestFirst sorts texts that are erased so that none hides a longer one that has it.
func LongestFirst(texts []string) []string {
	slices.Sort(texts)
	slices.SortStableFunc(texts, func(a, b string) int { return len(b) - len(a) })
	return texts
}

// EraseSession is the command to erase a person from a payment.
type EraseSession struct {
	Erasure *Erasure
	By      string // who as a role, never a name
	Now     time.Time
}

// Erase is the payment without the person. What money is about stays: amounts,
// currency, country, the sums of the lines, ids, times, references, states. A
// session without an order ends, and its authorization with it: what an order
// would have to equal is gone.
func (s Session) Erase(cmd EraseSession) (next Session, event Event) {
	s = cmd.Erasure.State(s)
	s.ErasedAt = cmd.Now
	s.Revision++
	s.UpdatedAt = cmd.Now
	if !s.Complete() {
		if s.ExpiresAt.After(cmd.Now) {
			s.ExpiresAt = cmd.Now
		}
		if a := s.Authorization; a != nil && (a.State == AuthorizationLive || a.State == AuthorizationPreliminary) {
			ended := *a
			ended.State = AuthorizationReleased
			s.Authorization = &ended
		}
	}
	return s, Event{Kind: EventErased, At: cmd.Now, Reason: "on request, by " + cmd.By}
}

// State is a state of the payment without the person, otherwise as it was.
func (e *Erasure) State(s Session) Session {
	words := e.words()
	s.Content = e.content(s.Content, words)
	if s.Collected != nil {
		collected := e.content(*s.Collected, words)
		s.Collected = &collected
	}
	if s.Authorization != nil {
		a := *s.Authorization
		a.Reason = Without(a.Reason, words.all)
		if a.Content != nil {
			content := e.content(*a.Content, words)
			a.Content = &content
		}
		s.Authorization = &a
	}
	if s.CustomerToken != nil {
		token := *s.CustomerToken
		token.Description = Without(token.Description, words.all)
		s.CustomerToken = &token
	}
	if s.Order != nil {
		order := *s.Order
		order.Content, order.Request = e.content(order.Content, words), e.content(order.Request, words)
		if order.Review != nil {
			review := *order.Review
			for _, reason := range []*string{&review.FirstReason, &review.Reason, &review.StopReason} {
				*reason = Without(*reason, words.all)
			}
			order.Review = &review
		}
		s.Order = &order
	}
	return s
}

// With is the erasure with more texts of the person, such as those of an exchange
// that was refused.
func (e *Erasure) With(texts []string) *Erasure {
	more := *e
	more.texts = slices.Clone(e.texts)
	for _, text := range texts {
		more.note(text, true, false)
	}
	return &more
}

// Text is a free text without the person.
func (e *Erasure) Text(text string) string { return Without(text, e.Texts()) }

// Content is a content without the person.
func (e *Erasure) Content(c Content) Content { return e.content(c, e.words()) }

// URL is a URL without the person's addresses and numbers. It leads to the same server
// as before.
func (e *Erasure) URL(url string) string { return e.words().without(url, textURL) }

// words are what is looked for in texts: Texts, and those of them that are contacts.
func (e *Erasure) words() *words {
	w := &words{all: e.Texts()}
	for _, text := range w.all {
		if slices.Contains(e.contacts, text) || slices.Contains(e.person.Emails, text) || slices.Contains(e.person.Phones, text) {
			w.contacts = append(w.contacts, text)
		}
	}
	return w
}

func (e *Erasure) content(c Content, words *words) Content {
	if e.part == PartPayer {
		c.BillingAddress = erasedObject(AddressFields, c.BillingAddress, "country")
		c.Customer = erasedObject(CustomerFields, c.Customer, "type", "organization_entity_type")
		c.Attachment = erasedObject(AttachmentFields, c.Attachment, "content_type")
		c.MerchantData = erasedText(c.MerchantData)
	}
	if e.part >= PartRecipient {
		c.ShippingAddress = erasedObject(AddressFields, c.ShippingAddress, "country")
	}
	c.OrderLines = slices.Clone(c.OrderLines)
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		if e.part == PartPayer {
			l.MerchantData = erasedText(l.MerchantData)
		}
		l.ProductIdentifiers, l.Subscription = copied(l.ProductIdentifiers), copied(l.Subscription)
	}
	c.Attachment, c.MerchantURLs = copied(c.Attachment), copied(c.MerchantURLs)
	// What a shop writes of a person beside the address is not known by its name.
	if e.person.Mentioned(c.MerchantData.Value) {
		c.MerchantData = erasedText(c.MerchantData)
	}
	if c.Attachment != nil && e.person.Mentioned(c.Attachment.Body.Value) {
		c.Attachment.Body = erasedText(c.Attachment.Body)
	}
	eachFreeText(&c, func(t *Text, kind textKind) { t.Value = words.without(t.Value, kind) })
	return c
}

// erasedObject is an object whose properties were erased but for those that stay.
func erasedObject[T any](fields []TextField[T], object *T, stay ...string) *T {
	if object == nil {
		return nil
	}
	erased := *object
	for i := range fields {
		if at := fields[i].At(&erased); !slices.Contains(stay, fields[i].Name) {
			*at = erasedText(*at)
		}
	}
	return &erased
}

// erasedText leaves what says nothing as it was.
func erasedText(t Text) Text {
	if t.Value != "" {
		t.Value = Erased
	}
	return t
}

func copied[T any](object *T) *T {
	if object == nil {
		return nil
	}
	own := *object
	return &own
}

// contentsOf are all contents of a state.
func contentsOf(s *Session) []*Content {
	all := []*Content{&s.Content}
	if s.Collected != nil {
		all = append(all, s.Collected)
	}
	if s.Authorization != nil && s.Authorization.Content != nil {
		all = append(all, s.Authorization.Content)
	}
	if s.Order != nil {
		all = append(all, &s.Order.Content, &s.Order.Request)
	}
	return all
}

// endedByErasure is why a session ended before its time; "" of others.
func (s *Session) endedByErasure() string {
	if s.ErasedAt.IsZero() || s.Complete() {
		return ""
	}
	return "the session ended at " + s.ErasedAt.UTC().Format(time.RFC3339) +
		", when the personal data in it was erased on request; create a new session"
}
