package sqlite

import (
	"context"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

const tallyUpsert = `INSERT INTO tallies (everybody, merchant_id, start_s, id, data) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (everybody, merchant_id, start_s, id) DO UPDATE SET data = excluded.data`

func (w *writer) putTallies(tallies []home.Tally) error {
	s := w.putTally
	for i := range tallies {
		t := &tallies[i]
		s.bindBool(1, t.Everybody)
		s.bindText(2, t.MerchantID)
		s.bindInteger(3, t.Start)
		s.bindText(4, t.ID)
		s.bindBlob(5, t.Data)
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// forgetTallies deletes those of spans that were over at a time, which is in
// nanoseconds.
func (w *writer) forgetTallies(at int64) error {
	w.deleteTallies.bindInteger(1, at/int64(time.Second)-home.TallySpan)
	return w.deleteTallies.run()
}

// Tallies visits the tallies of a range.
func (h *Home) Tallies(ctx context.Context, wanted home.TallyRange, visit func(*home.Tally) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		s := r.tallies
		s.bindBool(1, wanted.Everybody)
		s.bindText(2, wanted.MerchantID)
		s.bindInteger(3, wanted.From)
		s.bindInteger(4, wanted.To)
		return each(s, func() (bool, error) {
			return visit(&home.Tally{
				Everybody: wanted.Everybody, MerchantID: wanted.MerchantID, Start: s.integer(0), ID: s.text(1), Data: s.rawBlob(2),
			})
		})
	})
}
