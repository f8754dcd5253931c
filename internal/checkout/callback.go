package checkout

// CallbackKind names what a message to a merchant's server is about.
type CallbackKind string

// The kinds. The first brings an authorization token, the second the end of a
// review, the third that an order was placed.
const (
	CallbackAuthorization CallbackKind = "authorization"
	CallbackNotification  CallbackKind = "notification"
	CallbackPush          CallbackKind = "push"
)

// Callback is a message to the merchant's server that an event causes.
type Callback struct {
	Kind               CallbackKind
	URL                string // as the merchant stated it
	SessionID          string
	AuthorizationToken string
}

// CallbackOf is the message that the event causes, in the state it led to; ok
// is false when there is none. A token that was issued is told to
// merchant_urls.authorization, also when the browser got it; an approval that
// waits for finalize has no token yet.
func CallbackOf(s *Session, e *Event) (callback Callback, ok bool) {
	urls := s.Content.MerchantURLs
	issued := e.Kind == EventAuthorized || e.Kind == EventReferred
	if !issued || e.AuthorizationToken == "" || urls == nil || urls.Authorization.Value == "" {
		return Callback{}, false
	}
	return Callback{
		Kind: CallbackAuthorization, URL: urls.Authorization.Value,
		SessionID: s.ID, AuthorizationToken: e.AuthorizationToken,
	}, true
}
