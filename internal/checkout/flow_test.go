package checkout_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// allDetails is what a Swedish customer has to tell when the shop said nothing.
func allDetails() *checkout.Content {
	return &checkout.Content{
		BillingAddress: &checkout.Address{
			GivenName: text("Alice"), FamilyName: text("Test"), Email: text("customer@email.se"), Phone: text("+46701740615"),
			StreetAddress: text("Södra Blasieholmshamnen 2"), PostalCode: text("11 148"), City: text("Stockholm"),
		},
		Customer: &checkout.Customer{NationalIdentificationNumber: text("SE194103219202")},
	}
}

// situation is one combination of what the flow depends on.
type situation struct {
	call     string // authorize, reauthorize, finalize
	earlier  string // what the session has already
	codes    bool   // the server can send codes
	login    string // "", good, bad
	code     string // "", good, malformed, wrong
	details  string // known, unanswered, answered, incomplete
	category string // one, unanswered, answered, foreign
	consent  string // "", equal, stale
}

func situations(visit func(situation)) {
	for _, call := range []string{"authorize", "reauthorize", "finalize"} {
		for _, earlier := range []string{"none", "same", "cheaper", "dearer", "denied", "denied after approval", "released", "preliminary"} {
			for _, codes := range []bool{false, true} {
				for _, login := range []string{"", "good", "bad"} {
					for _, code := range []string{"", "good", "malformed", "wrong"} {
						for _, details := range []string{"known", "unanswered", "answered", "incomplete"} {
							for _, category := range []string{"one", "unanswered", "answered", "foreign"} {
								for _, consent := range []string{"", "equal", "stale"} {
									visit(situation{call, earlier, codes, login, code, details, category, consent})
								}
							}
						}
					}
				}
			}
		}
	}
}

// expected says in rules what the table of steps says in functions: the step
// that comes, and the problem it has.
func (s situation) expected() (step checkout.Step, problem string) {
	repeated := s.call != "authorize"
	approved := s.earlier == "same" || s.earlier == "cheaper" || s.earlier == "dearer" || s.earlier == "released" || s.earlier == "preliminary"
	if s.codes && !approved && s.earlier != "denied after approval" {
		switch {
		case s.login == "":
			return checkout.StepIdentify, ""
		case s.login == "bad":
			return checkout.StepIdentify, "login invalid"
		case s.code == "":
			return checkout.StepCode, ""
		case s.code == "malformed":
			return checkout.StepCode, "code invalid"
		case s.code == "wrong":
			return checkout.StepCode, "code wrong"
		}
	}
	switch s.details {
	case "unanswered":
		return checkout.StepDetails, ""
	case "incomplete":
		return checkout.StepDetails, "billing_address.city required"
	}
	keepsMethod := repeated && s.earlier != "none" // that of the authorization
	if !keepsMethod {
		switch s.category {
		case "unanswered":
			return checkout.StepMethod, ""
		case "foreign":
			return checkout.StepMethod, "payment_method_category invalid"
		}
	}
	// The cart costs 9500 now.
	released := s.earlier == "released" && s.call == "reauthorize"
	silent := repeated && approved && s.earlier != "cheaper" && !released
	switch {
	case silent || s.consent == "equal":
		return "", ""
	case s.consent == "stale":
		return checkout.StepConfirm, "consent changed"
	}
	return checkout.StepConfirm, ""
}

// session is the situation before the call.
func (s situation) session(t *testing.T) *desk {
	content := swedish()
	if s.details == "known" {
		person := allDetails()
		content.BillingAddress, content.Customer = person.BillingAddress, person.Customer
	}
	d := open(t, content)
	cost := func(amount int64) checkout.Content {
		patch := cart(checkout.Content{}, cartLine("physical", 1, amount))
		patch.OrderTaxAmount = integer(0)
		return patch
	}
	switch s.earlier {
	case "same":
		d.approve()
	case "cheaper":
		d.authorize(checkout.OutcomeApprove, cost(9499))
	case "dearer":
		d.authorize(checkout.OutcomeApprove, cost(9501))
	case "denied":
		d.authorize(checkout.OutcomeDeny, checkout.Content{})
	case "denied after approval":
		d.approve()
		d.authorize(checkout.OutcomeDeny, checkout.Content{})
	case "released":
		if refusal := d.release(d.approve()); refusal != nil {
			t.Fatal(refusal)
		}
	case "preliminary":
		d.deferred()
	}
	if s.call == "finalize" && s.earlier != "none" {
		// A finalize follows a preliminary approval; what it was for stays.
		authorization := *d.session.Authorization
		authorization.State = checkout.AuthorizationPreliminary
		if s.earlier != "denied" && s.earlier != "denied after approval" {
			d.session.Authorization = &authorization
		}
	}
	d.update(swedish())
	return d
}

