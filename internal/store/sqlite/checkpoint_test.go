package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/kvitto/kvitto/internal/store"
)

func logSize(t *testing.T, engine *Engine) int64 {
	t.Helper()
	info, err := os.Stat(engine.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// large is a change of about 16 pages.
func large() store.Change {
	change := newSession()
	change.State = make([]byte, 16*pageSize)
	return change
}

func TestACheckpointLetsTheLogStartOver(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	conn, err := engine.connectWith(pragmas)
	if err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, engine, []store.Change{large(), large()}, nil, nil)
	grown := logSize(t, engine)
	engine.checkpoint(conn)
	if err := errors.Join(engine.Ping(t.Context()), conn.close()); err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, engine, []store.Change{large()}, nil)
	if after := logSize(t, engine); after != grown {
		t.Errorf("after the checkpoint the log went on from %d to %d bytes", grown, after)
	}
	mustAnswer(t, engine, []store.Change{large(), large()}, nil, nil)
	if after := logSize(t, engine); after <= grown {
		t.Errorf("without a checkpoint the log stayed at %d bytes: this test shows nothing", after)
	}
}

func TestTheLogIsAnnouncedEachTimeItHasGrown(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	grown := make(chan struct{}, 1)
	announced := func() bool {
		select {
		case <-grown:
			return true
		default:
			return false
		}
	}
	watchLog(engine.writer.conn, 40, grown)
	var got []bool
	for range 6 {
		mustAnswer(t, engine, []store.Change{large()}, nil)
		got = append(got, announced())
	}
	count := 0
	for _, yes := range got {
		if yes {
			count++
		}
	}
	if got[0] || count < 2 || count > 3 {
		t.Errorf("with 40 pages each and about 18 a commit, announced after: %v", got)
	}
}

// TestTheLogStaysShort writes until the checkpointer has let the log start
// over; it gives up at ten times the length that should wake it.
func TestTheLogStaysShort(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	batch := make([]store.Change, 16)
	for size, pages := int64(0), 0; ; pages += 16 * len(batch) {
		for i := range batch {
			batch[i] = large()
		}
		for _, err := range engine.Commit(t.Context(), batch) {
			if err != nil {
				t.Fatal(err)
			}
		}
		before := size
		if size = logSize(t, engine); size <= before {
			break
		}
		if pages > 10*checkpointPages {
			t.Fatalf("the log has %d bytes and was never started over", size)
		}
	}
	if err := engine.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

func TestAFailingCheckpointIsTold(t *testing.T) {
	t.Parallel()
	diskName, disk := newDisk(t)
	engine := openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), diskName)
	if err := engine.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
	mustAnswer(t, engine, []store.Change{large()}, nil)
	conn, err := engine.connectWith(pragmas)
	if err != nil {
		t.Fatal(err)
	}
	disk.onCopy.Store(always(syscall.EIO))
	engine.checkpoint(conn)
	if err := engine.Ping(t.Context()); !errors.Is(err, sqlite3.IOERR_WRITE) || !strings.Contains(err.Error(), engine.path) {
		t.Errorf("Ping: %v, want the failed write with the file's name", err)
	}
	disk.onCopy.Store(nil)
	engine.checkpoint(conn)
	if err := errors.Join(engine.Ping(t.Context()), conn.close()); err != nil {
		t.Errorf("after the disk was mended: %v", err)
	}
}
