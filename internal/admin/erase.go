package admin

import (
	"context"
	"encoding/json"
)

// EraseDesk is where an operator erases a person.
type EraseDesk interface {
	// Erase erases a person, or counts, and hands on lines as they come: an
	// ErasureLine each, the last with the result, or with the error when there were
	// lines before. It takes as long as it takes. What
	// was erased before it was cut off stays erased; the same again does the rest.
	Erase(ctx context.Context, question EraseQuestion, line func([]byte) error) error
}

// EraseQuestion says who is erased.
type EraseQuestion struct {
	Merchant     string   `json:"merchant,omitzero"`
	AllMerchants bool     `json:"all_merchants,omitzero"` // instead
	Emails       []string `json:"emails,omitempty"`
	Phones       []string `json:"phones,omitempty"`
	Session      string   `json:"session,omitzero"` // a payment of the person
	Order        string   `json:"order,omitzero"`   // likewise
	DryRun       bool     `json:"dry_run,omitzero"`
	Compact      bool     `json:"compact,omitzero"` // writes the files of the store anew
}

// ErasureLine is a line of the answer.
type ErasureLine struct {
	Progress *ErasureProgress `json:"progress,omitempty"`
	Result   *Erasure         `json:"result,omitempty"`
	Error    string           `json:"error,omitzero"`
}

// ErasureProgress is how far an erasure is.
type ErasureProgress struct {
	Step string `json:"step"` // such as "sessions looked at"
	Done int64  `json:"done"`
}

// Erasure is what was erased, or would be.
type Erasure struct {
	DryRun      bool  `json:"dry_run"`
	Sessions    int64 `json:"sessions"`
	Open        int64 `json:"open_sessions"` // of them, which end
	Orders      int64 `json:"orders"`        // of them, which stay
	Exchanges   int64 `json:"exchanges"`
	Assessments int64 `json:"assessments"`
	Callbacks   int64 `json:"callbacks"`
	Subjects    int64 `json:"remembered"` // e-mail addresses, phone numbers and addresses that risk rules remembered
}

// Erase implements EraseDesk.
func (r *Remote) Erase(ctx context.Context, question EraseQuestion, line func([]byte) error) error {
	return r.lines(ctx, "erase", question, line)
}

// Erase implements EraseDesk. The log of the server says how much was erased, and
// never of whom.
func (l Logged) Erase(ctx context.Context, question EraseQuestion, line func([]byte) error) error {
	return l.Operations.Erase(ctx, question, func(one []byte) error {
		var read ErasureLine
		if json.Unmarshal(one, &read) == nil && read.Result != nil && !read.Result.DryRun {
			done := read.Result
			l.Logger.InfoContext(ctx, "a person was erased", "merchant_id", question.Merchant, "all_merchants", question.AllMerchants,
				"sessions", done.Sessions, "orders", done.Orders, "exchanges", done.Exchanges)
		}
		return line(one)
	})
}
