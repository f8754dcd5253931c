package requestlog

import "time"

// Query asks for exchanges, the newest first. What is zero does not narrow.
type Query struct {
	MerchantID   string
	AllMerchants bool // for operators; MerchantID is not looked at
	// Text is what somebody typed into the search box: ids, a token, a reference,
	// an amount, an e-mail address, words of a body, or path=value of a body.
	Text                 string
	StatusFrom, StatusTo int // inclusive
	Method, Operation    string
	SessionID, OrderID   string
	From, To             time.Time // when it began; To is exclusive
	Before               string    // Page.Next of the page before; "" begins with the newest
	Limit                int       // at least 1, at most SearchMax
}

// SearchMax bounds Query.Limit.
const SearchMax = 200

// Page is an answer to a Query.
type Page struct {
	Exchanges []Exchange
	Next      string // where the next page begins; "" when there is none
	// Partial tells that the search ended before it had looked at everything that
	// could match; Next goes on.
	Partial bool
}
