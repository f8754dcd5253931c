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
	Login string
	Now   time.Time // the merchant's time
}

// Assessor decides. It must answer for any content, within the context's
// deadline, and may be called from many goroutines.
type Assessor interface {
	Assess(ctx context.Context, in Input) checkout.Decision
}
