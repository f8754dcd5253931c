package api

import (
	"net/netip"
	"regexp"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// badBody refuses wrong types of a call's own properties.
func badBody(violations []checkout.Violation) error {
	return &checkout.Refusal{Kind: checkout.KindBadValue, Reason: "the body breaks a rule", Violations: violations}
}

// browserCommand is what a call of the SDK and one of its stand-in have in
// common.
func browserCommand(call risk.Call, request *wire.BrowserRequest) (service.BrowserCall, error) {
	if len(request.Own) > 0 {
		return service.BrowserCall{}, badBody(request.Own)
	}
	const expected = "a category of the session, for example pay_later"
	if category := request.Category.Value; category != "" && !market.KnownCategory(category) {
		return service.BrowserCall{}, badValue("payment_method_category", category, expected)
	}
	for _, category := range request.Categories {
		if !market.KnownCategory(category) {
			return service.BrowserCall{}, badValue("payment_method_categories", category, expected)
		}
	}
	return service.BrowserCall{
		Call: call, Patch: request.Content, Problems: request.Problems,
		Category: request.Category.Value, Categories: request.Categories,
		AutoFinalize:           !request.AutoFinalize.Set || request.AutoFinalize.Value,
		CollectShippingAddress: request.CollectShippingAddress.Value,
	}, nil
}

// carryOut makes the call, for pages and for their stand-in alike. What was
// taken of the queue is used up by a result of this very call.
func (x *exchange) carryOut(sessionID string, request *wire.BrowserRequest, call service.BrowserCall, taken *lab.Taken) (service.BrowserAnswer, error) {
	result := false
	defer func() { taken.Done(result) }()
	answered, err := x.api.Service.Browser(x.request.Context(), x.caller, sessionID, call)
	if err != nil {
		return answered, err
	}
	result = answered.Result.Ask == nil && !answered.Result.Repeated
	x.record.AuthorizationToken = answered.Result.AuthorizationToken
	x.assessmentID = answered.AssessmentID
	x.record.Outcome = outcomeOf(call.Call, &answered)
	if len(answered.Result.Violations) > 0 {
		request.Annotate(answered.Result.Violations)
		x.record.Reason, x.record.Violations = "the data of the call breaks a rule", answered.Result.Violations
	}
	return answered, nil
}

// outcomeOf is what an assessment came to; "" where nothing was assessed.
func outcomeOf(call risk.Call, answered *service.BrowserAnswer) requestlog.Outcome {
	result := &answered.Result
	switch {
	case call == risk.CallLoad, result.Repeated:
		return ""
	case result.Ask != nil, len(result.InvalidFields) > 0, !result.Approved && result.ShowForm:
		return requestlog.OutcomeAsked
	case !result.Changed: // there was nothing to finalize
		return ""
	case !result.Approved:
		return requestlog.OutcomeDenied
	case result.FinalizeRequired:
		return requestlog.OutcomeDeferred
	case answered.Session.Authorization != nil && answered.Session.Authorization.Referred:
		return requestlog.OutcomeReferred
	default:
		return requestlog.OutcomeApproved
	}
}

// callIDMax is the length of a call's id, in characters.
const callIDMax = 64

// deviceID is what a page calls the device it runs on: a UUID, or anything like
// it.
var deviceID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// pageCall is load, authorize, reauthorize or finalize of the SDK, and of the
// purchase flow with what the customer has said so far.
func pageCall(x *exchange, call risk.Call) (answer, error) {
	sessionID, err := x.pageSession()
	if err != nil {
		return answer{}, err
	}
	request, err := wire.DecodePageRequest(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	browser, err := browserCommand(call, &request)
	if err != nil {
		return answer{}, err
	}
	if id := request.CallID; id.Set && (id.Value == "" || utf8.RuneCountInString(id.Value) > callIDMax) {
		return answer{}, badValue("call_id", id.Value, "1 to 64 characters, the same for a call and its repetition")
	}
	if id := request.DeviceID; id.Set && !deviceID.MatchString(id.Value) {
		return answer{}, badValue("device_id", id.Value, "1 to 64 letters, digits and hyphens, the same for all calls of a device")
	}
	giveBack := func() {}
	if call != risk.CallLoad || !browser.Patch.Empty() {
		if giveBack, err = x.assessing(sessionID); err != nil {
			return answer{}, err
		}
	}
	browser.CallID, browser.ShownRevision = request.CallID.Value, request.ShownRevision.Value
	browser.DeviceID, browser.IP = request.DeviceID.Value, x.clientIP()
	browser.Explain = x.api.Playground != nil
	taken := x.api.Next.Take(x.caller.MerchantID, sessionID, string(call))
	browser.Decided = taken.Primed().Decision()
	if browser.Flow = x.flow(&request, taken.Primed()); browser.Flow == nil && browser.CollectShippingAddress {
		browser.Person = lab.Person // an address can only come from somebody
	}
	answered, err := x.carryOut(sessionID, &request, browser, taken)
	if err != nil || answered.Result.Ask != nil || answered.Result.Repeated {
		giveBack()
	}
	if err != nil {
		return answer{}, err
	}
	var view *wire.Widget
	if call == risk.CallLoad {
		known := answered.Session.Known()
		view = &wire.Widget{Content: known, Available: answered.Result.ShowForm,
			Methods: checkout.Offers(&known, browser.Category, browser.Categories)}
	}
	return ok(wire.AppendBrowserAnswer(nil, x.pageOf(string(call), &answered.Session, answered.Notes), answered.Result, view))
}

// clientIP is the address of the customer's browser: internal/proxy has put what
// is true about it into the request. It is empty where there is none, as in a
// test's recorder.
func (x *exchange) clientIP() string {
	address, err := netip.ParseAddrPort(x.request.RemoteAddr)
	if err != nil {
		return ""
	}
	return address.Addr().Unmap().WithZone("").String()
}

// flow is how far the customer has come; nil where nobody is to be asked, which
// only a playground knows.
func (x *exchange) flow(request *wire.BrowserRequest, primed *lab.Primed) *checkout.Flow {
	flow := &checkout.Flow{Answers: request.Answers, Preferred: request.Preferred.Value}
	if x.api.Playground == nil {
		return flow
	}
	interaction := lab.Interaction(request.Interaction.Value)
	if primed != nil && primed.Interaction != "" {
		interaction = primed.Interaction
	}
	if interaction == lab.InteractionNone {
		return nil
	}
	flow.CheckCode = lab.CheckCode
	return flow
}

func (x *exchange) pageOf(call string, session *checkout.Session, notes []string) wire.Page {
	return wire.Page{
		Call: call, Playground: x.api.Playground != nil, MerchantName: x.api.MerchantName(x.request.Context(), session.MerchantID),
		Revision: session.Revision, Notes: notes,
	}
}

// review tells how an approved payment is paid.
func review(x *exchange) (answer, error) {
	sessionID, err := x.pageSession()
	if err != nil {
		return answer{}, err
	}
	session, err := x.api.Service.ReadSession(x.request.Context(), x.caller, sessionID)
	if err != nil {
		return answer{}, err
	}
	view := wire.Widget{}
	var paid checkout.Offer
	var notes []string
	if view.Content, paid, view.Available = session.Review(); view.Available {
		view.Methods = []checkout.Offer{paid}
	} else {
		notes = []string{"Nothing is approved: loadPaymentReview() comes after an authorize() that was."}
	}
	result := checkout.BrowserResult{ShowForm: view.Available}
	return ok(wire.AppendBrowserAnswer(nil, x.pageOf(string(risk.CallLoad), &session, notes), result, &view))
}
