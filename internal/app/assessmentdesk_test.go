package app_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// TestAnOperatorReadsAnyAssessment, on the store itself and, byte for byte the same,
// through the server that owns it: with the rule that decided, of whatever merchant.
func TestAnOperatorReadsAnyAssessment(t *testing.T) {
	t.Parallel()
	folder := assessedFile(t)
	url := "sqlite:" + filepath.Join(folder, "kvitto.db")
	engine, err := sqlite.Open(t.Context(), filepath.Join(folder, "kvitto.db"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := engine.AssessmentsAfter(t.Context(), "", "", 6)
	if err := errors.Join(err, engine.Close()); err != nil || len(found) != 6 {
		t.Fatalf("%v, %d assessments", err, len(found))
	}
	read := func(id string) (json.RawMessage, error) {
		t.Helper()
		opened, err := app.OpenAdmin(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		document, err := opened.Assessment(t.Context(), id)
		return document, errors.Join(err, opened.Close())
	}
	var direct []string
	for _, i := range []int{2, 5} { // of two merchants
		document, err := read(found[i].ID)
		if err != nil || !strings.Contains(string(document), `"assessment_id":"`+found[i].ID+`"`) || !strings.Contains(string(document), `"rule":"r"`) {
			t.Errorf("%v: %s", err, document)
		}
		direct = append(direct, string(document))
	}
	run(t, func(c *app.Config) { c.DataDir = folder })
	for at, i := range []int{2, 5} {
		if served, err := read(found[i].ID); err != nil || string(served) != direct[at] {
			t.Errorf("%v: through the server\n%s\non the store\n%s", err, served, direct[at])
		}
	}
	for _, id := range []string{"", "nope", "00000000-0000-0000-0000-000000000000", found[0].SessionID} {
		if document, err := read(id); err == nil || !strings.Contains(err.Error(), "no assessment has the id") {
			t.Errorf("%q: %v %s", id, err, document)
		}
	}
}
