package client

import (
	"encoding/json"
	"time"
)

// Answer is part of every answer.
type Answer struct {
	CorrelationID string `json:"-"` // names the exchange
	Raw           []byte `json:"-"` // the whole body; empty after a 204
}

func (a *Answer) received(answer Answer) { *a = answer }

// NewSession is the answer of CreateSession.
type NewSession struct {
	Answer
	SessionID               string                  `json:"session_id"`
	ClientToken             string                  `json:"client_token"`
	PaymentMethodCategories []PaymentMethodCategory `json:"payment_method_categories"`
}

// PaymentMethodCategory is one choice the customer is offered.
type PaymentMethodCategory struct {
	Identifier string `json:"identifier"` // pay_later
	Name       string `json:"name"`       // text for the customer
}

// Session is the answer of ReadSession: what most callers look at. Raw has the
// addresses and the rest.
type Session struct {
	Answer
	Status             string      `json:"status"` // incomplete, or complete once the order is placed
	AuthorizationToken string      `json:"authorization_token"`
	ClientToken        string      `json:"client_token"`
	ExpiresAt          time.Time   `json:"expires_at"`
	Intent             string      `json:"intent"`
	Locale             string      `json:"locale"`
	MerchantReference1 string      `json:"merchant_reference1"`
	MerchantReference2 string      `json:"merchant_reference2"`
	OrderAmount        int64       `json:"order_amount"`     // minor units
	OrderTaxAmount     int64       `json:"order_tax_amount"` // minor units
	OrderLines         []OrderLine `json:"order_lines"`
	PurchaseCountry    string      `json:"purchase_country"`
	PurchaseCurrency   string      `json:"purchase_currency"`
}

// OrderLine is a line of the cart. Amounts are in minor units and include tax.
// It also serves to build a body: what is zero there is left out.
type OrderLine struct {
	Type                string `json:"type,omitzero"`
	Reference           string `json:"reference,omitzero"`
	Name                string `json:"name"`
	Quantity            int64  `json:"quantity"`
	UnitPrice           int64  `json:"unit_price"`
	TaxRate             int64  `json:"tax_rate,omitzero"` // basis points: 2500 is 25 %
	TotalAmount         int64  `json:"total_amount"`      // Quantity * UnitPrice - TotalDiscountAmount
	TotalDiscountAmount int64  `json:"total_discount_amount,omitzero"`
	TotalTaxAmount      int64  `json:"total_tax_amount,omitzero"` // the tax contained in TotalAmount
}

// Order is the answer of PlaceOrder.
type Order struct {
	Answer
	OrderID                 string                  `json:"order_id"`
	RedirectURL             string                  `json:"redirect_url"`
	FraudStatus             string                  `json:"fraud_status"` // ACCEPTED or PENDING
	AuthorizedPaymentMethod AuthorizedPaymentMethod `json:"authorized_payment_method"`
}

// AuthorizedPaymentMethod is what the customer chose.
type AuthorizedPaymentMethod struct {
	Type                 string `json:"type"`
	NumberOfDays         int    `json:"number_of_days"`
	NumberOfInstallments int    `json:"number_of_installments"`
}

// CustomerToken is the answer of CreateCustomerToken.
type CustomerToken struct {
	Answer
	TokenID     string `json:"token_id"`
	RedirectURL string `json:"redirect_url"`
}

// BrowserResult is what the browser SDK hands to its callback. A denial is a
// result, not an error. AuthorizationToken is empty unless an order can be
// placed.
type BrowserResult struct {
	Answer
	ShowForm           bool   `json:"show_form"`
	Approved           bool   `json:"approved"`
	AuthorizationToken string `json:"authorization_token"`
	FinalizeRequired   bool   `json:"finalize_required"`
	Error              struct {
		InvalidFields []string `json:"invalid_fields"` // what the customer must mend
	} `json:"error"`
}

// Exchange is a recorded exchange with its explanation. String is a text of it
// for people.
type Exchange struct {
	Answer
	ID                 string          `json:"correlation_id"` // of the exchange that is explained
	At                 time.Time       `json:"at"`
	Milliseconds       float64         `json:"duration_ms"`
	Method             string          `json:"method"`
	Path               string          `json:"path"`
	Operation          string          `json:"operation"`
	Status             int             `json:"status"`
	SessionID          string          `json:"session_id"`
	OrderID            string          `json:"order_id"`
	AuthorizationToken string          `json:"authorization_token"`
	AssessmentID       string          `json:"assessment_id"` // of the assessment it made; not in a list
	ErrorCode          string          `json:"error_code"`
	ErrorMessages      []string        `json:"error_messages"`
	Reason             string          `json:"reason"` // one sentence, when refused
	Violations         []Violation     `json:"violations"`
	Request            json.RawMessage `json:"request"`  // null, JSON, or a string that is not JSON
	Response           json.RawMessage `json:"response"` // likewise
	BodiesShed         bool            `json:"bodies_shed"`
	// BodiesLeftOut: a list leaves out bodies of more than 4 KiB, and the rest of
	// a long explanation; Explain has them.
	BodiesLeftOut bool `json:"bodies_left_out"`
}

// Violation is one broken rule. Sent and Expected are a string, a json.Number,
// a bool, or nil when the property was absent.
type Violation struct {
	Path       string  `json:"path"` // order_lines[1].total_tax_amount
	Rule       string  `json:"rule"` // stable, for programs: line_tax
	Sent       any     `json:"sent"`
	Expected   any     `json:"expected"` // words where there is no single value
	Tolerance  int64   `json:"tolerance"`
	Hint       string  `json:"hint"`
	SentBy     *Origin `json:"sent_by"`     // nil where one body is looked at alone
	ExpectedBy *Origin `json:"expected_by"` // likewise
}

// Origin is the request that set a value.
type Origin struct {
	CorrelationID string    `json:"correlation_id"`
	Operation     string    `json:"operation"`
	Revision      int64     `json:"revision"` // of the session; 0 when it made none
	At            time.Time `json:"at"`
}

// CheckResult is the answer of Check.
type CheckResult struct {
	Answer
	Valid      bool            `json:"valid"`
	Error      *CheckError     `json:"error"` // nil when valid
	Violations []Violation     `json:"violations"`
	Corrected  json.RawMessage `json:"corrected"` // nil unless only arithmetic is wrong
}

// CheckError is how the API would refuse the body.
type CheckError struct {
	Status   int      `json:"status"`
	Code     string   `json:"error_code"`
	Messages []string `json:"error_messages"`
}

// ClockReading is the merchant's time and how far it was moved.
type ClockReading struct {
	Answer
	Now      time.Time
	Advanced time.Duration
}

// UnmarshalJSON reads the duration, which is sent as text.
func (r *ClockReading) UnmarshalJSON(text []byte) error {
	var sent struct {
		Now      time.Time `json:"now"`
		Advanced string    `json:"advanced"`
	}
	err := json.Unmarshal(text, &sent)
	if err != nil {
		return err
	}
	r.Now = sent.Now
	r.Advanced, err = time.ParseDuration(sent.Advanced)
	return err
}
