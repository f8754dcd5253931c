package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// TestNothingThatWasReplacedIsLeftInTheFiles: neither in free room of the database
// nor in the log, while the store is open. It takes a whole purge: SQLite moves rows
// between pages, and secure_delete does not overwrite where they were.
func TestNothingThatWasReplacedIsLeftInTheFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	engine := open(t, directory).(*sqlite.Engine)
	const word = "anna.andersson@example.com"
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var sessions []checkout.Session
	for range 300 {
		s := checkout.Session{ID: identifier.New(now), MerchantID: "PK1", Revision: 1, CreatedAt: now, UpdatedAt: now, ExpiresAt: now}
		s.Content.BillingAddress = &checkout.Address{Email: checkout.TextOf(word)}
		change := store.Change{Session: s, Event: checkout.Event{Kind: checkout.EventCreated, At: now, Reason: "of " + word},
			Callback:   &store.Callback{ID: identifier.New(now), Kind: checkout.CallbackPush, URL: "https://shop.example/?" + word, Body: []byte(word)},
			Assessment: &store.Assessment{ID: identifier.New(now), At: now, Call: "authorize", Outcome: "approve", Document: []byte(word)}}
		if err := engine.Commit(t.Context(), []store.Change{change})[0]; err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
		read := []store.Callback{*change.Callback}
		readAssessments := []store.Assessment{*change.Assessment}
		change.Callback.URL, change.Callback.Body = "https://shop.example/", []byte("{}")
		change.Assessment.Document = []byte("{}")
		if err := engine.RewriteCallbacks(t.Context(), read, []store.Callback{*change.Callback}); err != nil {
			t.Fatal(err)
		}
		if err := engine.RewriteAssessments(t.Context(), readAssessments, []store.Assessment{*change.Assessment}); err != nil {
			t.Fatal(err)
		}
	}
	if !inFiles(t, directory, word) {
		t.Fatal("the test looks in the wrong place: the word was never in a file")
	}
	for _, s := range sessions {
		read := []store.Revision{{Session: s}}
		s.Content.BillingAddress = &checkout.Address{Email: checkout.TextOf(checkout.Erased)}
		if err := engine.RewriteRevisions(t.Context(), s.ID, read, []store.Revision{{Session: s}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Purge(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, directory, word) {
		t.Error("a file still has the word")
	}
}

// inFiles tells whether a file of the directory has the word in it.
func inFiles(t *testing.T, directory, word string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(word)) {
			t.Logf("%s has it", filepath.Base(file))
			return true
		}
	}
	return false
}
