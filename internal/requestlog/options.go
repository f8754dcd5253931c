package requestlog

import (
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Errors of the log.
var (
	// ErrNotFound: the merchant has no exchange with this correlation id.
	ErrNotFound = errors.New("requestlog: not found")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("requestlog: closed")
)

// Options of a Log. The zero value is the default.
type Options struct {
	// MaxQueued is how many exchanges may wait, those being written included;
	// 8192 when zero. Successes may fill three quarters of it with their bodies
	// and seven eighths without; the rest is for refusals.
	MaxQueued int
	// MaxQueuedBytes bounds the memory of the same exchanges, shared out alike;
	// 16 MiB when zero.
	MaxQueuedBytes int64
	// Gather is how long a success may wait for others to share its block; 25 ms
	// when zero. A read ends the wait at once, and so do a full block's worth of
	// others and a queue that is half full.
	Gather time.Duration
	// Retention is the age from which Sweep deletes exchanges; 0 keeps all.
	Retention time.Duration
	// MaxBytes is what the log may take in its home, indexes included, before
	// Sweep deletes the oldest exchanges; 0 sets no limit.
	MaxBytes int64
	// MaskPersonal masks names, streets, e-mail addresses, phone numbers, dates of
	// birth and the like before anything is stored.
	MaskPersonal bool
	// SearchKey is the secret under which whole e-mail addresses, phone numbers
	// and client tokens are found nevertheless: their keyed hashes are stored.
	// What was recorded under another key is not found by them. All processes of
	// a log have the same.
	SearchKey []byte
	// OnFailure is told why exchanges could not be written (Stats.Failed counts
	// them). It is called by the writer and must return soon. May be nil.
	OnFailure func(error)

	// OnIndexFailure is told why what was written could not be added to the index
	// of searches. It is tried again. May be nil.
	OnIndexFailure func(error)

	// beforeWrite is called by the writer before each transaction; tests hold
	// the writer with it.
	beforeWrite func()
	// searchTime is searchTime when zero.
	searchTime time.Duration
	// indexByHand leaves indexing to the tests.
	// wrapHome puts something between the log and its home, for tests of what fails.
	wrapHome    func(home.Home) home.Home
	indexByHand bool
}

const (
	defaultMaxQueued      = 8192
	defaultMaxQueuedBytes = 16 << 20
	defaultGather         = 25 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.MaxQueued == 0 {
		o.MaxQueued = defaultMaxQueued
	}
	if o.MaxQueuedBytes == 0 {
		o.MaxQueuedBytes = defaultMaxQueuedBytes
	}
	if o.Gather == 0 {
		o.Gather = defaultGather
	}
	if o.searchTime == 0 {
		o.searchTime = searchTime
	}
	return o
}

// Stats are the counts of a Log since it was opened; Queued and QueuedBytes
// are what waits now.
type Stats struct {
	Queued      int
	QueuedBytes int64
	Written     uint64 // exchanges that are in their home
	Shed        uint64 // successes that lost their bodies for want of room
	Dropped     uint64 // successes that were not kept at all for want of room
	Failed      uint64 // exchanges the home did not take, and refusals whose caller gave up waiting for room
}
