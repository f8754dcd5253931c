package home

import (
	"context"
	"math"
	"time"
)

// Home keeps a request log. Write is called by one goroutine at a time, the
// other methods by many; Close comes after all of them.
//
// Texts that are searched for (ids, merchants, names) are valid UTF-8 without
// NUL and compare by their bytes. A visit ends a search by returning false or an
// error; the bytes it is given are valid until it returns.
type Home interface {
	// Write keeps all of the batch or nothing. The batch is the caller's
	// again when it returns. A home that cannot know whether an earlier attempt
	// came through must not keep anything twice.
	Write(ctx context.Context, batch *Batch) error
	// Refusal visits the refusals with a correlation id: one, as a rule.
	Refusal(ctx context.Context, correlationID string, visit func(*Refusal) (bool, error)) error
	// Covering visits the blocks of a bucket whose range of ids holds the
	// correlation id.
	Covering(ctx context.Context, bucket, correlationID string, visit func(*Block) (bool, error)) error
	// RefusalsOf visits the refusals of a session, first written first.
	RefusalsOf(ctx context.Context, sessionID string, visit func(*Refusal) (bool, error)) error
	// Marked visits the blocks that may hold a name, first written first.
	Marked(ctx context.Context, name string, visit func(*Block) (bool, error)) error
	// List gives the keys of blocks and refusals that begin below an id, the
	// highest first id first. Fewer than the limit are the last ones. An empty id
	// is above all others.
	List(ctx context.Context, scope Scope, below string, limit int) ([]Key, error)
	// Load visits what has the keys, in their order; what is in a segment in any
	// order. What was swept since is left out.
	Load(ctx context.Context, keys []Key, visit func(Piece) (bool, error)) error
	// Unindexed gives the keys of some blocks and refusals that no segment has,
	// about in the order in which they were written. None also when another
	// process is at it.
	Unindexed(ctx context.Context, limit int) ([]Key, error)
	// Index keeps a segment of the first keys that Unindexed gave.
	Index(ctx context.Context, segment *Segment) error
	// Segments gives the keys of segments that have the terms, the highest number
	// first. Fewer than the limit are the last ones.
	Segments(ctx context.Context, wanted Wanted) ([]Key, error)
	// Tallies visits the tallies of a range, in no order.
	Tallies(ctx context.Context, wanted TallyRange, visit func(*Tally) (bool, error)) error
	// Sweep deletes a portion of what is to be forgotten, oldest first, and
	// tells how many exchanges that were. It is called until it gives none.
	// Tallies go with the exchanges of their time.
	Sweep(ctx context.Context, limits Limits) (deleted int64, err error)
	// SegmentsOf gives the keys of the segments that have a block or a refusal.
	SegmentsOf(ctx context.Context, piece Key) ([]Key, error)
	// Replace puts other data in the place of a piece's, and other terms in those of
	// its segments, in one step. What was swept since is left out.
	Replace(ctx context.Context, replacement *Replacement) error
	// Purge sees to it that what was replaced is not left in the files, as far as the
	// home can. Whole also takes what anything else has left there: it writes all of it
	// anew, and nothing is written meanwhile.
	Purge(ctx context.Context, whole bool) error
	Close() error
}

// Limits are what a home may keep.
type Limits struct {
	Now      time.Time
	Before   time.Time // exchanges from before are to be forgotten; none when zero
	MaxBytes int64     // of the log in its home; 0 for no limit
}

// Batch is what is written at once.
type Batch struct {
	Blocks   []Block
	Refusals []Refusal
	Tallies  []Tally
}

// Block is some successes, encoded one after the other.
type Block struct {
	// FirstID and LastID are the lowest and the highest correlation id. Ids
	// of one block are in one bucket: they begin alike, so that the blocks that
	// can hold an id lie between the beginning of its bucket and the id.
	FirstID, LastID string
	// At is the newest beginning of an exchange in the block.
	At    time.Time
	Count int // exchanges
	// OldestName and NewestName are the lowest and the highest of the names
	// that Marks stands for; empty when there is none. Names are ids, which
	// begin with a time: a block that lies outside need not be looked at.
	OldestName, NewestName string
	Marks                  []byte // see AppendMark
	Packed                 bool   // Data is packed
	Data                   []byte
}

// Refusal is one exchange that was refused. What stands beside Data is there
// to be searched.
type Refusal struct {
	CorrelationID      string
	MerchantID         string
	At                 time.Time
	Status             int
	Operation          string
	SessionID          string
	OrderID            string
	AuthorizationToken string
	Explanation        string // JSON; empty when there is nothing to explain
	Packed             bool   // Data is packed
	Data               []byte // the exchange without its explanation
}

// Nanoseconds are those since 1970 by which a home orders exchanges; the zero
// time comes before all others.
func Nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixNano()
}
