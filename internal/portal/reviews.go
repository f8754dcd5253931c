package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// reviewsPage is the queue, or what has left it.
type reviewsPage struct {
	Merchant string // "" for all
	Decided  bool
	Cards    []*reviewCard
	Next     string // address of the next page; empty when there is none
	Later    bool   // not the first page
	Problem  string
	Done     string
}

// reviewCard is the review of an order, and what the viewer may do with it.
type reviewCard struct {
	*checkout.Review
	OrderID, SessionID, MerchantID string
	Amount                         string
	PlacedAt                       time.Time
	Because                        string // it was referred
	Class                          string
	Due                            string // how long it is until then
	ClaimedUntil                   time.Time
	Mine                           bool // the viewer has claimed it
	First                          bool // the viewer accepted it, and it takes another
	Actions                        []service.ReviewAction
}

var reviewClasses = map[checkout.ReviewState]string{
	checkout.ReviewOpen: "waiting", checkout.ReviewClaimed: "waiting", checkout.ReviewAwaitingSecond: "waiting",
	checkout.ReviewAccepted: "good", checkout.ReviewRejected: "refused", checkout.ReviewStopped: "refused",
}

// reviewCardOf is the review of a session's order at its merchant's time.
func (p *portal) reviewCardOf(s *checkout.Session, now time.Time) *reviewCard {
	o, review := s.Order, s.Order.Review
	card := &reviewCard{
		Review: review, OrderID: o.ID, SessionID: s.ID, MerchantID: s.MerchantID, PlacedAt: o.CreatedAt,
		Amount: moneyText(o.Ledger.Authorized, o.Content.PurchaseCurrency.Value), Class: reviewClasses[review.State], Due: ago(review.DueAt, now),
	}
	if s.Authorization != nil {
		card.Because = s.Authorization.Reason
	}
	me := reviewer(p.viewer)
	if review.State == checkout.ReviewClaimed {
		card.ClaimedUntil = review.ClaimedAt.Add(checkout.ReviewClaimLifetime)
		card.Mine = strings.EqualFold(review.ClaimedBy, me)
	}
	card.First = review.State == checkout.ReviewAwaitingSecond && strings.EqualFold(review.FirstBy, me)
	if p.viewer.May(account.DecideReviews) {
		card.Actions = card.offered(now)
	}
	return card
}

// offered are the steps that the viewer can take now. The rules of checkout decide
// about each again.
func (c *reviewCard) offered(now time.Time) []service.ReviewAction {
	switch c.State {
	case checkout.ReviewOpen:
		return []service.ReviewAction{service.ReviewClaim, service.ReviewAccept, service.ReviewReject}
	case checkout.ReviewClaimed:
		if c.Mine {
			return []service.ReviewAction{service.ReviewAccept, service.ReviewReject, service.ReviewRelease}
		}
		if now.Before(c.ClaimedUntil) {
			return nil
		}
		return []service.ReviewAction{service.ReviewClaim, service.ReviewAccept, service.ReviewReject}
	case checkout.ReviewAwaitingSecond:
		if c.First {
			return []service.ReviewAction{service.ReviewRelease, service.ReviewReject}
		}
		return []service.ReviewAction{service.ReviewAccept, service.ReviewReject}
	case checkout.ReviewAccepted:
		return []service.ReviewAction{service.ReviewStop}
	case checkout.ReviewNone, checkout.ReviewRejected, checkout.ReviewStopped:
	}
	return nil
}

// Reasoned tells whether a step ends something, and so takes a reason.
func (c *reviewCard) Reasoned() bool {
	return slices.ContainsFunc(c.Actions, func(a service.ReviewAction) bool { return a != service.ReviewClaim && a != service.ReviewRelease })
}

// reviewButtons are the words on the buttons.
var reviewButtons = map[service.ReviewAction]string{
	service.ReviewClaim: "Claim", service.ReviewRelease: "Take it back", service.ReviewAccept: "Accept", service.ReviewReject: "Reject", service.ReviewStop: "Stop the order",
}

func reviewButton(action service.ReviewAction) string { return reviewButtons[action] }

const reviewsShown = 25

