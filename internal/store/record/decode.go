package record

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/wire"
)

// UnknownVersionError: the document was written by a newer program.
type UnknownVersionError struct{ Version int64 }

func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("record: a stored session has format version %d and this program reads up to %d: "+
		"it was written by a newer version; run that one, or restore a backup made before the upgrade", e.Version, version)
}

// The documents of versions 1 to 4: the second adds collected and call_id, the
// third the review of an order, assessment_id, review_due and review_at_due, the fourth
// erased_at.

type document struct {
	Version       int64          `json:"version"`
	Revision      int64          `json:"revision"`
	UpdatedAt     int64          `json:"updated_at"`
	ExpiresAt     int64          `json:"expires_at"`
	ErasedAt      *int64         `json:"erased_at"`
	Content       jsontext.Value `json:"content"`
	Collected     jsontext.Value `json:"collected"`
	Authorization *authorization `json:"authorization"`
	CustomerToken *customerToken `json:"customer_token"`
	Order         *order         `json:"order"`
}

type authorization struct {
	State            string         `json:"state"`
	Token            string         `json:"token"`
	Category         string         `json:"category"`
	Revision         int64          `json:"revision"`
	CreatedAt        int64          `json:"created_at"`
	ExpiresAt        int64          `json:"expires_at"`
	Referred         bool           `json:"referred"`
	Reason           string         `json:"reason"`
	CallID           string         `json:"call_id"`
	AssessmentID     string         `json:"assessment_id"`
	ReviewDue        int64          `json:"review_due"`
	ReviewAtDue      string         `json:"review_at_due"`
	Content          jsontext.Value `json:"content"`
	ContentOfSession bool           `json:"content_of_session"`
}

type customerToken struct {
	ID                 string `json:"id"`
	AuthorizationToken string `json:"authorization_token"`
	CreatedAt          int64  `json:"created_at"`
	Description        string `json:"description"`
}

type order struct {
	ID                 string         `json:"id"`
	AuthorizationToken string         `json:"authorization_token"`
	CreatedAt          int64          `json:"created_at"`
	Content            jsontext.Value `json:"content"`
	Request            jsontext.Value `json:"request"`
	FraudStatus        string         `json:"fraud_status"`
	Method             method         `json:"method"`
	Ledger             ledger         `json:"ledger"`
	Review             *review        `json:"review"`
}

type review struct {
	State       string `json:"state"`
	DueAt       int64  `json:"due_at"`
	AtDue       string `json:"at_due"`
	NeedsSecond bool   `json:"needs_second"`
	ClaimedBy   string `json:"claimed_by"`
	ClaimedAt   *int64 `json:"claimed_at"`
	FirstBy     string `json:"first_by"`
	FirstAt     *int64 `json:"first_at"`
	FirstReason string `json:"first_reason"`
	DecidedBy   string `json:"decided_by"`
	DecidedAt   *int64 `json:"decided_at"`
	Reason      string `json:"reason"`
	Automatic   bool   `json:"automatic"`
	StoppedBy   string `json:"stopped_by"`
	StoppedAt   *int64 `json:"stopped_at"`
	StopReason  string `json:"stop_reason"`
	ChangedBy   string `json:"changed_by"`
}

type method struct {
	Type                 string `json:"type"`
	NumberOfDays         int    `json:"number_of_days"`
	NumberOfInstallments int    `json:"number_of_installments"`
}

type ledger struct {
	Authorized int64 `json:"authorized"`
	Captured   int64 `json:"captured"`
	Released   int64 `json:"released"`
	Refunded   int64 `json:"refunded"`
}

// Decode reads a document into a session whose header the caller fills in. On
// an error the session is not to be used. The data is not kept.
func Decode(data []byte, into *checkout.Session) error {
	data, err := unpack(data)
	if err != nil {
		return err
	}
	if !readable(data) {
		return refuseVersion(data)
	}
	var d document
	if err := json.Unmarshal(data, &d, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("record: a stored session is damaged: %w", err)
	}
	if err := d.fill(into); err != nil {
		return fmt.Errorf("record: a stored session is damaged: %w", err)
	}
	return nil
}

// readable tells by its beginning whether a document is of a version that is read.
func readable(data []byte) bool {
	const before = `{"version":`
	return len(data) > len(before)+1 && bytes.HasPrefix(data, []byte(before)) &&
		data[len(before)] >= '1' && data[len(before)] <= '0'+version && data[len(before)+1] == ','
}

