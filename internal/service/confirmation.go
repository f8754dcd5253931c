package service

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// ConfirmationURL is the merchant's address for a customer whose order was
// placed or whose customer token was made, with the placeholders filled in;
// without an order {order.id} is empty. The session's id, which nobody can
// guess, is the only credential: a customer's browser has no other.
func (s *Service) ConfirmationURL(ctx context.Context, sessionID string) (string, error) {
	session, err := s.find(ctx, sessionID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", unavailable(err)
	}
	if err != nil || (!session.Complete() && session.CustomerToken == nil) || Confirmation(session) == "" {
		return "", &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "there is no order with a confirmation URL for this session"}
	}
	orderID := ""
	if session.Complete() {
		orderID = session.Order.ID
	}
	return checkout.FillIn(Confirmation(session), session.ID, orderID), nil
}

// Confirmation is the confirmation URL that holds for the session: the order
// call's, else the session's, else "".
func Confirmation(session *checkout.Session) string {
	urls := session.Content.MerchantURLs
	if session.Order != nil && session.Order.Content.MerchantURLs != nil {
		urls = session.Order.Content.MerchantURLs
	}
	if urls == nil {
		return ""
	}
	return urls.Confirmation.Value
}
