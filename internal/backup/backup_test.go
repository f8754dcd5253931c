package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/backup"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// data is a directory with an open store.
type data struct {
	*sqlite.Engine
	log    *requestlog.Log
	source backup.Source
}

func newData(t *testing.T) data {
	t.Helper()
	return openData(t, t.TempDir())
}

func openData(t *testing.T, directory string) data {
	t.Helper()
	d := data{source: backup.Source{
		Database: filepath.Join(directory, "kvitto.db"), Requests: filepath.Join(directory, "requests.db"), Version: "test", Now: noon,
	}}
	var err error
	if d.Engine, err = sqlite.Open(t.Context(), d.source.Database); err != nil {
		t.Fatal(err)
	}
	if d.log, err = requestlog.OpenSQLite(t.Context(), d.source.Requests, requestlog.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.log.Close(), d.Engine.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// add writes a merchant and an exchange of the number.
func (d data) add(ctx context.Context, n int) error {
	id := fmt.Sprintf("M%06d", n)
	err := d.AddMerchant(ctx, store.Merchant{ID: id, Name: id, CreatedAt: noon})
	// A refusal is in the file when Record returns.
	return errors.Join(err, d.log.Record(ctx, requestlog.Exchange{CorrelationID: id, MerchantID: id, At: noon, Status: 400, ErrorCode: "X"}))
}

// TestARestoredStoreIsTheOneThatWasBackedUp: while writers work, an archive
// holds at least what was written before it was asked for, without a gap, and
// the record of all of it.
func TestARestoredStoreIsTheOneThatWasBackedUp(t *testing.T) {
	t.Parallel()
	d := newData(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	enough := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if err := d.add(ctx, n); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			if n == 200 {
				close(enough)
			}
		}
	})
	<-enough
	before, err := d.Merchants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "b.tar")
	manifest, err := backup.Write(t.Context(), d.source, archive)
	if err != nil || len(manifest.Files) != 2 {
		t.Fatalf("backup: %+v, %v", manifest, err)
	}
	stop()
	wait.Wait()

	directory := filepath.Join(t.TempDir(), "new", "data")
	if _, err := backup.Restore(t.Context(), archive, directory); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 2 {
		t.Errorf("the directory holds %v, %v", entries, err)
	}
	restored := openData(t, directory)
	after, err := restored.Merchants(t.Context())
	if err != nil || len(after) < len(before) {
		t.Fatalf("%d merchants, %v; want at least the %d from before", len(after), err, len(before))
	}
	for n, merchant := range after {
		if want := fmt.Sprintf("M%06d", n); merchant.ID != want {
			t.Fatalf("merchant %d is %s: a gap", n, merchant.ID)
		}
	}
	for _, merchant := range before {
		if _, err := restored.log.Find(t.Context(), merchant.ID, merchant.ID); err != nil {
			t.Errorf("the exchange of %s: %v", merchant.ID, err)
		}
	}
}

func TestAnArchiveIsItsOwnersAndAlone(t *testing.T) {
	t.Parallel()
	d := newData(t)
	directory := t.TempDir()
	archive := filepath.Join(directory, "b.tar")
	if _, err := backup.Write(t.Context(), d.source, archive); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(archive)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive has the mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 1 {
		t.Errorf("beside the archive: %v, %v", entries, err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	d := newData(t)
	archive := filepath.Join(t.TempDir(), "b.tar")
	if err := os.WriteFile(archive, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), d.source, archive); !errors.Is(err, backup.ErrExists) {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(archive); err != nil || string(text) != "precious" {
		t.Errorf("the file is now %q, %v", text, err)
	}
	archive += "2"
	if _, err := backup.Write(t.Context(), d.source, archive); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kvitto.db", "requests.db", "kvitto.db-wal"} {
		directory := t.TempDir()
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), archive, directory); !errors.Is(err, backup.ErrExists) {
			t.Errorf("beside %s: %v", name, err)
		}
	}
}

