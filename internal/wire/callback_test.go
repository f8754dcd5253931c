package wire_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// TestTheBodiesOfCallbacks, as documented; a push has none.
func TestTheBodiesOfCallbacks(t *testing.T) {
	t.Parallel()
	for want, callback := range map[string]checkout.Callback{
		`{"authorization_token":"t","session_id":"s"}`:        {Kind: checkout.CallbackAuthorization, AuthorizationToken: "t", SessionID: "s"},
		`{"order_id":"o","event_type":"FRAUD_RISK_ACCEPTED"}`: {Kind: checkout.CallbackNotification, OrderID: "o", SessionID: "s", EventType: "FRAUD_RISK_ACCEPTED"},
		``: {Kind: checkout.CallbackPush, OrderID: "o", SessionID: "s"},
	} {
		if got := string(wire.AppendCallback([]byte("kept"), &callback)); got != "kept"+want {
			t.Errorf("%s: %s, want %s", callback.Kind, got, want)
		}
	}
}