func (s situation) flow() *checkout.Flow {
	f := &checkout.Flow{}
	if s.codes {
		f.CheckCode = func(login, code string) bool { return login == "customer@email.se" && code == "123456" }
	}
	answers := &f.Answers
	switch s.login {
	case "good":
		answers.Login = text(" customer@email.se ")
	case "bad":
		answers.Login = text("customer")
	}
	switch s.code {
	case "good":
		answers.Code = text("123456")
	case "malformed":
		answers.Code = text("12345")
	case "wrong":
		answers.Code = text("654321")
	}
	switch s.details {
	case "answered":
		answers.Details = allDetails()
	case "incomplete":
		answers.Details = allDetails()
		answers.Details.BillingAddress.City = text(" ")
	}
	switch s.category {
	case "answered":
		answers.Category = text("pay_later")
	case "foreign":
		answers.Category = text("direct_debit")
	}
	terms := checkout.Terms{Category: "pay_later", OrderAmount: 9500, Currency: "SEK", Days: 30, Installments: 1}
	switch s.consent {
	case "equal":
		answers.Consent = &terms
	case "stale":
		terms.OrderAmount = 9000
		answers.Consent = &terms
	}
	return f
}

func (s situation) carryOut(d *desk) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal) {
	call := d.call(checkout.OutcomeApprove, checkout.Content{})
	call.Category, call.Flow = "", s.flow()
	if s.category == "one" {
		call.Category = "pay_later"
	}
	switch s.call {
	case "reauthorize":
		return d.session.Reauthorize(call)
	case "finalize":
		return d.session.Finalize(call)
	}
	return d.session.Authorize(call)
}

// TestEveryWayThroughTheFlow walks all combinations. While something is asked,
// nothing is changed.
func TestEveryWayThroughTheFlow(t *testing.T) {
	t.Parallel()
	met := map[checkout.Step]int{}
	desks := map[[3]string]*desk{}
	situations(func(s situation) {
		key := [3]string{s.call, s.earlier, s.details}
		if s.details != "known" {
			key[2] = "unknown"
		}
		if desks[key] == nil {
			desks[key] = s.session(t)
		}
		d := desks[key]
		if s.call == "finalize" && (d.session.Authorization == nil || d.session.Authorization.State != checkout.AuthorizationPreliminary) {
			return // there is nothing to finalize, and nothing is asked
		}
		before := d.session
		next, event, result, refusal := s.carryOut(d)
		accepted(t, refusal)
		step, problem := s.expected()
		met[step]++
		if step == "" {
			if result.Ask != nil || !result.Approved || result.AuthorizationToken == "" || next.Authorization.Category != "pay_later" {
				t.Fatalf("%+v: %+v, asked %+v", s, result, result.Ask)
			}
			return
		}
		if result.Ask == nil || result.Ask.Step != step || problems(result.Ask) != problem {
			t.Fatalf("%+v: %+v, want the step %s (%s)", s, result.Ask, step, problem)
		}
		asked := result
		asked.Ask = nil
		if !reflect.DeepEqual(asked, checkout.BrowserResult{}) || event != (checkout.Event{}) || !reflect.DeepEqual(before, next) {
			t.Fatalf("%+v: asking is no answer and changes nothing: %+v %+v", s, asked, event)
		}
	})
	for _, step := range append(constants[checkout.Step](t, "Step"), "") {
		if met[step] == 0 {
			t.Errorf("the step %q was never asked", step)
		}
	}
}

func problems(ask *checkout.Ask) string {
	list := ""
	for _, p := range ask.Problems {
		if list != "" {
			list += ", "
		}
		list += fmt.Sprintf("%s %s", p.Path, p.Reason)
	}
	return list
}

// customer is a conversation with one customer, step by step.
type customer struct {
	*desk
	call string
	flow checkout.Flow
	more func(*checkout.Browser)
}

func (c *customer) says(answer func(*checkout.Answers)) checkout.BrowserResult {
	c.t.Helper()
	if answer != nil {
		answer(&c.flow.Answers)
	}
	call := c.desk.call(checkout.OutcomeApprove, checkout.Content{})
	flow := c.flow
	call.Category, call.Flow = "pay_later", &flow
	if c.more != nil {
		c.more(&call)
	}
	act := c.session.Authorize
	switch c.call {
	case "reauthorize":
		act = c.session.Reauthorize
	case "finalize":
		act = c.session.Finalize
	}
	next, _, result, refusal := act(call)
	accepted(c.t, refusal)
	c.session = next
	return result
}