func TestAStoreWithoutARequestLog(t *testing.T) {
	t.Parallel()
	d := newData(t)
	d.source.Requests = filepath.Join(t.TempDir(), "none.db")
	archive := filepath.Join(t.TempDir(), "b.tar")
	if manifest, err := backup.Write(t.Context(), d.source, archive); err != nil || len(manifest.Files) != 1 {
		t.Fatalf("backup: %+v, %v", manifest, err)
	}
	directory := t.TempDir()
	if _, err := backup.Restore(t.Context(), archive, directory); err != nil {
		t.Fatal(err)
	}
	openData(t, directory)
}

func TestWhatCannotBeBackedUp(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	text := filepath.Join(directory, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database. "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{"nothing": filepath.Join(directory, "none"), "a text": text} {
		archive := filepath.Join(directory, name+".tar")
		if _, err := backup.Write(t.Context(), backup.Source{Database: source}, archive); err == nil {
			t.Errorf("%s was backed up", name)
		}
		if _, err := os.Stat(archive); err == nil {
			t.Errorf("%s left an archive", name)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := backup.Write(stopped, newData(t).source, filepath.Join(directory, "stopped.tar")); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped backup: %v", err)
	}
}

// edited is the archive with each entry changed by change; a nil text leaves
// the entry out.
func edited(t *testing.T, archive []byte, change func(name string, text []byte) []byte) string {
	t.Helper()
	var made bytes.Buffer
	from, to := tar.NewReader(bytes.NewReader(archive)), tar.NewWriter(&made)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		text, readErr := io.ReadAll(from)
		if err = errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		if text = change(header.Name, text); text == nil {
			continue
		}
		header.Size = int64(len(text))
		if err = to.WriteHeader(header); err == nil {
			_, err = to.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "edited.tar")
	if err := os.WriteFile(path, made.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	t.Parallel()
	d := newData(t)
	path := filepath.Join(t.TempDir(), "b.tar")
	if _, err := backup.Write(t.Context(), d.source, path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	only := func(target string, change func([]byte) []byte) func(string, []byte) []byte {
		return func(name string, text []byte) []byte {
			if name == target {
				return change(text)
			}
			return text
		}
	}
	replace := func(old, new string) func([]byte) []byte {
		return func(text []byte) []byte { return bytes.Replace(text, []byte(old), []byte(new), 1) }
	}
	nothing := func([]byte) []byte { return nil }
	cut := filepath.Join(t.TempDir(), "cut.tar")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"cut":                   {cut, backup.ErrDamaged},
		"a byte changed":        {edited(t, whole, only("kvitto.db", func(b []byte) []byte { b[5000] ^= 1; return b })), backup.ErrDamaged},
		"requests missing":      {edited(t, whole, only("requests.db", nothing)), backup.ErrDamaged},
		"no manifest":           {edited(t, whole, only("manifest.json", nothing)), backup.ErrFormat},
		"manifest of no JSON":   {edited(t, whole, only("manifest.json", replace("{", "("))), backup.ErrFormat},
		"another format":        {edited(t, whole, only("manifest.json", replace(`"format": 1`, `"format": 2`))), backup.ErrFormat},
		"a name that leads out": {edited(t, whole, only("manifest.json", replace(`"requests.db"`, `"../requests.db"`))), backup.ErrFormat},
		"a name twice":          {edited(t, whole, only("manifest.json", replace(`"requests.db"`, `"kvitto.db"`))), backup.ErrFormat},
		"no archive":            {d.source.Database, backup.ErrFormat},
	} {
		directory := filepath.Join(t.TempDir(), "data")
		if _, err := backup.Restore(t.Context(), c.path, directory); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if entries, err := os.ReadDir(directory); err == nil && len(entries) > 0 {
			t.Errorf("%s: left %v behind", name, entries)
		}
	}
}

// TestAWholeArchiveOfAForeignDatabase: the sums are right and the databases
// are not ours.
func TestAWholeArchiveOfAForeignDatabase(t *testing.T) {
	t.Parallel()
	d := newData(t)
	archive := filepath.Join(t.TempDir(), "b.tar")
	swapped := d.source
	swapped.Database, swapped.Requests = d.source.Requests, filepath.Join(t.TempDir(), "none")
	if _, err := backup.Write(t.Context(), swapped, archive); !errors.Is(err, sqlite.ErrForeign) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(archive); err == nil {
		t.Error("it left an archive")
	}
}
