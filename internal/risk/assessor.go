package risk

import (
	"context"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Call is the browser call that asks.
type Call string

// The calls of the browser SDK.
const (
	CallLoad        Call = "load"
	CallAuthorize   Call = "authorize"
	CallReauthorize Call = "reauthorize"
	CallFinalize    Call = "finalize"
)

// Input is what an assessment looks at.
type Input struct {
	MerchantID string
	SessionID  string
	Call       Call
	Content    *checkout.Content // must not be changed
	// Login is the e-mail address or phone number the customer signed in with,
	// empty when nobody did. It need not be the one in the content.
	Login    string
	DeviceID string // as the page tells it; empty when it does not
	IP       string // of the customer's browser; empty when a server called
	// Changes is how many changes the session has had, and CreatedAt when it was
	// made; zero when that is not known.
	Changes   int64
	CreatedAt time.Time
	// Denied tells that the newest answer to the session was a denial.
	Denied bool
	Now    time.Time // the merchant's time
	// History is what is remembered of those who take part; the zero value when
	// nothing is.
	History History
}

// Assessor decides. It must answer for any content, within the context's
// deadline, and may be called from many goroutines.
type Assessor interface {
	Assess(ctx context.Context, in Input) Assessment
}

// Reader is an Assessor that says beforehand whose history its decisions for a
// merchant depend on. It is a hint: what counts is Assessment.Reads.
type Reader interface {
	Reads(merchantID string) []SubjectKind
}
