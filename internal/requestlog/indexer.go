package requestlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// The pace of the indexer. What waits is indexed when there is much of it or
// when it has waited for a minute: small segments make a large index. A search
// reads what waits.
const (
	indexPoll   = 5 * time.Second
	indexWait   = time.Minute
	indexEnough = 256 // pieces
	indexRetry  = 30 * time.Second
)

// segmentSize is the bytes of encoded exchanges from which a segment is closed.
// It is what a search decodes at once, and what a transaction of the index is
// made of.
const segmentSize = 512 << 10

// While exchanges come in at more than busyRate a second, the indexer rests
// busyRest times as long as it works.
const (
	busyRate = 100
	busyRest = 19
	idleRest = 1
)

// indexer makes segments of what was written. It works on its own, beside the
// writer, in steps that are small.
type indexer struct {
	step  sync.Mutex // held while segments are made
	end   func()     // makes it stop
	ended chan struct{}
	since time.Time // when something was first seen waiting; zero when nothing was
}

func (l *Log) startIndexer() {
	ctx, end := context.WithCancel(context.Background())
	l.indexer.end, l.indexer.ended = end, make(chan struct{})
	if l.options.indexByHand {
		close(l.indexer.ended)
		return
	}
	go func() {
		defer close(l.indexer.ended)
		l.keepIndexing(ctx)
	}()
}

func (x *indexer) stop() {
	x.end()
	<-x.ended
}

func (l *Log) keepIndexing(ctx context.Context) {
	rest := indexPoll
	timer := time.NewTimer(rest)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := l.index(ctx, false)
		rest = indexPoll
		if err != nil && ctx.Err() == nil {
			if rest = indexRetry; l.options.OnIndexFailure != nil {
				l.options.OnIndexFailure(fmt.Errorf("requestlog: index: %w", err))
			}
		}
		timer.Reset(rest)
	}
}

// index makes segments of what waits for it; at once, if it is forced to.
func (l *Log) index(ctx context.Context, forced bool) error {
	l.indexer.step.Lock()
	defer l.indexer.step.Unlock()
	for {
		var keys []home.Key
		err := l.use(func(h home.Home) (err error) {
			keys, err = h.Unindexed(ctx, indexEnough)
			return err
		})
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			l.indexer.since = time.Time{}
			return nil
		}
		if l.indexer.since.IsZero() {
			l.indexer.since = time.Now()
		}
		if !forced && len(keys) < indexEnough && time.Since(l.indexer.since) < indexWait {
			return nil
		}
		if err := l.indexKeys(ctx, keys, forced); err != nil {
			return err
		}
		l.indexer.since = time.Time{}
	}
}

// indexKeys makes segments of the keys, in their order, and rests after each.
func (l *Log) indexKeys(ctx context.Context, keys []home.Key, forced bool) error {
	written := l.Stats().Written
	last := time.Now()
	for len(keys) > 0 {
		began := time.Now()
		n, err := l.indexSegment(ctx, keys)
		if err != nil {
			return err
		}
		keys = keys[n:]
		if forced {
			continue
		}
		rest := idleRest * time.Since(began)
		now := l.Stats().Written
		if float64(now-written) > busyRate*time.Since(last).Seconds() {
			rest = busyRest * time.Since(began)
		}
		written, last = now, time.Now()
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// indexSegment makes a segment of the first keys and tells of how many.
func (l *Log) indexSegment(ctx context.Context, keys []home.Key) (n int, err error) {
	first := keys[0]
	segment := home.Segment{FirstID: first.FirstID, LastID: first.LastID}
	vocabulary, size := newVocabulary(), 0
	for n < len(keys) && size < segmentSize {
		k := keys[n]
		if k.Place.Day != first.Place.Day || home.Minute(k.FirstID) != home.Minute(first.FirstID) {
			break
		}
		n++
		found, err := l.loadPiece(ctx, k)
		if err != nil {
			return 0, err
		}
		segment.Keys = append(segment.Keys, k)
		segment.FirstID, segment.LastID = min(segment.FirstID, k.FirstID), max(segment.LastID, k.LastID)
		_, err = walk(found.data, found.packed, func(n *names, rest *cursor) (bool, error) {
			size += len(rest.rest)
			kept, err := rest.kept(n)
			if err != nil {
				return false, err
			}
			if kept.at.After(segment.At) {
				segment.At = kept.at
			}
			vocabulary.exchange(&kept)
			return true, nil
		})
		if err != nil && !errors.Is(err, errDamaged) { // what is damaged is never found, and must not hold up the rest
			return 0, err
		}
	}
	segment.Terms = vocabulary.terms()
	return n, l.use(func(h home.Home) error { return h.Index(ctx, &segment) })
}
