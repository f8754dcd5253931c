package wire_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// TestTheFormOfAReview: what a playground and an operator see, and what a merchant
// sees whose operator decides.
func TestTheFormOfAReview(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC)
	session := checkout.Session{
		Authorization: &checkout.Authorization{Reason: "rule large", AssessmentID: "assessment"},
		Order: &checkout.Order{FraudStatus: "REJECTED", Review: &checkout.Review{AtDue: checkout.ReviewReject, Automatic: true,
			FirstBy: "anna", FirstAt: at, FirstReason: "1", DecidedBy: "bo", DecidedAt: at, Reason: "2", StoppedBy: "cilla", StoppedAt: at, StopReason: "3"}},
	}
	review := wire.Review{OrderID: "o", SessionID: "s", MerchantID: "m", PlacedAt: at, DueAt: at.Add(time.Hour), Amount: 100, Currency: "SEK",
		State: "claimed", ClaimedBy: "anna"}
	const head = `{"order_id":"o","session_id":"s","merchant_id":"m","state":"claimed","placed_at":"2026-03-01T12:00:00.005Z",` +
		`"due_at":"2026-03-01T13:00:00.005Z","order_amount":100,"purchase_currency":"SEK"`
	const story = `,"fraud_status":"REJECTED","at_due":"reject"`
	const when = `"2026-03-01T12:00:00.005Z"`
	whole := review
	whole.Session = &session
	names, none := wire.ReviewView{Names: true}, wire.ReviewView{}
	for want, got := range map[string][]byte{
		`{"reviews":[],"next":"x"}`:                       wire.AppendReviews(nil, names, nil, "x"),
		`{"reviews":[` + head + `,"claimed_by":"anna"}]}`: wire.AppendReviews(nil, names, []wire.Review{review}, ""),
		`{"reviews":[` + head + `}]}`:                     wire.AppendReviews(nil, none, []wire.Review{review}, ""),
		head + `,"claimed_by":"anna"` + story + `,"referred_because":"rule large","assessment_id":"assessment"` +
			`,"first_at":` + when + `,"first_by":"anna","first_reason":"1","decided_at":` + when + `,"decided_by":"bo","decided_reason":"2"` +
			`,"automatic":true,"stopped_at":` + when + `,"stopped_by":"cilla","stopped_reason":"3"}`: wire.AppendReview(nil, names, &whole),
		head + story + `,"first_at":` + when + `,"decided_at":` + when + `,"automatic":true,"stopped_at":` + when + `}`: wire.AppendReview(nil, none, &whole),
	} {
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTheBodyOfAReviewStep(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]wire.ReviewStep{
		``: {}, `{}`: {}, `{"by":"anna","reason":"because","other":[]}`: {By: "anna", Reason: "because"}, `{"by":null}`: {},
	} {
		if got, problems, err := wire.DecodeReviewStep([]byte(body)); got != want || len(problems) > 0 || err != nil {
			t.Errorf("%s: %+v, %v, %v", body, got, problems, err)
		}
	}
	if _, problems, err := wire.DecodeReviewStep([]byte(`{"by":[],"reason":true}`)); err != nil || len(problems) != 2 {
		t.Errorf("%v, %v", problems, err)
	}
	if _, _, err := wire.DecodeReviewStep([]byte(`[]`)); err == nil {
		t.Error("a list was taken")
	}
}
