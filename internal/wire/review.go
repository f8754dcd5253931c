package wire

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Review is the review of an order, for whoever may decide about it or waits for
// that.
type Review struct {
	OrderID, SessionID, MerchantID string
	PlacedAt, DueAt                time.Time
	Amount                         int64 // minor units
	Currency, State, ClaimedBy     string
	// Session is the whole story, nil in a list.
	Session *checkout.Session
}

// ReviewView says what is shown of reviews.
type ReviewView struct {
	Names bool // who claimed and decided, with their reasons, and why it was referred
}

// AppendReviews writes a page of a list; next is the cursor of what follows.
func AppendReviews(dst []byte, view ReviewView, list []Review, next string) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "reviews", list, func(r *Review) { w.review(view, r) })
	w.filled("next", next)
	w.close('}')
	return w.buf
}

// AppendReview writes one review.
func AppendReview(dst []byte, view ReviewView, r *Review) []byte {
	w := writer{buf: dst}
	w.review(view, r)
	return w.buf
}

func (w *writer) review(view ReviewView, r *Review) {
	w.open('{')
	w.text("order_id", r.OrderID)
	w.text("session_id", r.SessionID)
	w.text("merchant_id", r.MerchantID)
	w.text("state", r.State)
	w.timestamp("placed_at", r.PlacedAt)
	w.timestamp("due_at", r.DueAt)
	w.integer("order_amount", r.Amount)
	w.text("purchase_currency", r.Currency)
	if r.ClaimedBy != "" && view.Names {
		w.text("claimed_by", r.ClaimedBy)
	}
	if r.Session != nil {
		w.reviewStory(view, r.Session)
	}
	w.close('}')
}

// reviewStory is what the session knows more than a list.
func (w *writer) reviewStory(view ReviewView, s *checkout.Session) {
	review := s.Order.Review
	w.text("fraud_status", s.Order.FraudStatus)
	w.text("at_due", string(review.AtDue))
	if review.NeedsSecond {
		w.boolean("needs_second", true)
	}
	if a := s.Authorization; a != nil && view.Names {
		w.filled("referred_because", a.Reason)
		w.filled("assessment_id", a.AssessmentID)
	}
	w.step(view, "first", review.FirstBy, review.FirstAt, review.FirstReason)
	w.step(view, "decided", review.DecidedBy, review.DecidedAt, review.Reason)
	if review.Automatic {
		w.boolean("automatic", true)
	}
	w.step(view, "stopped", review.StoppedBy, review.StoppedAt, review.StopReason)
}

// step writes when somebody did something, and who and why for those who may see
// names: a reason may hold some.
func (w *writer) step(view ReviewView, name, by string, at time.Time, reason string) {
	if at.IsZero() {
		return
	}
	w.timestamp(name+"_at", at)
	if view.Names {
		w.filled(name+"_by", by)
		w.filled(name+"_reason", reason)
	}
}

// ReviewStep is the body of a step of a review. Empty is not said.
type ReviewStep struct{ By, Reason string }

// DecodeReviewStep reads it; problems are values of a wrong type. No body at all
// says nothing.
func DecodeReviewStep(body []byte) (step ReviewStep, problems []checkout.Violation, err error) {
	if len(body) == 0 {
		return step, nil, nil
	}
	d := newDecoder(body)
	defer d.release()
	var by, reason checkout.Text
	err = d.document(func(name string) {
		switch name {
		case "by":
			d.readText(&by, false)
		case "reason":
			d.readText(&reason, false)
		default:
			d.value()
		}
	})
	return ReviewStep{by.Value, reason.Value}, d.problems, err
}
