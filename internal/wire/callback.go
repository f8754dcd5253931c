package wire

import "github.com/kvitto/kvitto/internal/checkout"

// AppendCallback writes the body of a message to a merchant's server.
func AppendCallback(dst []byte, callback *checkout.Callback) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("authorization_token", callback.AuthorizationToken)
	w.text("session_id", callback.SessionID)
	w.close('}')
	return w.buf
}
