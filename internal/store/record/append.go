package record

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// version is the newest format Append writes. Decode reads it and all before
// it. Version 2 has what the customer added to the content, and the id of the call
// that was assessed; a session without both is written as version 1, which older
// programs read.
const version = 2

// Append writes the session to dst and returns the longer slice. Times are
// unix milliseconds. Strings are taken to be UTF-8, as all decoded input is. A
// large document is packed.
func Append(dst []byte, s *checkout.Session) []byte {
	start := len(dst)
	dst = appendDocument(dst, s)
	return pack(dst, start)
}

func appendDocument(dst []byte, s *checkout.Session) []byte {
	dst = append(dst, `{"version":`...)
	own := int64(1)
	if s.Collected != nil || s.Authorization != nil && s.Authorization.CallID != "" {
		own = version
	}
	dst = strconv.AppendInt(dst, own, 10)
	dst = appendInteger(dst, `,"revision":`, s.Revision)
	dst = appendTime(dst, `,"updated_at":`, s.UpdatedAt)
	dst = appendTime(dst, `,"expires_at":`, s.ExpiresAt)
	dst = append(dst, `,"content":`...)
	start := len(dst)
	dst = wire.AppendContent(dst, &s.Content)
	end := len(dst)
	if s.Collected != nil {
		dst = wire.AppendContent(append(dst, `,"collected":`...), s.Collected)
	}
	if s.Authorization != nil {
		dst = append(dst, `,"authorization":`...)
		dst = appendAuthorization(dst, s.Authorization, start, end)
	}
	if s.CustomerToken != nil {
		dst = append(dst, `,"customer_token":`...)
		dst = appendCustomerToken(dst, s.CustomerToken)
	}
	if s.Order != nil {
		dst = append(dst, `,"order":`...)
		dst = appendOrder(dst, s.Order)
	}
	return append(dst, '}')
}

// appendAuthorization writes the approved content only if it is not the
// session's, which is dst[start:end]. Written contents are equal exactly when
// the contents are, and comparing bytes is the fastest way to know.
func appendAuthorization(dst []byte, a *checkout.Authorization, start, end int) []byte {
	dst = appendText(dst, `{"state":`, string(a.State))
	dst = appendFilled(dst, `,"token":`, a.Token)
	dst = appendFilled(dst, `,"category":`, a.Category)
	dst = appendInteger(dst, `,"revision":`, a.Revision)
	dst = appendTime(dst, `,"created_at":`, a.CreatedAt)
	dst = appendTime(dst, `,"expires_at":`, a.ExpiresAt)
	if a.Referred {
		dst = append(dst, `,"referred":true`...)
	}
	dst = appendFilled(dst, `,"reason":`, a.Reason)
	dst = appendFilled(dst, `,"call_id":`, a.CallID)
	if a.Content != nil {
		before := len(dst)
		dst = append(dst, `,"content":`...)
		copied := len(dst)
		dst = wire.AppendContent(dst, a.Content)
		if bytes.Equal(dst[start:end], dst[copied:]) {
			dst = append(dst[:before], `,"content_of_session":true`...)
		}
	}
	return append(dst, '}')
}

func appendCustomerToken(dst []byte, t *checkout.CustomerToken) []byte {
	dst = appendText(dst, `{"id":`, t.ID)
	dst = appendText(dst, `,"authorization_token":`, t.AuthorizationToken)
	dst = appendTime(dst, `,"created_at":`, t.CreatedAt)
	dst = appendFilled(dst, `,"description":`, t.Description)
	return append(dst, '}')
}

func appendOrder(dst []byte, o *checkout.Order) []byte {
	dst = appendText(dst, `{"id":`, o.ID)
	dst = appendText(dst, `,"authorization_token":`, o.AuthorizationToken)
	dst = appendTime(dst, `,"created_at":`, o.CreatedAt)
	dst = append(dst, `,"content":`...)
	dst = wire.AppendContent(dst, &o.Content)
	dst = append(dst, `,"request":`...)
	dst = wire.AppendContent(dst, &o.Request)
	dst = appendText(dst, `,"fraud_status":`, o.FraudStatus)
	dst = appendText(dst, `,"method":{"type":`, o.Method.Type)
	dst = appendInteger(dst, `,"number_of_days":`, int64(o.Method.NumberOfDays))
	dst = appendInteger(dst, `,"number_of_installments":`, int64(o.Method.NumberOfInstallments))
	dst = appendInteger(dst, `},"ledger":{"authorized":`, int64(o.Ledger.Authorized))
	dst = appendInteger(dst, `,"captured":`, int64(o.Ledger.Captured))
	dst = appendInteger(dst, `,"released":`, int64(o.Ledger.Released))
	dst = appendInteger(dst, `,"refunded":`, int64(o.Ledger.Refunded))
	return append(dst, `}}`...)
}

func appendInteger(dst []byte, key string, v int64) []byte {
	return strconv.AppendInt(append(dst, key...), v, 10)
}

func appendTime(dst []byte, key string, t time.Time) []byte {
	return appendInteger(dst, key, t.UnixMilli())
}

func appendText(dst []byte, key, v string) []byte {
	// The error is about invalid UTF-8, which has been replaced.
	dst, _ = jsontext.AppendQuote(append(dst, key...), v)
	return dst
}

// appendFilled leaves an empty string out.
func appendFilled(dst []byte, key, v string) []byte {
	if v == "" {
		return dst
	}
	return appendText(dst, key, v)
}
