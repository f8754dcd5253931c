package requestlog

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Exchange is one HTTP request and its answer, as the merchant portal shows it.
type Exchange struct {
	CorrelationID      string
	MerchantID         string // empty when the caller was not authenticated
	At                 time.Time
	Duration           time.Duration
	Method             string
	Path               string // as sent, without query
	Operation          string // e.g. "update_session"; empty when no route matched
	Status             int
	SessionID          string // when known
	OrderID            string // when known
	AuthorizationToken string // when known
	RequestBody        []byte // must not be changed after Record; may be nil
	ResponseBody       []byte // likewise
	ErrorCode          string
	ErrorMessages      []string
	Reason             string // one sentence, when refused or met by a fault of a playground
	Violations         []checkout.Violation
	Shed               bool // the bodies were not stored
	// LeftOut: a list has not all of it, because it is large; Find has. It is
	// not stored.
	LeftOut bool
	// Expendable makes a refusal give way like a success: it is one of many
	// that say the same, and nobody may make the server write for each of them.
	Expendable bool
	// Outcome is what an assessment came to; empty of other calls. It is counted
	// and not stored.
	Outcome Outcome
	// Overloaded tells observers that the refusal was for want of room. It is
	// not stored.
	Overloaded bool
}

// Refused tells whether the answer is an error.
func (e *Exchange) Refused() bool { return e.Status >= 400 }

// Done tells whether the exchange did what it was meant to. A callback without an
// answer has no status.
func (e *Exchange) Done() bool { return e.Status > 0 && e.Status < 300 }

// Durable tells whether the exchange must be kept before it is answered and
// must never be lost.
func (e *Exchange) Durable() bool { return e.Refused() && !e.Expendable }
