package requestlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/compression"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Erasure says who is erased from the log.
type Erasure struct {
	MerchantID   string // whose exchanges
	AllMerchants bool   // instead
	// Person is erased wherever one of the addresses or numbers is found, as a whole
	// or in a text.
	Person checkout.Person
	// Payments are those that the person has a part in, by the ids of the session and
	// the order and by authorization tokens: of an exchange about one of them the person
	// is erased as from the payment.
	Payments map[string]*checkout.Erasure
	// DryRun counts and changes nothing.
	DryRun bool
	// Progress is told from time to time how many exchanges were looked at. May be
	// nil.
	Progress func(looked int64)
}

// Erase takes a person out of the log: bodies, paths, explanations, keyed hashes and
// the index of searches. It tells how many exchanges had something of the person.
// It looks at every exchange that was recorded before the call, one block at a time,
// beside those who record and search. What was erased before an error or a kill
// stays erased, and calling it again does the rest. Other merchants' exchanges
// are not touched unless asked for.
func (l *Log) Erase(ctx context.Context, erasure Erasure) (exchanges int64, err error) {
	if err := l.flush(ctx); err != nil {
		return 0, err
	}
	e := newErasing(&l.options, &erasure)
	looked, below := int64(0), ""
	for {
		var keys []home.Key
		err := l.use(func(h home.Home) (err error) {
			keys, err = h.List(ctx, home.Everything, below, keysListed)
			return err
		})
		if err != nil {
			return exchanges, fmt.Errorf("requestlog: erase: %w", err)
		}
		for _, k := range keys {
			count, had, err := l.eraseFrom(ctx, e, k)
			if looked, exchanges = looked+count, exchanges+had; err != nil {
				return exchanges, fmt.Errorf("requestlog: erase: %w", err)
			}
		}
		if erasure.Progress != nil {
			erasure.Progress(looked)
		}
		if len(keys) < keysListed {
			return exchanges, nil
		}
		// The next page begins with what begins as the last of this one does.
		last := keys[len(keys)-1].FirstID
		if next := last + justAbove; below == "" || next < below {
			below = next
		} else {
			below = last
		}
	}
}

// Purge sees to it that what was erased is not left in the files of the log: see
// home.Home. Nothing is written while a whole one is under way.
func (l *Log) Purge(ctx context.Context, whole bool) error {
	err := l.use(func(h home.Home) error { return h.Purge(ctx, whole) })
	if err != nil {
		return fmt.Errorf("requestlog: purge: %w", err)
	}
	return nil
}

// piece is a block or a refusal, apart from its home.
type piece struct {
	there, packed     bool
	data, explanation []byte
}

// loadPiece copies a piece, so that the home is not held while it is read.
func (l *Log) loadPiece(ctx context.Context, k home.Key) (found piece, err error) {
	err = l.use(func(h home.Home) error {
		return h.Load(ctx, []home.Key{k}, func(p home.Piece) (bool, error) {
			if r := p.Refusal; r != nil {
				found = piece{true, r.Packed, bytes.Clone(r.Data), []byte(r.Explanation)}
			} else {
				found = piece{true, p.Block.Packed, bytes.Clone(p.Block.Data), nil}
			}
			return true, nil
		})
	})
	return found, err
}

// eraseFrom erases from one piece; had is how many exchanges of it had something. A
// segment that is made meanwhile would have the terms from before.
func (l *Log) eraseFrom(ctx context.Context, e *erasing, k home.Key) (looked, had int64, err error) {
	l.indexer.step.Lock()
	defer l.indexer.step.Unlock()
	found, err := l.loadPiece(ctx, k)
	if err != nil || !found.there {
		return 0, 0, err
	}
	left, looked, had, err := e.piece(&found)
	if errors.Is(err, errDamaged) { // what is damaged is found by nobody
		return looked, 0, nil
	}
	if err != nil || had == 0 || e.erasure.DryRun {
		return looked, had, err
	}
	replacement := home.Replacement{Key: k, Explanation: string(left.explanation)}
	if replacement.Data, replacement.Packed = compression.Append(nil, left.data); !replacement.Packed {
		replacement.Data = left.data
	}
	if replacement.Segments, err = l.segmentsWith(ctx, k, left.data); err != nil {
		return looked, had, err
	}
	return looked, had, l.use(func(h home.Home) error { return h.Replace(ctx, &replacement) })
}

// piece is a piece without the person, its data not packed.
func (e *erasing) piece(p *piece) (left piece, looked, had int64, err error) {
	left.explanation = p.explanation
	_, err = walk(p.data, p.packed, func(n *names, rest *cursor) (bool, error) {
		k, err := rest.kept(n)
		if err != nil {
			return false, err
		}
		looked++
		inside := k.flags&flagExplanation != 0
		why := p.explanation
		if inside {
			why = k.explanation
		}
		why, changed, err := e.exchange(&k, why)
		if err != nil {
			return false, err
		}
		if changed {
			had++
		}
		if inside {
			k.explanation = why
		} else {
			left.explanation = why
		}
		left.data = k.append(left.data)
		return true, nil
	})
	return left, looked, had, err
}

// append appends the encoded form again.
func (k *kept) append(dst []byte) []byte {
	flags := k.flags
	if len(k.keyed) == 0 {
		flags &^= flagKeyed
	}
	return appendForm(dst, flags, &form[[]byte]{
		correlationID: k.correlationID,
		names:         [...][]byte{k.merchantID, k.method, k.path, k.operation, k.sessionID, k.orderID, k.authorizationToken},
		at:            k.at, duration: k.duration, status: k.status, request: k.request, response: k.response,
		explanation: k.explanation, keyed: k.keyed,
	})
}

// segmentsWith are the segments that have a piece, with the terms that they have
// when the data of the piece is another.
func (l *Log) segmentsWith(ctx context.Context, k home.Key, data []byte) (segments []home.SegmentTerms, err error) {
	var keys []home.Key
	err = l.use(func(h home.Home) (err error) {
		keys, err = h.SegmentsOf(ctx, k)
		return err
	})
	for i := 0; err == nil && i < len(keys); i++ {
		vocabulary := newVocabulary()
		replaced := false
		err = l.use(func(h home.Home) error {
			return h.Load(ctx, keys[i:i+1], func(p home.Piece) (bool, error) {
				var err error
				switch same := samePiece(k, p); {
				case same:
					replaced = true
					err = vocabulary.data(data, false)
				case p.Refusal != nil:
					err = vocabulary.data(p.Refusal.Data, p.Refusal.Packed)
				default:
					err = vocabulary.data(p.Block.Data, p.Block.Packed)
				}
				return true, err
			})
		})
		if replaced {
			segments = append(segments, home.SegmentTerms{Key: keys[i], Terms: vocabulary.terms()})
		}
	}
	return segments, err
}

func samePiece(k home.Key, p home.Piece) bool {
	if p.Refusal != nil {
		return k.Kind == home.KindRefusal && p.Refusal.CorrelationID == k.FirstID
	}
	return k.Kind == home.KindBlock && p.Block.FirstID == k.FirstID && p.Block.LastID == k.LastID
}

// data adds the terms of stored data; what is damaged has none.
func (v *vocabulary) data(data []byte, packed bool) error {
	_, err := walk(data, packed, func(n *names, rest *cursor) (bool, error) {
		k, err := rest.kept(n)
		if err == nil {
			v.exchange(&k)
		}
		return true, err
	})
	if errors.Is(err, errDamaged) {
		return nil
	}
	return err
}
