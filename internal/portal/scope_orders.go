package portal

import (
	"context"
	"strings"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// mine is the merchant that a list is narrowed to: who sees one merchant asks about
// that one, and finds nothing of another.
func (s scope) mine(asked string) (merchantID string, ok bool) {
	if s.viewer.OfOperator() {
		return asked, true
	}
	return s.viewer.MerchantID, asked == "" || s.viewer.Sees(asked)
}

// listed tells the door of a merchant whose things were found.
func (s scope) listed(merchantID string) error {
	if !s.viewer.Sees(merchantID) {
		return errWall
	}
	return s.looked(merchantID)
}

// Orders implements Orders.
func (s scope) Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error) {
	merchant, ok := s.mine(filter.MerchantID)
	if !ok {
		return nil, "", nil
	}
	filter.MerchantID = merchant
	if found, next, err = s.all.Orders.Orders(ctx, filter); err != nil {
		return nil, "", err
	}
	for i := range found {
		if err := s.listed(found[i].MerchantID); err != nil {
			return nil, "", err
		}
	}
	return found, next, nil
}

// Reviews implements Reviews. Who decides is nobody's business but the operator's.
func (s scope) Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error) {
	merchant, ok := s.mine(filter.MerchantID)
	if !ok {
		return nil, "", nil
	}
	filter.MerchantID = merchant
	if found, next, err = s.all.Reviews.Reviews(ctx, filter); err != nil {
		return nil, "", err
	}
	for i := range found {
		if err := s.listed(found[i].MerchantID); err != nil {
			return nil, "", err
		}
		if !s.viewer.OfOperator() {
			found[i].ClaimedBy = ""
		}
	}
	return found, next, nil
}

// CountOpenReviews implements Reviews: of all merchants, so it is the operator's.
func (s scope) CountOpenReviews(ctx context.Context) (int, error) {
	if !s.viewer.OfOperator() {
		return 0, nil
	}
	return s.all.Reviews.CountOpenReviews(ctx)
}

// open is how many reviews wait for the viewer, for the menu: a page is shown
// without the number too.
func (s scope) open() int {
	if !s.viewer.May(account.DecideReviews) {
		return 0
	}
	open, err := s.CountOpenReviews(s.request.Context())
	if err != nil {
		s.all.Logger.Warn("cannot count the reviews for the menu of the portal", "cause", err)
	}
	return open
}

// localPerson decides at the door of a playground, where nobody signs in.
const localPerson = "somebody at this machine"

// reviewer is what a review calls the viewer: their address is theirs alone.
func reviewer(viewer account.Viewer) string {
	if viewer.PersonID == "" {
		return localPerson
	}
	return viewer.Email
}

// StepOperatorReview implements Deciding. Who does it is the viewer, whatever name is
// given. store.ErrNotFound for an order without a review.
func (s scope) StepOperatorReview(ctx context.Context, orderID string, action service.ReviewAction, _, reason string) (checkout.Session, error) {
	if !s.viewer.May(account.DecideReviews) {
		return checkout.Session{}, store.ErrNotFound
	}
	sessionID, err := s.SessionOfOrder(ctx, orderID)
	if err != nil {
		return checkout.Session{}, err
	}
	session, err := s.Session(ctx, sessionID)
	if err != nil {
		return checkout.Session{}, err
	}
	if session.Order == nil || session.Order.Review == nil {
		return checkout.Session{}, store.ErrNotFound
	}
	if err := s.all.Door.Acts(s.request, s.viewer, string(action)+" review", orderID, session.MerchantID); err != nil {
		return checkout.Session{}, err
	}
	return s.all.Deciding.StepOperatorReview(ctx, orderID, action, reviewer(s.viewer), reason)
}

// unnamed is a session as the viewer may see it: a merchant's people do not see who
// reviews for the operator and why, nor why an order was referred.
func (s scope) unnamed(session checkout.Session) checkout.Session {
	if s.viewer.OfOperator() {
		return session
	}
	if a := session.Authorization; a != nil && a.Referred {
		kept := *a
		kept.Reason, kept.AssessmentID = "", ""
		session.Authorization = &kept
	}
	if session.Order != nil && session.Order.Review != nil {
		order, review := *session.Order, *session.Order.Review
		review.ClaimedBy, review.FirstBy, review.DecidedBy, review.StoppedBy, review.ChangedBy = "", "", "", "", ""
		review.FirstReason, review.Reason, review.StopReason = "", "", ""
		order.Review, session.Order = &review, &order
	}
	return session
}

// unname does the same to what led to a state.
func (s scope) unname(r *store.Revision) {
	r.Session = s.unnamed(r.Session)
	if !s.viewer.OfOperator() && (r.Event.Kind == checkout.EventReferred || strings.HasPrefix(string(r.Event.Kind), "review_")) {
		r.Event.By, r.Event.Reason = "", ""
	}
}
