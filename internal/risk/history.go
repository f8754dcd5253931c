package risk

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// SubjectKind is a way to recognise somebody.
type SubjectKind string

// The kinds of subjects.
const (
	SubjectEmail   SubjectKind = "email"
	SubjectPhone   SubjectKind = "phone"
	SubjectAddress SubjectKind = "address"
	SubjectDevice  SubjectKind = "device"
	SubjectIP      SubjectKind = "ip"
)

// SubjectKinds are all of them, in the order in which their parts are written.
var SubjectKinds = []SubjectKind{SubjectEmail, SubjectPhone, SubjectAddress, SubjectDevice, SubjectIP}

// Exact tells whether what is remembered of a kind holds for a decision until it is
// committed, of all that are made at the same time. Of kinds that many share it is
// what was committed when it was read: a city behind one network address does not
// wait for each other.
func (k SubjectKind) Exact() bool { return k != SubjectAddress && k != SubjectIP }

// Fact is one thing that happened to a subject.
type Fact struct {
	Kind      FactKind
	At        time.Time // milliseconds, on the merchant's clock
	SessionID string    // a UUID in lower case
	Amount    int64     // minor units
	Currency  string    // three letters, or empty
	// Digests of the e-mail address, phone number and address that took part, by
	// which different ones are told apart; 0 when there was none.
	Email, Phone, Address uint32
}

// FactKind says what happened.
type FactKind byte

// The kinds of facts.
const (
	FactApproved FactKind = 1
	FactReferred FactKind = 2
	FactDenied   FactKind = 3
	FactOrdered  FactKind = 4
)

// Past is what is remembered of one subject.
type Past struct {
	Known   bool      // something is
	FirstAt time.Time // of the first fact ever
	Orders  int64     // ever
	Facts   []Fact    // the newest first; old ones are forgotten
}

// History is what is remembered of those who take part in a payment. A missing
// kind took no part.
type History map[SubjectKind]Past

// factOf is the kind of fact that an outcome is; ok is false when nothing is
// remembered of it.
func factOf(outcome checkout.Outcome) (kind FactKind, ok bool) {
	switch outcome {
	case checkout.OutcomeApprove, checkout.OutcomeFinalizeRequired:
		return FactApproved, true
	case checkout.OutcomeRefer:
		return FactReferred, true
	case checkout.OutcomeDeny:
		return FactDenied, true
	case checkout.OutcomeInvalidFields, checkout.OutcomeCancel, checkout.OutcomeError:
	}
	return 0, false
}
