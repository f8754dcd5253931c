package checkout

import (
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/money"
)

// Order is what a merchant placed with an authorization.
type Order struct {
	ID                 string
	AuthorizationToken string
	CreatedAt          time.Time
	Content            Content // what was approved, with the order call's references and URLs
	Request            Content // the order call's own body: a repeat must equal it
	FraudStatus        string  // ACCEPTED or PENDING at creation
	Review             *Review // of an order that was PENDING at creation, else nil
	Method             market.Method
	Ledger             Ledger
}

// The fraud statuses of an order.
const (
	FraudAccepted = "ACCEPTED"
	FraudPending  = "PENDING"
	FraudRejected = "REJECTED"
)

// FraudStatuses are those an order may have.
var FraudStatuses = []string{FraudAccepted, FraudPending, FraudRejected}

// PlacedStatus is the fraud status the order was placed with. It is what the
// order call answers, also when it comes again after a review: a repeated call
// was recorded with the answer of the first.
func (o *Order) PlacedStatus() string {
	if o.Review != nil {
		return FraudPending
	}
	return o.FraudStatus
}

// PlaceOrder is the command to turn an authorization into an order.
type PlaceOrder struct {
	Token   string
	Request Content
	OrderID string
	Now     time.Time
	Review  ReviewTerms // where those of the authorization say nothing
	// FourEyesAbove are the amounts by currency, in minor units, above which it
	// takes two people to accept a referred order; a currency that is absent has
	// no limit.
	FourEyesAbove map[string]int64
}

// ValidateOrder checks an order body by itself. It runs before the token is
// looked at: a recorded {} after a placed order was told its missing fields.
func ValidateOrder(request *Content, problems []Violation) *Refusal {
	if violations := Validate(OperationOrder, request, problems); len(violations) > 0 {
		return refuseValues(violations)
	}
	return nil
}

// PlaceOrder places the order once. The same call again gives the same order
// (replayed is true and there is no event); another body is refused.
func (s Session) PlaceOrder(cmd PlaceOrder) (next Session, event Event, replayed bool, refusal *Refusal) {
	request := Content{}.Merge(cmd.Request)
	if s.Order != nil && s.Order.AuthorizationToken == cmd.Token {
		if differences := requestDifferences(&s.Order.Request, &request, !s.ErasedAt.IsZero()); len(differences) > 0 {
			return s, Event{}, false, &Refusal{Kind: KindCompletedDifferently, Violations: differences,
				Reason: "order " + s.Order.ID + " was placed with this authorization and another body"}
		}
		return s, Event{}, true, nil
	}
	authorization, refusal := s.usable(cmd.Token, cmd.Now)
	if refusal != nil {
		return s, Event{}, false, refusal
	}
	if authorization.Content.intent() == IntentTokenize {
		return s, Event{}, false, refuse(KindOperationNotAllowed,
			"the intent that was authorized is tokenize: create a customer token instead of an order")
	}
	if violations := notApproved(authorization.Content, s.Collected, &request); len(violations) > 0 {
		return s, Event{}, false, &Refusal{Kind: KindNotMatching, Violations: violations,
			Reason: "the order differs from what was authorized"}
	}
	state, ok := NextAuthorizationState(authorization.State, EventOrdered)
	if !ok {
		return s, Event{}, false, refuse(KindTokenConsumed, "the authorization is "+string(authorization.State))
	}
	ordered := *authorization
	ordered.State = state
	s.Authorization = &ordered
	s.Order = newOrder(authorization, s.Collected, &request, cmd)
	s.Revision++
	s.UpdatedAt = cmd.Now
	event = Event{Kind: EventOrdered, At: cmd.Now, AuthorizationToken: cmd.Token, OrderID: cmd.OrderID}
	return s, event, false, nil
}

func newOrder(a *Authorization, collected, request *Content, cmd PlaceOrder) *Order {
	order := &Order{
		ID: cmd.OrderID, AuthorizationToken: cmd.Token, CreatedAt: cmd.Now,
		Content:     orderContent(a.Content, collected, request),
		Request:     *request,
		FraudStatus: FraudAccepted,
		Method:      a.Content.Market().MethodOf(a.Category),
		Ledger:      NewLedger(money.Amount(a.Content.OrderAmount.Value)),
	}
	if a.Referred {
		order.FraudStatus = FraudPending
		order.Review = newReview(a, cmd)
	} else if request.AutoCapture.Value {
		// A capture of the whole sum of a fresh ledger cannot be refused.
		order.Ledger, _ = order.Ledger.Capture(order.Ledger.Authorized)
	}
	return order
}

// orderContent is what was approved: what the shop had stated, filled in with
// what the customer added. The order call adds what is not compared and not
// part of the approval (references, URLs, locale), and fills in the person and
// the addresses that were never stated before; its address is taken whole.
func orderContent(stated, collected, request *Content) Content {
	content := stated.filledWith(collected)
	overlayText(&content.Locale, &request.Locale)
	overlayText(&content.MerchantData, &request.MerchantData)
	overlayText(&content.MerchantReference1, &request.MerchantReference1)
	overlayText(&content.MerchantReference2, &request.MerchantReference2)
	content.MerchantURLs = mergeObject(MerchantURLFields, stated.MerchantURLs, request.MerchantURLs)
	content.AutoCapture = request.AutoCapture
	if request.CustomPaymentMethodIDs != nil {
		content.CustomPaymentMethodIDs = request.CustomPaymentMethodIDs
	}
	content.Customer = mergeObject(CustomerFields, request.Customer, content.Customer)
	if sentAddress(stated.BillingAddress) == nil && (collected == nil || sentAddress(request.BillingAddress) != nil) {
		content.BillingAddress = request.BillingAddress
	}
	if sentAddress(stated.ShippingAddress) == nil {
		content.ShippingAddress = request.ShippingAddress
	}
	return content
}

// requestDifferences lists how a repeated order call differs from the first:
// every writable property counts, but for what was erased of the first.
func requestDifferences(first, again *Content, erased bool) []Violation {
	m := &matching{erased: erased}
	matchTexts(m, "", ContentTextFields, first, again)
	matchIntegers(m, "", ContentIntegerFields, first, again)
	if first.AutoCapture.Value != again.AutoCapture.Value {
		m.differ("auto_capture", again.AutoCapture.Value, first.AutoCapture.Value)
	}
	matchTexts(m, "attachment", AttachmentFields, orEmpty(first.Attachment), orEmpty(again.Attachment))
	matchTexts(m, "billing_address", AddressFields, orEmpty(first.BillingAddress), orEmpty(again.BillingAddress))
	matchTexts(m, "customer", CustomerFields, orEmpty(first.Customer), orEmpty(again.Customer))
	matchTexts(m, "merchant_urls", MerchantURLFields, orEmpty(first.MerchantURLs), orEmpty(again.MerchantURLs))
	matchTexts(m, "options", OptionFields, orEmpty(first.Options), orEmpty(again.Options))
	matchTexts(m, "shipping_address", AddressFields, orEmpty(first.ShippingAddress), orEmpty(again.ShippingAddress))
	if !slices.Equal(first.CustomPaymentMethodIDs, again.CustomPaymentMethodIDs) {
		m.differ("custom_payment_method_ids",
			strings.Join(again.CustomPaymentMethodIDs, ", "), strings.Join(first.CustomPaymentMethodIDs, ", "))
	}
	m.lines(first.OrderLines, again.OrderLines)
	for i := range m.violations {
		m.violations[i].Rule = RuleSameBody
	}
	return m.violations
}