// refuseVersion says what is wrong with a document of a version that is not read.
func refuseVersion(data []byte) error {
	var d struct {
		Version *int64 `json:"version"`
	}
	switch err := json.Unmarshal(data, &d); {
	case err != nil:
		return fmt.Errorf("record: a stored session is damaged: %w", err)
	case d.Version == nil || *d.Version <= version:
		return errors.New("record: a stored session is damaged: it does not start with a version this program has written")
	default:
		return &UnknownVersionError{Version: *d.Version}
	}
}

func (d *document) fill(s *checkout.Session) (err error) {
	s.Revision = d.Revision
	s.UpdatedAt = timeOf(d.UpdatedAt)
	s.ExpiresAt = timeOf(d.ExpiresAt)
	s.ErasedAt = optionalTime(d.ErasedAt)
	s.Collected, s.Authorization, s.CustomerToken, s.Order = nil, nil, nil, nil
	if s.Content, err = wire.DecodeContent(d.Content); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	if d.Collected != nil {
		collected, err := wire.DecodeContent(d.Collected)
		if err != nil {
			return fmt.Errorf("collected: %w", err)
		}
		s.Collected = &collected
	}
	if d.Authorization != nil {
		if s.Authorization, err = d.Authorization.domain(&s.Content); err != nil {
			return fmt.Errorf("authorization.content: %w", err)
		}
	}
	if t := d.CustomerToken; t != nil {
		s.CustomerToken = &checkout.CustomerToken{
			ID: t.ID, AuthorizationToken: t.AuthorizationToken,
			CreatedAt: timeOf(t.CreatedAt), Description: t.Description,
		}
	}
	if d.Order != nil {
		if s.Order, err = d.Order.domain(); err != nil {
			return fmt.Errorf("order: %w", err)
		}
	}
	return nil
}

func (a *authorization) domain(session *checkout.Content) (*checkout.Authorization, error) {
	domain := &checkout.Authorization{
		Token: a.Token, State: checkout.AuthorizationState(a.State), Category: a.Category, Revision: a.Revision,
		CreatedAt: timeOf(a.CreatedAt), ExpiresAt: timeOf(a.ExpiresAt), Referred: a.Referred, Reason: a.Reason, CallID: a.CallID,
		AssessmentID: a.AssessmentID,
		Review:       checkout.ReviewTerms{Due: time.Duration(a.ReviewDue) * time.Millisecond, AtDue: checkout.ReviewVerdict(a.ReviewAtDue)},
	}
	switch {
	case a.ContentOfSession:
		content := *session
		domain.Content = &content
	case a.Content != nil:
		content, err := wire.DecodeContent(a.Content)
		if err != nil {
			return nil, err
		}
		domain.Content = &content
	}
	return domain, nil
}

func (o *order) domain() (*checkout.Order, error) {
	domain := &checkout.Order{
		ID: o.ID, AuthorizationToken: o.AuthorizationToken, CreatedAt: timeOf(o.CreatedAt), FraudStatus: o.FraudStatus,
		Method: market.Method{
			Type: o.Method.Type, NumberOfDays: o.Method.NumberOfDays, NumberOfInstallments: o.Method.NumberOfInstallments,
		},
		Ledger: checkout.Ledger{
			Authorized: money.Amount(o.Ledger.Authorized), Captured: money.Amount(o.Ledger.Captured),
			Released: money.Amount(o.Ledger.Released), Refunded: money.Amount(o.Ledger.Refunded),
		},
	}
	if o.Review != nil {
		domain.Review = o.Review.domain()
	}
	var err error
	if domain.Content, err = wire.DecodeContent(o.Content); err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if domain.Request, err = wire.DecodeContent(o.Request); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return domain, nil
}

func (r *review) domain() *checkout.Review {
	return &checkout.Review{
		State: checkout.ReviewState(r.State), DueAt: timeOf(r.DueAt), AtDue: checkout.ReviewVerdict(r.AtDue), NeedsSecond: r.NeedsSecond,
		ClaimedBy: r.ClaimedBy, ClaimedAt: optionalTime(r.ClaimedAt),
		FirstBy: r.FirstBy, FirstAt: optionalTime(r.FirstAt), FirstReason: r.FirstReason,
		DecidedBy: r.DecidedBy, DecidedAt: optionalTime(r.DecidedAt), Reason: r.Reason, Automatic: r.Automatic,
		StoppedBy: r.StoppedBy, StoppedAt: optionalTime(r.StoppedAt), StopReason: r.StopReason, ChangedBy: r.ChangedBy,
	}
}

// optionalTime is zero for a time that was left out.
func optionalTime(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return timeOf(*ms)
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
