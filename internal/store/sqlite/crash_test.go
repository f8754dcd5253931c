package sqlite

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// lossyDisk is the operating system's file system that remembers what would be
// on the disk if the machine lost its power now: what was synced, and any part
// of what was not.
type lossyDisk struct {
	vfs.VFSFilename
	mu    sync.Mutex
	files map[string]*lossyContent // by base name: database and log
	kept  func(map[string][]byte)  // is told what is on the disk after each sync; may be nil
}

// lossyContent is a file on the disk, and what was done to it since.
type lossyContent struct {
	synced  []byte
	changes []lossyChange
}

// lossyChange is a write, or a truncation when data is nil.
type lossyChange struct {
	data []byte
	at   int64
}

func newLossyDisk(t *testing.T) (name string, disk *lossyDisk) {
	t.Helper()
	system, ok := vfs.Find("os").(vfs.VFSFilename)
	if !ok {
		t.Fatal("the driver's file system has no file names")
	}
	name, disk = uuid.NewString(), &lossyDisk{VFSFilename: system, files: map[string]*lossyContent{}}
	vfs.Register(name, disk)
	t.Cleanup(func() { vfs.Unregister(name) })
	return name, disk
}

func (d *lossyDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := d.VFSFilename.OpenFilename(name, flags)
	if err != nil || flags&(vfs.OPEN_WAL|vfs.OPEN_MAIN_DB) == 0 {
		return file, flags, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	base := filepath.Base(name.String())
	if d.files[base] == nil {
		d.files[base] = &lossyContent{}
	}
	return &lossyFile{File: file, disk: d, name: base}, flags, nil
}

func (d *lossyDisk) Delete(name string, syncDir bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, filepath.Base(name))
	return d.VFSFilename.Delete(name, syncDir)
}

func (d *lossyDisk) change(name string, change lossyChange) {
	if c := d.files[name]; c != nil {
		c.changes = append(c.changes, change)
	}
}

// crash writes to a directory what a crash might leave: of the changes that
// were not synced none, all, or any, a write perhaps by half.
func (d *lossyDisk) crash(dir string, random *rand.Rand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := random.Float64()
	if random.IntN(3) == 0 {
		keep = 0
	}
	for name, c := range d.files {
		content := bytes.Clone(c.synced)
		for _, change := range c.changes {
			if random.Float64() >= keep {
				continue
			}
			if random.IntN(4) == 0 && change.data != nil {
				change.data = change.data[:random.IntN(len(change.data)/512+1)*512]
			}
			content = change.applied(content)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c lossyChange) applied(to []byte) []byte {
	if c.data == nil {
		return to[:min(c.at, int64(len(to)))]
	}
	if end := int(c.at) + len(c.data); end > len(to) {
		to = append(to, make([]byte, end-len(to))...)
	}
	copy(to[c.at:], c.data)
	return to
}

type lossyFile struct {
	vfs.File
	disk *lossyDisk
	name string
}

func (f *lossyFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}

func (f *lossyFile) WriteAt(p []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.change(f.name, lossyChange{data: bytes.Clone(p), at: at})
	return f.File.WriteAt(p, at)
}

func (f *lossyFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.change(f.name, lossyChange{at: size})
	return f.File.Truncate(size)
}

// Sync keeps what was written before it began.
func (f *lossyFile) Sync(vfs.SyncFlag) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if c := f.disk.files[f.name]; c != nil {
		for _, change := range c.changes {
			c.synced = change.applied(c.synced)
		}
		c.changes = nil
	}
	if f.disk.kept != nil {
		image := map[string][]byte{}
		for name, c := range f.disk.files {
			image[name] = bytes.Clone(c.synced)
		}
		f.disk.kept(image)
	}
	return nil
}

// acknowledged is the newest revision of each session that somebody was told of.
type acknowledged struct {
	mu        sync.Mutex
	revisions map[string]int64
}

func (a *acknowledged) note(id string, revision int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revisions[id] = max(a.revisions[id], revision)
}

func (a *acknowledged) all() map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.revisions)
}

// TestALossOfPowerLosesNothingAcknowledged lets the machine crash again and
// again while sessions are made, changed, read, and the log is copied back and
// begun anew. What anybody was told, as an answer or by a read, is there
// afterwards, and the file is whole; a change and its callback are there both, or
// none of them is.
func TestALossOfPowerLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	diskName, disk := newLossyDisk(t)
	engine := openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), diskName)
	engine.flushing = flushPolicy{tail: 20, slice: 2}
	told := &acknowledged{revisions: map[string]int64{}}
	var running sync.WaitGroup
	for seed := range uint64(3) {
		running.Go(func() {
			random := rand.New(rand.NewPCG(seed, 2))
			changeAndCopyBack(t, engine, told, func() {
				readSome(t, engine, told)
				before, dir := told.all(), t.TempDir()
				if err := disk.crash(dir, random); err != nil {
					t.Error(err)
					return
				}
				mustHaveKept(t, filepath.Join(dir, "kvitto.db"), before)
			})
		})
	}
	running.Wait()
}

