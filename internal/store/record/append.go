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
// that was assessed; version 3 has the review of the order, and of the
// authorization the id of its assessment and the terms of a review. A session is
// written as the oldest version that has all of it: older programs read those that
// nobody has tried to pay for yet. Every decision about a payment has an assessment,
// so every session after it is of version 3. Version 4 has when a person's data was
// erased from it.
const version = 4

// versionOf is the version a session is written as.
func versionOf(s *checkout.Session) int64 {
	a := s.Authorization
	switch {
	case !s.ErasedAt.IsZero():
		return 4
	case s.Order != nil && s.Order.Review != nil, a != nil && (a.AssessmentID != "" || a.Review != checkout.ReviewTerms{}):
		return 3
	case s.Collected != nil, a != nil && a.CallID != "":
		return 2
	default:
		return 1
	}
}

// Append writes the session to dst and returns the longer slice. Times are
// unix milliseconds. Strings are taken to be UTF-8, as all decoded input is. A
// large document is packed.
func Append(dst []byte, s *checkout.Session) []byte {
	start := len(dst)
	dst = appendDocument(dst, s)
	return pack(dst, start)
}

func appendDocument(dst []byte, s *checkout.Session) []byte {
	dst = appendInteger(dst, `{"version":`, versionOf(s))
	dst = appendInteger(dst, `,"revision":`, s.Revision)
	dst = appendTime(dst, `,"updated_at":`, s.UpdatedAt)
	dst = appendTime(dst, `,"expires_at":`, s.ExpiresAt)
	dst = appendFilledTime(dst, `,"erased_at":`, s.ErasedAt)
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
	dst = appendFilled(dst, `,"assessment_id":`, a.AssessmentID)
	if a.Review.Due != 0 {
		dst = appendInteger(dst, `,"review_due":`, a.Review.Due.Milliseconds())
	}
	dst = appendFilled(dst, `,"review_at_due":`, string(a.Review.AtDue))
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
	dst = append(dst, '}')
	if o.Review != nil {
		dst = appendReview(append(dst, `,"review":`...), o.Review)
	}
	return append(dst, '}')
}

func appendReview(dst []byte, r *checkout.Review) []byte {
	dst = appendText(dst, `{"state":`, string(r.State))
	dst = appendTime(dst, `,"due_at":`, r.DueAt)
	dst = appendText(dst, `,"at_due":`, string(r.AtDue))
	if r.NeedsSecond {
		dst = append(dst, `,"needs_second":true`...)
	}
	dst = appendFilled(dst, `,"claimed_by":`, r.ClaimedBy)
	dst = appendFilledTime(dst, `,"claimed_at":`, r.ClaimedAt)
	dst = appendFilled(dst, `,"first_by":`, r.FirstBy)
	dst = appendFilledTime(dst, `,"first_at":`, r.FirstAt)
	dst = appendFilled(dst, `,"first_reason":`, r.FirstReason)
	dst = appendFilled(dst, `,"decided_by":`, r.DecidedBy)
	dst = appendFilledTime(dst, `,"decided_at":`, r.DecidedAt)
	dst = appendFilled(dst, `,"reason":`, r.Reason)
	if r.Automatic {
		dst = append(dst, `,"automatic":true`...)
	}
	dst = appendFilled(dst, `,"stopped_by":`, r.StoppedBy)
	dst = appendFilledTime(dst, `,"stopped_at":`, r.StoppedAt)
	dst = appendFilled(dst, `,"stop_reason":`, r.StopReason)
	dst = appendFilled(dst, `,"changed_by":`, r.ChangedBy)
	return append(dst, '}')
}

func appendInteger(dst []byte, key string, v int64) []byte {
	return strconv.AppendInt(append(dst, key...), v, 10)
}

func appendTime(dst []byte, key string, t time.Time) []byte {
	return appendInteger(dst, key, t.UnixMilli())
}

// appendFilledTime leaves the zero time out.
func appendFilledTime(dst []byte, key string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	return appendTime(dst, key, t)
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
