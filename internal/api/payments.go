package api

import (
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// malformed is the refusal of a body that is no JSON object.
func malformed(err error) error {
	return &checkout.Refusal{Kind: checkout.KindBadRequest, Reason: err.Error()}
}

// decoded reads the body of an operation.
func (x *exchange) decoded() (wire.Request, error) {
	request, err := wire.DecodeRequest(x.record.RequestBody)
	if err != nil {
		return request, malformed(err)
	}
	return request, nil
}

// annotated adds what decoding noticed to a refusal's hints.
func annotated(request *wire.Request, err error) error {
	var refusal *checkout.Refusal
	if len(request.Notes) > 0 && errors.As(err, &refusal) {
		request.Annotate(refusal.Violations)
	}
	return err
}

func createSession(x *exchange) (answer, error) {
	request, err := x.decoded()
	if err != nil {
		return answer{}, err
	}
	x.caller.BrowserURL = x.api.Addresses(x.request).Browser
	session, err := x.api.Service.CreateSession(x.request.Context(), x.caller, request.Content, request.Problems)
	if err != nil {
		return answer{}, annotated(&request, err)
	}
	x.record.SessionID = session.ID
	return ok(wire.AppendCreated(nil, &session))
}

func (x *exchange) sessionID() string {
	x.record.SessionID = x.request.PathValue("session_id")
	return x.record.SessionID
}

func readSession(x *exchange) (answer, error) {
	session, err := x.api.Service.ReadSession(x.request.Context(), x.caller, x.sessionID())
	if err != nil {
		return answer{}, err
	}
	return ok(wire.AppendSession(nil, &session, x.caller.Now))
}

func updateSession(x *exchange) (answer, error) {
	sessionID := x.sessionID()
	request, err := x.decoded()
	if err != nil {
		return answer{}, err
	}
	err = x.api.Service.UpdateSession(x.request.Context(), x.caller, sessionID, request.Content, request.Problems)
	if err != nil {
		return answer{}, annotated(&request, err)
	}
	return noContent()
}

func (x *exchange) authorizationToken() string {
	x.record.AuthorizationToken = x.request.PathValue("authorization_token")
	return x.record.AuthorizationToken
}

func createOrder(x *exchange) (answer, error) {
	token := x.authorizationToken()
	request, err := x.decoded()
	if err != nil {
		return answer{}, err
	}
	session, err := x.api.Service.PlaceOrder(x.request.Context(), x.caller, token, request.Content, request.Problems)
	x.record.SessionID = session.ID
	if err != nil {
		return answer{}, annotated(&request, err)
	}
	x.record.OrderID = session.Order.ID
	return ok(wire.AppendOrder(nil, session.Order, x.redirectURL(&session)))
}

// redirectURL leads the customer's browser to the merchant's confirmation
// page. Without one there is no redirect_url (documented).
func (x *exchange) redirectURL(session *checkout.Session) string {
	if service.Confirmation(session) == "" {
		return ""
	}
	return x.api.Addresses(x.request).Browser + "/kp/v1/sessions/" + session.ID + "/redirect"
}

func cancelAuthorization(x *exchange) (answer, error) {
	session, err := x.api.Service.CancelAuthorization(x.request.Context(), x.caller, x.authorizationToken())
	x.record.SessionID = session.ID
	if err != nil {
		return answer{}, err
	}
	return noContent()
}

func createCustomerToken(x *exchange) (answer, error) {
	token := x.authorizationToken()
	request, err := wire.DecodeTokenRequest(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	session, err := x.api.Service.CreateCustomerToken(x.request.Context(), x.caller, checkout.CreateCustomerToken{
		Token: token, Description: request.Description, IntendedUse: request.IntendedUse, Request: request.Content,
	}, request.Problems)
	x.record.SessionID = session.ID
	if err != nil {
		return answer{}, annotated(&request.Request, err)
	}
	return ok(wire.AppendCustomerToken(nil, &session, x.redirectURL(&session)))
}