// agrees gives the consent that was asked for.
func (c *customer) agrees(result checkout.BrowserResult) checkout.BrowserResult {
	c.t.Helper()
	if result.Ask == nil || result.Ask.Step != checkout.StepConfirm {
		c.t.Fatalf("no confirmation is asked for: %+v", result.Ask)
	}
	return c.says(func(a *checkout.Answers) { a.Consent = result.Ask.Terms })
}

// TestACartThatChangesWhileTheCustomerReads is shown again, old beside new.
func TestACartThatChangesWhileTheCustomerReads(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}}
	first := c.says(nil)
	if first.Ask == nil || first.Ask.Agreed != nil || first.Ask.Terms.OrderAmount != 9500 || len(first.Ask.Problems) > 0 {
		t.Fatalf("first: %+v", first.Ask)
	}
	for _, amount := range []int64{12000, 8000} { // more, and also less: it is not what was read
		patch := cart(checkout.Content{}, cartLine("physical", 1, amount))
		patch.OrderTaxAmount = integer(0)
		c.update(patch)
		again := c.agrees(first)
		if again.Ask == nil || problems(again.Ask) != "consent changed" || again.Ask.Terms.OrderAmount != amount {
			t.Fatalf("again: %+v", again.Ask)
		}
		requireSame(t, "what was read", first.Ask.Terms, again.Ask.Agreed)
		first = again
	}
	if result := c.agrees(first); !result.Approved {
		t.Errorf("%+v", result)
	}
}

// TestReauthorizeShowsOldAndNew when the amount has grown, and asks nobody when
// it has fallen.
func TestReauthorizeShowsOldAndNew(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), call: "reauthorize"}
	c.approve()
	c.session.Collected = allDetails()
	patch := cart(checkout.Content{}, cartLine("physical", 1, 9501))
	patch.OrderTaxAmount = integer(0)
	c.update(patch)
	asked := c.says(nil)
	if asked.Ask == nil || asked.Ask.Agreed == nil || asked.Ask.Agreed.OrderAmount != 9500 || asked.Ask.Terms.OrderAmount != 9501 {
		t.Fatalf("%+v", asked.Ask)
	}
	if result := c.agrees(asked); !result.Approved {
		t.Fatalf("%+v", result)
	}
	patch = cart(checkout.Content{}, cartLine("physical", 1, 9500))
	patch.OrderTaxAmount = integer(0)
	c.update(patch)
	c.flow.Answers = checkout.Answers{}
	if result := c.says(nil); !result.Approved || result.Ask != nil {
		t.Fatalf("less costs nobody a click: %+v", result)
	}
	// Another method, named by the shop, is another agreement.
	c.more = func(b *checkout.Browser) { b.Category = "pay_over_time" }
	if result := c.says(nil); result.Ask == nil || result.Ask.Agreed == nil || result.Ask.Agreed.Category != "pay_later" {
		t.Fatalf("%+v", result)
	}
}

// TestTheBankIsTheLastStep: a bank transfer is confirmed when it is finalized,
// whatever was agreed to before.
func TestTheBankIsTheLastStep(t *testing.T) {
	t.Parallel()
	for category, confirmed := range map[string]bool{"direct_bank_transfer": true, "pay_later": false} {
		c := &customer{desk: open(t, swedish()), flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}}
		c.more = func(b *checkout.Browser) { b.Category, b.AutoFinalize = category, false }
		if result := c.agrees(c.says(nil)); !result.FinalizeRequired || result.AuthorizationToken != "" {
			t.Fatalf("%s: %+v", category, result)
		}
		c.call, c.flow, c.more = "finalize", checkout.Flow{}, func(b *checkout.Browser) { b.Category = "" }
		result := c.says(nil)
		if asked := result.Ask != nil; asked != confirmed {
			t.Fatalf("%s: asked %v", category, asked)
		}
		if confirmed {
			result = c.agrees(result)
		}
		if result.AuthorizationToken == "" || c.session.Authorization.Category != category {
			t.Errorf("%s: %+v", category, result)
		}
	}
}