// changeAndCopyBack makes sessions and changes them in batches, and every few
// batches copies the log back, so that it begins anew, or lets the machine
// crash while the others go on.
func changeAndCopyBack(t *testing.T, engine *Engine, told *acknowledged, crash func()) {
	conn, err := engine.connectWith(pragmas)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.close()
	var old store.Change
	for n := range 100 {
		fresh := newSession()
		batch := []store.Change{fresh, telling(next(fresh))}
		if n > 0 {
			batch = append(batch, telling(next(old)))
		}
		for i, err := range engine.Commit(t.Context(), batch) {
			if err != nil {
				t.Errorf("Commit: %v", err)
				return
			}
			told.note(batch[i].Session.ID, batch[i].Session.Revision)
		}
		old = batch[len(batch)-1]
		switch n % 10 {
		case 3, 8:
			engine.checkpoint(conn)
		case 5:
			crash()
		}
	}
}

// telling is the change with a callback.
func telling(c store.Change) store.Change {
	c.Callback = &store.Callback{ID: uuid.NewString(), Kind: checkout.CallbackAuthorization, URL: "https://shop.example/"}
	return c
}

// halves counts the changes of changeAndCopyBack that are there without their
// callback, and the callbacks without their change.
const halves = `SELECT count(*) FROM (SELECT s.session_id, r.revision FROM revisions r JOIN sessions s ON s.number = r.session WHERE r.revision > 1) r
	FULL JOIN callbacks c ON c.session_id = r.session_id AND c.revision = r.revision
	WHERE c.revision IS NULL OR r.revision IS NULL`

// readSome reads sessions: what is shown is told.
func readSome(t *testing.T, engine *Engine, told *acknowledged) {
	for _, id := range slices.Collect(maps.Keys(told.all()))[:min(5, len(told.all()))] {
		session, err := engine.Session(t.Context(), id)
		if err != nil {
			t.Errorf("Session: %v", err)
			continue
		}
		told.note(id, session.Revision)
	}
}

func mustHaveKept(t *testing.T, path string, told map[string]int64) {
	t.Helper()
	engine, err := Open(t.Context(), path)
	if err != nil {
		t.Errorf("open what the crash left: %v", err)
		return
	}
	defer engine.Close()
	q, err := engine.writer.conn.prepare(`PRAGMA integrity_check`)
	if err != nil {
		t.Error(err)
		return
	}
	var verdict []string
	for q.row() {
		verdict = append(verdict, q.columnText(0))
	}
	if err := q.reset(); err != nil || strings.Join(verdict, "; ") != "ok" {
		t.Errorf("the file is damaged: %v, %v", verdict, err)
	}
	mustHoldTogether(t, engine)
	for id, revision := range told {
		session, err := engine.Session(t.Context(), id)
		if err != nil || session.Revision < revision {
			t.Errorf("session %s was acknowledged at revision %d and is at %d, %v", id, revision, session.Revision, err)
			return
		}
	}
}

// mustHoldTogether: of the changes of this test, each that tells has its callback,
// and no callback is without its change.
func mustHoldTogether(t *testing.T, engine *Engine) {
	t.Helper()
	q, err := engine.writer.conn.prepare(halves)
	if err != nil {
		t.Error(err)
		return
	}
	torn := int64(-1)
	if _, err := single(q, func(q *statement) { torn = q.columnInteger(0) }); err != nil || torn != 0 {
		t.Errorf("%d changes are there without their callback, or the other way round; %v", torn, err)
	}
}

// TestAChangeAndItsCallbackAreOneTransaction: whenever the machine loses its
// power, after whichever sync, both are there or none of them is.
func TestAChangeAndItsCallbackAreOneTransaction(t *testing.T) {
	t.Parallel()
	diskName, disk := newLossyDisk(t)
	engine := openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), diskName)
	var images []map[string][]byte
	disk.mu.Lock()
	disk.kept = func(image map[string][]byte) { images = append(images, image) }
	disk.mu.Unlock()
	const batches = 8
	for range batches {
		fresh := newSession()
		mustAnswer(t, engine, []store.Change{fresh, telling(next(fresh))}, nil, nil)
	}
	disk.mu.Lock()
	disk.kept = nil
	disk.mu.Unlock()
	if len(images) < batches {
		t.Fatalf("%d syncs for %d batches", len(images), batches)
	}
	for _, image := range images {
		dir := t.TempDir()
		for name, content := range image {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		left, err := Open(t.Context(), filepath.Join(dir, "kvitto.db"))
		if err != nil {
			t.Fatal(err)
		}
		mustHoldTogether(t, left)
		if err := left.Close(); err != nil {
			t.Error(err)
		}
	}
}
