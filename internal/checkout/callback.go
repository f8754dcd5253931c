package checkout

import (
	"strings"
	"time"
)

// CallbackKind names what a message to a merchant's server is about.
type CallbackKind string

// The kinds. The first brings an authorization token, the second the end of a
// review, the third that an order was placed.
const (
	CallbackAuthorization CallbackKind = "authorization"
	CallbackNotification  CallbackKind = "notification"
	CallbackPush          CallbackKind = "push"
)

// PushDelay is how long after its order a push is sent first. Source: the
// documented schedule of pushes, "about 2 minutes".
const PushDelay = 2 * time.Minute

// Callback is a message to the merchant's server that an event causes.
type Callback struct {
	Kind               CallbackKind
	URL                string // as the merchant stated it, with the placeholders filled in
	SessionID          string
	AuthorizationToken string        // of an authorization
	OrderID            string        // of a notification or a push
	EventType          string        // of a notification
	Delay              time.Duration // from the event to the first attempt
}

// riskEvents are what a notification says of the end of a review.
var riskEvents = map[EventKind]string{
	EventReviewAccepted: "FRAUD_RISK_ACCEPTED",
	EventReviewRejected: "FRAUD_RISK_REJECTED",
	EventReviewStopped:  "FRAUD_RISK_STOPPED",
}

// CallbackOf is the message that the event causes, in the state it led to; ok
// is false when there is none. A token that was issued is told to
// merchant_urls.authorization, also when the browser got it; an approval that
// waits for finalize has no token yet. An order is told to merchant_urls.push, the
// end of its review to merchant_urls.notification: the order call's, else the
// session's.
func CallbackOf(s *Session, e *Event) (callback Callback, ok bool) {
	switch e.Kind {
	case EventAuthorized, EventReferred:
		callback = Callback{Kind: CallbackAuthorization, AuthorizationToken: e.AuthorizationToken}
		if urls := s.Content.MerchantURLs; urls != nil && e.AuthorizationToken != "" {
			callback.URL = urls.Authorization.Value
		}
	case EventOrdered:
		callback = Callback{Kind: CallbackPush, URL: s.Order.urls().Push.Value, OrderID: s.Order.ID, Delay: PushDelay}
	case EventReviewAccepted, EventReviewRejected, EventReviewStopped:
		callback = Callback{Kind: CallbackNotification, URL: s.Order.urls().Notification.Value, OrderID: s.Order.ID, EventType: riskEvents[e.Kind]}
	default:
	}
	if callback.URL == "" {
		return Callback{}, false
	}
	callback.SessionID = s.ID
	if callback.OrderID != "" {
		callback.URL = FillIn(callback.URL, s.ID, callback.OrderID)
	}
	return callback, true
}

// urls are the merchant URLs that hold for the order.
func (o *Order) urls() MerchantURLs {
	if o.Content.MerchantURLs == nil {
		return MerchantURLs{}
	}
	return *o.Content.MerchantURLs
}

// FillIn fills in the placeholders of a merchant's address: {session.id},
// {order.id}, and {checkout.order.id} for addresses that were written for the
// checkout's orders.
func FillIn(url, sessionID, orderID string) string {
	return strings.NewReplacer("{session.id}", sessionID, "{order.id}", orderID, "{checkout.order.id}", orderID).Replace(url)
}