// TestACancelledFlowEndsAtOnce, whatever else was answered, and changes nothing.
func TestACancelledFlowEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"authorize", "reauthorize", "finalize"} {
		c := &customer{desk: open(t, swedish()), call: call}
		c.deferred()
		before := copied(c.session)
		c.more = func(b *checkout.Browser) { b.Patch.OrderAmount = integer(1) } // which does not add up
		result := c.says(func(a *checkout.Answers) { a.Cancelled, a.Details = true, allDetails() })
		requireSame(t, call, checkout.BrowserResult{ShowForm: true}, result)
		requireSame(t, call+": session", before, c.session)
	}
	// Also when an answer was lost that had a token: it stays, and is not told.
	c := &customer{desk: open(t, swedish()), call: "finalize"}
	c.approve()
	before := copied(c.session)
	requireSame(t, "finalize again", checkout.BrowserResult{ShowForm: true}, c.says(func(a *checkout.Answers) { a.Cancelled = true }))
	requireSame(t, "finalize again: session", before, c.session)
}

// TestBadDataIsToldBeforeAnythingIsAsked: the customer can do nothing about it.
func TestBadDataIsToldBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), more: func(b *checkout.Browser) { b.Patch.OrderAmount = integer(1) }}
	result := c.says(nil)
	if result.Ask != nil || len(result.InvalidFields) != 1 || result.InvalidFields[0] != "order_amount" {
		t.Errorf("%+v", result)
	}
}

// TestWhatIsOffered follows what the call names.
func TestWhatIsOffered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		category   string
		categories []string
		want       string
	}{
		{"", nil, "[pay_later pay_over_time pay_now]"},
		{"klarna", nil, "[pay_later pay_over_time pay_now]"},
		{"klarna", []string{"pay_now"}, "[pay_later pay_over_time pay_now]"},
		{"pay_now", nil, "[pay_now]"},
		{"pay_now", []string{"pay_later"}, "[pay_now]"},
		{"direct_bank_transfer", nil, "[direct_bank_transfer]"},
		{"", []string{"pay_now", "pay_later", "pay_now"}, "[pay_now pay_later]"},
		{"", []string{"klarna"}, "[pay_later pay_over_time pay_now]"},
		{"", []string{"pay_later", "pay_now", "pay_over_time", "direct_debit", "direct_bank_transfer", "klarna"}, "[pay_later pay_now pay_over_time]"},
		{"", []string{"direct_debit", "card", "card"}, "[direct_debit card]"},
		{"", []string{"unheard of"}, "[pay_later pay_over_time pay_now]"},
	} {
		content := swedish()
		got := []string{}
		for _, offer := range checkout.Offers(&content, c.category, c.categories) {
			if offer.Name == "" || offer.Installments == 0 {
				t.Errorf("%+v has no name or no terms", offer)
			}
			got = append(got, offer.Category)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%q %v: %v, want %s", c.category, c.categories, got, c.want)
		}
	}
}

// TestThePreferredMethodIsShownFirst where it is offered.
func TestThePreferredMethodIsShownFirst(t *testing.T) {
	t.Parallel()
	for preferred, want := range map[string]string{"": "pay_later", "invoice": "pay_later", "fixed_amount": "pay_over_time", "pix": "pay_later"} {
		c := &customer{desk: open(t, swedish()), flow: checkout.Flow{Preferred: preferred, Answers: checkout.Answers{Details: allDetails()}}}
		c.more = func(b *checkout.Browser) { b.Category = "" }
		if ask := c.says(nil).Ask; ask == nil || ask.Step != checkout.StepMethod || ask.Preferred != want {
			t.Errorf("%q: %+v", preferred, ask)
		}
	}
}

// TestWithoutACustomerTheCategoryIsTheFirstNamed, or the one before.
func TestWithoutACustomerTheCategoryIsTheFirstNamed(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	for _, c := range []struct {
		repeated   bool
		categories []string
		want       string
	}{
		{false, []string{"pay_now", "pay_later"}, "pay_now"},
		{true, []string{"pay_later", "pay_now"}, "pay_now"},
		{true, []string{"pay_later", "pay_over_time"}, "pay_later"},
		{true, nil, "pay_later"},
		{false, []string{"pay_over_time"}, "pay_over_time"},
		{false, nil, ""},
	} {
		call := d.call(checkout.OutcomeApprove, checkout.Content{})
		call.Category, call.Categories = "", c.categories
		act := d.session.Authorize
		if c.repeated {
			act = d.session.Reauthorize
		}
		next, _, _, refusal := act(call)
		accepted(t, refusal)
		if d.session = next; next.Authorization.Category != c.want {
			t.Errorf("%+v: %q", c, next.Authorization.Category)
		}
	}
}
