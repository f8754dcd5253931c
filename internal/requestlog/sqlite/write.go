package sqlite

import (
	"context"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// writer is the connection that changes the file.
type writer struct {
	*connection
	begin, commit, rollback                *statement
	insertRefusal, insertBlock, insertMark *statement
	putTally                               *statement
	sweeper
	indexer
}

func openWriter(ctx context.Context, path string) (*writer, error) {
	c, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := migrate(c); err != nil {
		return nil, joinClose(err, c.close)
	}
	w := &writer{connection: c}
	err = c.prepareAll([]query{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.insertRefusal, `INSERT INTO refusals (correlation_id, merchant_id, at_ns, status, operation, session_id, order_id,
			authorization_token, explanation, packed, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.insertBlock, "INSERT INTO blocks (first_id, last_id, at_ns, exchanges, packed, data) VALUES (?, ?, ?, ?, ?, ?)"},
		{&w.insertMark, "INSERT INTO marks (seq, newest_name, oldest_name, marks) VALUES (?, ?, ?, ?)"},
		{&w.putTally, tallyUpsert},
	})
	if err == nil {
		err = w.sweeper.prepareSweep(c)
	}
	if err == nil {
		err = w.prepareIndex(c)
	}
	if err != nil {
		return nil, joinClose(err, c.close)
	}
	return w, nil
}

// Write puts the batch into the file in one transaction.
func (h *Home) Write(_ context.Context, batch *home.Batch) error {
	return h.change(func(w *writer) error { return w.insert(batch) })
}

func (w *writer) transaction(change func() error) error {
	if err := w.begin.run(); err != nil {
		return err
	}
	err := change()
	if err == nil {
		err = w.commit.run()
	}
	if err != nil {
		// A full disk may have rolled back already; then this one complains.
		_ = w.rollback.run()
	}
	return err
}

func (w *writer) insert(batch *home.Batch) error {
	for i := range batch.Refusals {
		w.bindRefusal(&batch.Refusals[i])
		if err := w.insertRefusal.run(); err != nil {
			return err
		}
	}
	for i := range batch.Blocks {
		if err := w.addBlock(&batch.Blocks[i]); err != nil {
			return err
		}
	}
	return w.putTallies(batch.Tallies)
}

func (w *writer) bindRefusal(r *home.Refusal) {
	s := w.insertRefusal
	s.bindText(1, r.CorrelationID)
	s.bindText(2, r.MerchantID)
	s.bindInteger(3, home.Nanoseconds(r.At))
	s.bindInteger(4, int64(r.Status))
	s.bindText(5, r.Operation)
	s.bindText(6, r.SessionID)
	s.bindText(7, r.OrderID)
	s.bindText(8, r.AuthorizationToken)
	s.bindText(9, r.Explanation)
	s.bindBool(10, r.Packed)
	s.bindBlob(11, r.Data)
}

func (w *writer) addBlock(b *home.Block) error {
	s := w.insertBlock
	s.bindText(1, b.FirstID)
	s.bindText(2, b.LastID)
	s.bindInteger(3, home.Nanoseconds(b.At))
	s.bindInteger(4, int64(b.Count))
	s.bindBool(5, b.Packed)
	s.bindBlob(6, b.Data)
	if err := s.run(); err != nil || b.NewestName == "" {
		return err
	}
	s = w.insertMark
	s.bindInteger(1, w.lastSeq())
	s.bindText(2, b.NewestName)
	s.bindText(3, b.OldestName)
	s.bindBlob(4, b.Marks)
	return s.run()
}