func (p *portal) reviews(w http.ResponseWriter, r *http.Request) error {
	ctx, query := r.Context(), r.URL.Query()
	shown := reviewsPage{Merchant: query.Get("merchant"), Decided: query.Get("state") == "decided", Done: reviewDoneTexts[query.Get("done")]}
	filter := store.ReviewFilter{MerchantID: shown.Merchant, Decided: shown.Decided, After: query.Get("after"), Limit: reviewsShown}
	found, next, err := p.Reviews.Reviews(ctx, filter)
	if errors.Is(err, store.ErrCursor) {
		shown.Problem, filter.After = lostPlace, ""
		found, next, err = p.Reviews.Reviews(ctx, filter)
	}
	if err != nil {
		return err
	}
	for i := range found {
		session, err := p.Sessions.Session(ctx, found[i].SessionID)
		if err != nil {
			return err
		}
		now, err := p.Clock.Now(ctx, found[i].MerchantID)
		if err != nil {
			return err
		}
		shown.Cards = append(shown.Cards, p.reviewCardOf(&session, now))
	}
	if shown.Later = filter.After != ""; next != "" {
		shown.Next = reviewsAddress(&shown, next)
	}
	return p.show(w, http.StatusOK, "reviews", page{Title: "Reviews", Current: "reviews", Body: &shown})
}

func reviewsAddress(shown *reviewsPage, after string) string {
	values := url.Values{"after": {after}}
	if shown.Merchant != "" {
		values.Set("merchant", shown.Merchant)
	}
	if shown.Decided {
		values.Set("state", "decided")
	}
	return Path + "/reviews?" + values.Encode()
}

// reviewDoneTexts say what a button did, by the word for it in an address.
var reviewDoneTexts = map[string]string{
	"claim": "You have claimed the review: for 30 minutes nobody else decides.", "release": "The review is open again.",
	"accept": "The order is accepted; its shop is told.", "first": "You accepted it. It takes a second person.",
	"reject": "The order is rejected; its shop is told.", "stop": "The order is stopped; its shop is told not to ship.",
}

// yourSecondVoice is said to whoever accepts twice what takes two people.
const yourSecondVoice = "You accepted this order already. It takes a second person to accept it."

// stepReview does what a button of a review says. Where that is refused the order is
// shown with the reason: somebody else was there first.
func (p *portal) stepReview(w http.ResponseWriter, r *http.Request) error {
	action, orderID := service.ReviewAction(r.PathValue("action")), r.PathValue("order_id")
	if !slices.Contains(service.ReviewActions, action) {
		return errUnknownPage
	}
	twice, err := p.acceptsTwice(r, action, orderID)
	if err != nil {
		return err
	}
	if twice {
		return p.showOrder(w, r, http.StatusConflict, "", yourSecondVoice)
	}
	session, err := p.Deciding.StepOperatorReview(r.Context(), orderID, action, reviewer(p.viewer), r.PostFormValue("reason"))
	var refusal *checkout.Refusal
	switch {
	case errors.Is(err, store.ErrNotFound), errors.As(err, &refusal) && refusal.Kind == checkout.KindNotFound:
		return noReviewOf(orderID)
	case refusal != nil && refusal.Kind != checkout.KindUnavailable && refusal.Kind != checkout.KindOverloaded:
		return p.showOrder(w, r, http.StatusConflict, "", refusalText(refusal))
	case err != nil:
		return err
	}
	done := string(action)
	if action == service.ReviewAccept && session.Order.Review.State == checkout.ReviewAwaitingSecond {
		done = "first"
	}
	to := "/orders/" + orderID
	if r.PostFormValue("queue") != "" {
		to = "/reviews"
	}
	http.Redirect(w, r, Path+to+"?done="+done, http.StatusSeeOther)
	return nil
}

func noReviewOf(orderID string) error {
	return &missing{What: "order with a review", ID: orderID, Advice: "Only an order that was PENDING when it was placed has one."}
}

// acceptsTwice tells whether the viewer is the first of two who accept, and accepts
// again.
func (p *portal) acceptsTwice(r *http.Request, action service.ReviewAction, orderID string) (bool, error) {
	sessionID, err := p.Sessions.SessionOfOrder(r.Context(), orderID)
	var session checkout.Session
	if err == nil {
		session, err = p.Sessions.Session(r.Context(), sessionID)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (session.Order == nil || session.Order.Review == nil) {
		return false, noReviewOf(orderID)
	}
	return err == nil && action == service.ReviewAccept && p.reviewCardOf(&session, time.Time{}).First, err
}

// refusalText says why a step was not taken.
func refusalText(refusal *checkout.Refusal) string {
	if len(refusal.Violations) > 0 {
		return "The " + refusal.Violations[0].Path + " is not taken: expected is " + timeline.ExpectedText(&refusal.Violations[0]) + "."
	}
	return "That was not done: " + refusal.Reason + "."
}
