package checkout

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
