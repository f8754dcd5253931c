package checkout

import "time"

// ReviewTerms say how an order that is referred is reviewed.
type ReviewTerms struct {
	// Due is how long after the order somebody may decide; zero is the default.
	Due time.Duration
	// AtDue is what is decided when nobody did: "accept" or "reject"; empty is the
	// default.
	AtDue ReviewVerdict
}

// ReviewVerdict is the end of a review.
type ReviewVerdict string

// The verdicts.
const (
	ReviewAccept ReviewVerdict = "accept"
	ReviewReject ReviewVerdict = "reject"
)
