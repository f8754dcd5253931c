package store

import (
	"context"
	"time"
)

// Assessment is one run of the risk rules, as it is kept. The store does not
// know what the document says.
type Assessment struct {
	ID            string // a UUID that begins with its time
	MerchantID    string
	SessionID     string
	Revision      int64 // of the session, that it led to; 0 when it changed nothing
	CorrelationID string
	At            time.Time // on the merchant's clock
	Call          string
	Outcome       string
	// Subjects are the keys whose facts it looked at and added to.
	Subjects []SubjectKey
	Document []byte
}

// AssessmentsPageBytes bounds the documents that one call reads: the last of them
// reaches it.
const AssessmentsPageBytes = 4 << 20

// Assessments keeps assessments. Change.Assessment puts one there with the
// change that it led to. Those of a session that DeleteExpired deletes go with
// it.
type Assessments interface {
	// AddAssessments keeps assessments that led to no change, durably. One whose
	// id is taken is ErrConflict and none of them is kept.
	AddAssessments(ctx context.Context, assessments []Assessment) error
	// Assessment returns one of the merchant's. ErrNotFound.
	Assessment(ctx context.Context, merchantID, assessmentID string) (Assessment, error)
	// SubjectsOfAssessment returns the Subjects of one of the merchant's alone: its
	// document may be a thousand times larger. ErrNotFound.
	SubjectsOfAssessment(ctx context.Context, merchantID, assessmentID string) ([]SubjectKey, error)
	// AssessmentsOf returns the newest of a session of the merchant, newest first,
	// at most limit, without their documents.
	AssessmentsOf(ctx context.Context, merchantID, sessionID string, limit int) ([]Assessment, error)
	// AssessmentsAfter returns up to limit of a merchant ("" for all) whose id is
	// greater than after ("" begins), in the order of their ids. It ends with the
	// one whose document brings them to AssessmentsPageBytes; the last is empty.
	AssessmentsAfter(ctx context.Context, merchantID, after string, limit int) ([]Assessment, error)
	// CountAssessments is how many there are of a merchant ("" for all), from the
	// id after on; about, where an exact count would take long.
	CountAssessments(ctx context.Context, merchantID, after string) (int64, error)
	// DeleteAssessments deletes up to limit whose id is less than before, the oldest
	// first, and tells how many; identifier.First makes an id of a time. What they
	// led to stays.
	DeleteAssessments(ctx context.Context, before string, limit int) (deleted int, err error)
}
