package admin

import (
	"context"
	"time"
)

// ReplayDesk is where an operator asks what other rules would have decided.
type ReplayDesk interface {
	// Replay decides stored assessments again and hands on the lines of
	// POST /kvitto/v1/assessments/replay, each without its end, as they come; an error
	// of line ends it. It takes as long as it takes.
	Replay(ctx context.Context, question ReplayQuestion, line func([]byte) error) error
}

// ReplayQuestion says by which rules, and which assessments.
type ReplayQuestion struct {
	Rules    string            `json:"rules"`
	Lists    map[string]string `json:"lists,omitempty"`   // by their paths
	Merchant string            `json:"merchant,omitzero"` // empty is all
	After    string            `json:"after,omitzero"`
	From     time.Time         `json:"from,omitzero"`
	To       time.Time         `json:"to,omitzero"`
	Limit    int64             `json:"limit,omitzero"`
}

// replayBodyMax bounds a rule file with its lists as JSON, in bytes.
const replayBodyMax = 80 << 20

// Replay implements ReplayDesk.
func (r *Remote) Replay(ctx context.Context, question ReplayQuestion, line func([]byte) error) error {
	return r.lines(ctx, "replay", question, line)
}
