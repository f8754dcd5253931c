package client

import (
	"context"
	"net/http"
)

// CreateSession opens a session. Every call makes a new one.
func (c *Client) CreateSession(ctx context.Context, body any) (NewSession, error) {
	var answer NewSession
	err := c.do(ctx, call{operation: "create session", method: http.MethodPost, path: "/payments/v1/sessions", body: body}, &answer)
	return answer, err
}

// ReadSession returns the newest state of a session.
func (c *Client) ReadSession(ctx context.Context, sessionID string) (Session, error) {
	var answer Session
	err := c.do(ctx, call{operation: "read session", method: http.MethodGet, path: "/payments/v1/sessions/{id}", id: sessionID}, &answer)
	return answer, err
}

// UpdateSession merges the body into a session. An empty object, "{}", changes
// nothing and extends the session's life.
func (c *Client) UpdateSession(ctx context.Context, sessionID string, body any) (Answer, error) {
	var answer Answer
	err := c.do(ctx, call{operation: "update session", method: http.MethodPost,
		path: "/payments/v1/sessions/{id}", id: sessionID, body: body}, &answer)
	return answer, err
}

// PlaceOrder turns an authorization into an order. The same call again answers
// the same order; so after a lost answer, repeat it.
func (c *Client) PlaceOrder(ctx context.Context, authorizationToken string, body any) (Order, error) {
	var answer Order
	err := c.do(ctx, call{operation: "place order", method: http.MethodPost,
		path: "/payments/v1/authorizations/{id}/order", id: authorizationToken, body: body}, &answer)
	return answer, err
}

// CancelAuthorization releases an authorization that did not become an order.
func (c *Client) CancelAuthorization(ctx context.Context, authorizationToken string) (Answer, error) {
	var answer Answer
	err := c.do(ctx, call{operation: "cancel authorization", method: http.MethodDelete,
		path: "/payments/v1/authorizations/{id}", id: authorizationToken}, &answer)
	return answer, err
}

// CreateCustomerToken makes a token for later charges, once per authorization.
func (c *Client) CreateCustomerToken(ctx context.Context, authorizationToken string, body any) (CustomerToken, error) {
	var answer CustomerToken
	err := c.do(ctx, call{operation: "create customer token", method: http.MethodPost,
		path: "/payments/v1/authorizations/{id}/customer-token", id: authorizationToken, body: body}, &answer)
	return answer, err
}
