package sqlite

import (
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// TestALookForWhatIsDueReadsNothingThatIsNot: the server looks each second, and
// pushes wait by the hundred thousand for two hours. SQLite's steps are counted:
// a row takes several.
func TestALookForWhatIsDueReadsNothingThatIsNot(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	const waiting, few = 2000, 200
	if err := engine.writer.conn.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
		INSERT INTO callbacks (callback_id, session_id, revision, created_at, due_at, state, kind, merchant_id, url, body)
		SELECT randomblob(16), randomblob(16), 1, 1, 3600000 + i, 'waiting', 'push', 'm', '', x'' FROM n;
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
		INSERT INTO reviews (order_id, session_id, placed_at, due_at, amount, waiting, merchant_id, currency, state, claimed_by)
		SELECT randomblob(16), randomblob(16), 1, 3600000 + i, 1, 1, 'm', 'EUR', 'open', '' FROM n`); err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1)
	err := engine.read(t.Context(), func(r *reader) error {
		for name, q := range map[string]*statement{
			"callbacks": r.outbox.due.integer(1, now.UnixMilli()).integer(2, 1).text(3, "[]"),
			"reviews":   r.reviews.due.integer(1, now.UnixMilli()).integer(2, 1),
		} {
			for q.row() {
				t.Errorf("%s: one is due", name)
			}
			if steps := q.stmt.Status(sqlite3.STMTSTATUS_VM_STEP, true); steps == 0 || steps > few {
				t.Errorf("%s: %d steps with %d waiting, want at most %d", name, steps, waiting, few)
			}
			if err := q.reset(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	find := engine.writer.outbox.find.integer(1, now.UnixMilli()).integer(2, 1).text(3, "[]")
	for find.row() {
		t.Error("one is claimed")
	}
	if steps := find.stmt.Status(sqlite3.STMTSTATUS_VM_STEP, true); steps == 0 || steps > few {
		t.Errorf("a claim: %d steps with %d waiting, want at most %d", steps, waiting, few)
	}
	if err := find.reset(); err != nil {
		t.Fatal(err)
	}
}
