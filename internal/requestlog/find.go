package requestlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// reader is the file as the finders see it: a connection of their own, so that
// they never wait for the writer nor it for them.
type reader struct {
	mu     sync.Mutex
	closed bool
	*connection
	byCorrelationID, bySeq, runs *statement
}

func openReader(ctx context.Context, path string) (*reader, error) {
	c, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &reader{connection: c}
	for _, p := range []struct {
		to  **statement
		sql string
	}{
		// The newest, should an id ever have come twice.
		{&r.byCorrelationID, "SELECT " + columns + " FROM exchanges WHERE correlation_id = ? AND merchant_id = ? ORDER BY seq DESC LIMIT 1"},
		{&r.bySeq, "SELECT " + columns + " FROM exchanges WHERE seq = ? AND session_id = ? AND merchant_id = ?"},
		{&r.runs, "SELECT first_seq, sessions FROM runs ORDER BY first_seq"},
	} {
		if *p.to, err = c.prepare(p.sql); err != nil {
			return nil, joinClose(err, c.close)
		}
	}
	return r, nil
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return r.connection.close()
}

// read lets the query use the connection until ctx is done.
func (r *reader) read(ctx context.Context, query func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	defer r.bound(ctx)()
	err := query()
	if interrupted(err) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Find gives the exchange with the correlation id. ErrNotFound when there is
// none or it is another merchant's; those without a known caller belong to the
// merchant "". It sees everything recorded before the call.
func (l *Log) Find(ctx context.Context, merchantID, correlationID string) (Exchange, error) {
	if err := l.flush(ctx); err != nil {
		return Exchange{}, err
	}
	var found Exchange
	err := l.reader.read(ctx, func() (err error) {
		s := l.reader.byCorrelationID
		s.bindText(1, correlationID)
		s.bindText(2, merchantID)
		found, err = one(s)
		return err
	})
	switch {
	case errors.Is(err, errNoRow):
		return Exchange{}, ErrNotFound
	case err != nil:
		return Exchange{}, fmt.Errorf("requestlog: find %s: %w", correlationID, err)
	}
	return found, nil
}

// OfSession gives the merchant's exchanges about a session, oldest first: the
// first limit of them that were written, or all when limit is 0 or less. None
// is no error. It sees everything recorded before the call.
func (l *Log) OfSession(ctx context.Context, merchantID, sessionID string, limit int) ([]Exchange, error) {
	if sessionID == "" {
		return nil, nil
	}
	if err := l.flush(ctx); err != nil {
		return nil, err
	}
	var found []Exchange
	err := l.reader.read(ctx, func() (err error) {
		found, err = l.reader.ofSession(merchantID, sessionID, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("requestlog: exchanges of session %s: %w", sessionID, err)
	}
	// They were written in the order in which they ended, more or less.
	slices.SortStableFunc(found, func(a, b Exchange) int { return a.At.Compare(b.At) })
	return found, nil
}

// ofSession walks the marks of all exchanges and looks at those that fit.
func (r *reader) ofSession(merchantID, sessionID string, limit int) (found []Exchange, err error) {
	r.bySeq.bindText(2, sessionID)
	r.bySeq.bindText(3, merchantID)
	defer func() { err = errors.Join(err, r.runs.reset()) }()
	for r.runs.next() {
		first := r.runs.integer(0)
		for offset := range marked(r.runs.blob(1), sessionID) {
			r.bySeq.bindInteger(1, first+int64(offset))
			e, err := one(r.bySeq)
			switch {
			case errors.Is(err, errNoRow): // another session has the same mark
				continue
			case err != nil:
				return nil, err
			}
			if found = append(found, e); len(found) == limit {
				return found, nil
			}
		}
	}
	return found, nil
}
