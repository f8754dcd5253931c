package requestlog

import (
	"context"
	"fmt"
	"slices"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Find gives the exchange with the correlation id. ErrNotFound when there is
// none or it is another merchant's; those without a known caller belong to the
// merchant "". It sees everything recorded before the call.
func (l *Log) Find(ctx context.Context, merchantID, correlationID string) (Exchange, error) {
	if err := l.flush(ctx); err != nil {
		return Exchange{}, err
	}
	f := finder{limit: 1, wanted: func(n *names) bool {
		return string(n.correlationID) == correlationID && string(n.merchantID) == merchantID
	}}
	id := searchable(correlationID)
	err := l.use(func(h home.Home) error {
		if err := h.Refusal(ctx, id, f.refusal); err != nil || f.full() {
			return err
		}
		return h.Covering(ctx, bucket(id), id, f.block)
	})
	switch {
	case err != nil:
		return Exchange{}, fmt.Errorf("requestlog: find %s: %w", correlationID, err)
	case len(f.found) == 0:
		return Exchange{}, ErrNotFound
	}
	return f.found[0], nil
}

// OfSession gives the merchant's exchanges about a session, oldest first and
// within the bounds. None is no error. It sees everything recorded before the
// call.
func (l *Log) OfSession(ctx context.Context, merchantID, sessionID string, bounds Bounds) ([]Exchange, error) {
	if sessionID == "" {
		return nil, nil
	}
	if err := l.flush(ctx); err != nil {
		return nil, err
	}
	wanted := func(n *names) bool {
		return string(n.sessionID) == sessionID && string(n.merchantID) == merchantID
	}
	limit, bound := bounds.Count, boundOf(bounds)
	refused, served := finder{limit: limit, wanted: wanted, bound: bound}, finder{limit: limit, wanted: wanted, bound: bound}
	id := searchable(sessionID)
	err := l.use(func(h home.Home) error {
		if err := h.RefusalsOf(ctx, id, refused.refusal); err != nil {
			return err
		}
		return h.Marked(ctx, id, served.block)
	})
	if err != nil {
		return nil, fmt.Errorf("requestlog: exchanges of session %s: %w", sessionID, err)
	}
	// They were written in the order in which they ended, more or less.
	found := append(refused.found, served.found...)
	slices.SortStableFunc(found, func(a, b Exchange) int { return a.At.Compare(b.At) })
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found, nil
}

// finder gathers what is wanted of what a home gives.
type finder struct {
	wanted func(*names) bool
	limit  int        // 0 or less for none
	bound  *bodyBound // nil for none
	found  []Exchange
}

func (f *finder) full() bool { return f.limit > 0 && len(f.found) >= f.limit }

func (f *finder) add(e Exchange) bool {
	f.found = append(f.found, e)
	return !f.full()
}

func (f *finder) block(b *home.Block) (more bool, err error) {
	return search(b.Data, b.Packed, f.wanted, f.bound, f.add)
}

func (f *finder) refusal(r *home.Refusal) (more bool, err error) {
	before := len(f.found)
	more, err = search(r.Data, r.Packed, f.wanted, f.bound, f.add)
	for i := before; i < len(f.found) && err == nil && r.Explanation != ""; i++ {
		err = f.bound.explain(&f.found[i], []byte(r.Explanation))
	}
	return more, err
}
