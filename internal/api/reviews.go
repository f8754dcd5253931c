package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/wire"
)

// Reviews lists reviews of orders: the store.
type Reviews interface {
	Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error)
}

// ReviewsShown bounds a page of a list.
const ReviewsShown = 100

// reviewRoutes let a merchant see how the reviews of its orders stand; only in a
// playground is it the merchant who decides.
func (a *API) reviewRoutes(table map[string]map[string]route) {
	if a.Reviews == nil {
		return
	}
	const reviews = "/kvitto/v1/reviews"
	table[reviews] = map[string]route{http.MethodGet: {"read_reviews", readReviews, []string{"after", "limit", "state"}}}
	table[reviews+"/{order_id}"] = map[string]route{http.MethodGet: {"read_review", readReview, nil}}
	if a.Playground == nil {
		return
	}
	for _, action := range service.ReviewActions {
		table[reviews+"/{order_id}/"+string(action)] = map[string]route{
			http.MethodPost: {string(action) + "_review", func(x *exchange) (answer, error) { return stepReview(x, action) }, nil},
		}
	}
}

// reviewView is what the caller may see: whoever decides for an operator is
// nobody's business but the operator's.
func (x *exchange) reviewView() wire.ReviewView {
	return wire.ReviewView{Names: x.api.Playground != nil}
}

// readReviews lists the reviews of the merchant's orders, in the order of the store.
func readReviews(x *exchange) (answer, error) {
	query := x.query()
	filter := store.ReviewFilter{MerchantID: x.caller.MerchantID, Limit: ReviewsShown, After: query.Get("after")}
	switch state := query.Get("state"); state {
	case "", "waiting":
	case "decided":
		filter.Decided = true
	default:
		return answer{}, badValue("state", state, "waiting or decided")
	}
	if limit := query.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > ReviewsShown {
			return answer{}, badValue("limit", limit, "1 to "+strconv.Itoa(ReviewsShown))
		}
		filter.Limit = n
	}
	found, next, err := x.api.Reviews.Reviews(x.request.Context(), filter)
	if errors.Is(err, store.ErrCursor) {
		return answer{}, badValue("after", filter.After, "the next of an earlier answer")
	} else if err != nil {
		return answer{}, storeFailed(err)
	}
	return ok(wire.AppendReviews(nil, x.reviewView(), reviewsListed(found), next))
}

func reviewsListed(found []store.Review) []wire.Review {
	list := make([]wire.Review, len(found))
	for i := range found {
		list[i] = reviewListed(&found[i])
	}
	return list
}

func reviewListed(r *store.Review) wire.Review {
	return wire.Review{
		OrderID: r.OrderID, SessionID: r.SessionID, MerchantID: r.MerchantID, PlacedAt: r.PlacedAt, DueAt: r.DueAt,
		Amount: int64(r.Amount), Currency: r.Currency, State: string(r.State), ClaimedBy: r.ClaimedBy,
	}
}

func readReview(x *exchange) (answer, error) {
	session, err := x.api.Service.Review(x.request.Context(), x.caller, x.request.PathValue("order_id"))
	if err != nil {
		return answer{}, err
	}
	return x.reviewed(&session)
}

// ReviewDocument is the review of a session's order for an operator, in the form
// of the answers.
func ReviewDocument(session *checkout.Session) []byte {
	return reviewDocument(wire.ReviewView{Names: true}, session)
}

// ReviewsDocument is a page of reviews for an operator, likewise.
func ReviewsDocument(found []store.Review, next string) []byte {
	return wire.AppendReviews(nil, wire.ReviewView{Names: true}, reviewsListed(found), next)
}

func reviewDocument(view wire.ReviewView, session *checkout.Session) []byte {
	listed, _ := store.ReviewOf(session)
	shown := reviewListed(&listed)
	shown.Session = session
	return wire.AppendReview(nil, view, &shown)
}

// reviewed answers with the review of a session's order.
func (x *exchange) reviewed(session *checkout.Session) (answer, error) {
	x.record.SessionID, x.record.OrderID = session.ID, session.Order.ID
	return ok(reviewDocument(x.reviewView(), session))
}

// stepReview does what the body's by does; without one it is the caller.
func stepReview(x *exchange, action service.ReviewAction) (answer, error) {
	step, problems, err := wire.DecodeReviewStep(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, badBody(problems)
	}
	if step.By == "" {
		step.By = x.caller.MerchantID // in a playground it is the user name
	}
	session, err := x.api.Service.StepReview(x.request.Context(), x.caller, x.request.PathValue("order_id"), action, step.By, step.Reason)
	if err != nil {
		return answer{}, err
	}
	return x.reviewed(&session)
}
