package timeline_test

import (
	"context"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// history is what a store has of one session.
type history []store.Revision

func (h history) Revisions(context.Context, string, int, int64) ([]store.Revision, error) {
	return h, nil
}

// TestAnErasureIsNobodysRequest: it is no call of a server, and has a name.
func TestAnErasureIsNobodysRequest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	read := history{
		{Session: checkout.Session{Revision: 1}, Event: checkout.Event{Kind: checkout.EventCreated, At: at}},
		{Session: checkout.Session{Revision: 2}, Event: checkout.Event{Kind: checkout.EventErased, At: at.Add(time.Hour), Reason: "on request, by the operator"}},
	}
	steps, _, err := timeline.Steps(t.Context(), read, "session")
	if err != nil {
		t.Fatal(err)
	}
	entries := timeline.Of(nil, steps)
	if len(entries) != 2 || entries[0].Actor != timeline.ActorServer || entries[1].Actor != timeline.ActorErasure ||
		entries[1].Operation != "erase_person" || entries[1].Decision != "on request, by the operator" {
		t.Errorf("the timeline is %+v", entries)
	}
}
