package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/store"
)

var ticketRules = []peopleRule{
	{"a ticket is read until it is taken", func(t *testing.T, engine peopled) {
		want := addTicket(t, engine, newID(), "link", dawn)
		mustReadTicket(t, engine, want)
		again := want
		again.Document = []byte("other")
		if err := engine.AddTicket(t.Context(), again); !errors.Is(err, store.ErrConflict) {
			t.Errorf("AddTicket again: %v, want ErrConflict", err)
		}
		taken, err := engine.TakeTicket(t.Context(), want.Hash)
		if diff := cmp.Diff(want, taken, exactly); err != nil || diff != "" {
			t.Errorf("TakeTicket: %v (-written +read):\n%s", err, diff)
		}
		mustBeNoTicket(t, engine, want)
	}},
	{"a ticket of nobody is kept apart from everybody's", func(t *testing.T, engine peopled) {
		nobodys, somebodys := addTicket(t, engine, "", "link", dawn), addTicket(t, engine, newID(), "link", dawn)
		mustReadTicket(t, engine, nobodys)
		mustHoldTickets(t, engine, "", "link", 10, nobodys)
		if err := engine.DropTickets(t.Context(), "", "link", store.SecretHash{}); err != nil {
			t.Fatal(err)
		}
		mustBeNoTicket(t, engine, nobodys)
		mustReadTicket(t, engine, somebodys)
	}},
	{"of many who take a ticket at the same time one gets it", func(t *testing.T, engine peopled) {
		ticket := addTicket(t, engine, newID(), "link", dawn)
		mustBeOne(t, "TakeTicket", func(int) error { _, err := engine.TakeTicket(t.Context(), ticket.Hash); return err }, store.ErrNotFound)
	}},
	{"a ticket that is touched expires later", func(t *testing.T, engine peopled) {
		ticket := addTicket(t, engine, newID(), "session", dawn)
		ticket.SeenAt, ticket.ExpiresAt = dawn.Add(time.Minute), dawn.Add(3*time.Hour)
		if err := engine.TouchTicket(t.Context(), ticket.Hash, ticket.SeenAt, ticket.ExpiresAt); err != nil {
			t.Fatal(err)
		}
		mustReadTicket(t, engine, ticket)
		if err := engine.TouchTicket(t.Context(), hashOf("none"), dawn, dawn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown ticket: %v, want ErrNotFound", err)
		}
	}},
	{"the tickets of a person and kind, the newest first", func(t *testing.T, engine peopled) {
		one, two := newID(), newID()
		first := addTicket(t, engine, one, "session", dawn)
		third := addTicket(t, engine, one, "session", dawn.Add(2*time.Second))
		second := addTicket(t, engine, one, "session", dawn.Add(time.Second))
		link, others := addTicket(t, engine, one, "link", dawn), addTicket(t, engine, two, "session", dawn)
		mustHoldTickets(t, engine, one, "session", 10, third, second, first)
		mustHoldTickets(t, engine, one, "session", 2, third, second)
		if err := engine.DropTickets(t.Context(), one, "session", second.Hash); err != nil {
			t.Fatal(err)
		}
		mustHoldTickets(t, engine, one, "session", 10, second)
		mustHoldTickets(t, engine, one, "link", 10, link)
		mustHoldTickets(t, engine, two, "session", 10, others)
	}},
	{"tickets that have expired are deleted a few at a time", func(t *testing.T, engine peopled) {
		person := newID()
		for i := range 3 {
			addTicket(t, engine, person, "session", dawn.Add(time.Duration(i)*time.Second))
		}
		live := addTicket(t, engine, person, "session", dawn.Add(time.Minute))
		for _, want := range []int{2, 1, 0} {
			if got, err := engine.DeleteExpiredTickets(t.Context(), live.ExpiresAt, 2); err != nil || got != want {
				t.Errorf("DeleteExpiredTickets: %d, %v; want %d", got, err, want)
			}
		}
		mustHoldTickets(t, engine, person, "session", 10, live)
	}},
}

// addTicket adds a ticket that lives an hour.
func addTicket(t *testing.T, engine peopled, personID, kind string, at time.Time) store.Ticket {
	t.Helper()
	ticket := store.Ticket{
		Hash: hashOf(newID()), Kind: kind, PersonID: personID, CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(time.Hour), Document: []byte{0, 255},
	}
	if err := engine.AddTicket(t.Context(), ticket); err != nil {
		t.Fatalf("AddTicket: %v", err)
	}
	return ticket
}

func mustReadTicket(t *testing.T, engine peopled, want store.Ticket) {
	t.Helper()
	got, err := engine.Ticket(t.Context(), want.Hash)
	if diff := cmp.Diff(want, got, exactly); err != nil || diff != "" {
		t.Errorf("the ticket: %v (-written +read):\n%s", err, diff)
	}
}

func mustBeNoTicket(t *testing.T, engine peopled, gone store.Ticket) {
	t.Helper()
	if _, err := engine.Ticket(t.Context(), gone.Hash); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Ticket: %v, want ErrNotFound", err)
	}
	if _, err := engine.TakeTicket(t.Context(), gone.Hash); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("TakeTicket: %v, want ErrNotFound", err)
	}
	if err := engine.TouchTicket(t.Context(), gone.Hash, dawn, dawn); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("TouchTicket: %v, want ErrNotFound", err)
	}
	mustHoldTickets(t, engine, gone.PersonID, gone.Kind, 10)
}

func mustHoldTickets(t *testing.T, engine peopled, personID, kind string, limit int, want ...store.Ticket) {
	t.Helper()
	got, err := engine.TicketsOf(t.Context(), personID, kind, limit)
	if diff := cmp.Diff(want, got, exactly); err != nil || len(want)+len(got) > 0 && diff != "" {
		t.Errorf("the tickets of %q: %v (-written +read):\n%s", personID, err, diff)
	}
}

var attemptRules = []peopleRule{
	{"attempts are counted one by one", func(t *testing.T, engine peopled) {
		key := hashOf(newID())
		mustHaveTried(t, engine, key, store.Attempts{})
		for i := range int64(3) {
			at := dawn.Add(time.Duration(i) * time.Second)
			if err := engine.SetAttempts(t.Context(), key, i, store.Attempts{Count: i + 1, At: at}); err != nil {
				t.Fatalf("SetAttempts: %v", err)
			}
			mustHaveTried(t, engine, key, store.Attempts{Count: i + 1, At: at})
		}
		for _, wrong := range []int64{0, 2, 4} {
			if err := engine.SetAttempts(t.Context(), key, wrong, store.Attempts{Count: 9, At: dawn}); !errors.Is(err, store.ErrConflict) {
				t.Errorf("SetAttempts expecting %d of 3: %v, want ErrConflict", wrong, err)
			}
		}
		if err := engine.SetAttempts(t.Context(), hashOf(newID()), 1, store.Attempts{Count: 2, At: dawn}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("SetAttempts expecting 1 of none: %v, want ErrConflict", err)
		}
	}},
	{"attempts can be taken back, to none and on from there", func(t *testing.T, engine peopled) {
		key := hashOf(newID())
		for i, count := range []int64{1, 2, 1, 0, 1} {
			expected := []int64{0, 1, 2, 1, 0}[i]
			made := store.Attempts{Count: count, At: dawn.Add(time.Duration(i) * time.Second)}
			if err := engine.SetAttempts(t.Context(), key, expected, made); err != nil {
				t.Fatalf("SetAttempts from %d to %d: %v", expected, count, err)
			}
			mustHaveTried(t, engine, key, made)
		}
	}},
	{"of many attempts at the same time one is counted", func(t *testing.T, engine peopled) {
		key := hashOf(newID())
		for expected := range int64(2) {
			mustBeOne(t, "SetAttempts", func(int) error {
				return engine.SetAttempts(t.Context(), key, expected, store.Attempts{Count: expected + 1, At: dawn})
			}, store.ErrConflict)
		}
	}},
	{"attempts are forgotten by key and by age", func(t *testing.T, engine peopled) {
		one, two := hashOf(newID()), hashOf(newID())
		for key, at := range map[store.SecretHash]time.Time{one: dawn, two: dawn.Add(time.Hour)} {
			if err := engine.SetAttempts(t.Context(), key, 0, store.Attempts{Count: 1, At: at}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := engine.DeleteAttempts(t.Context(), dawn.Add(time.Minute), 10); err != nil || got != 1 {
			t.Errorf("DeleteAttempts: %d, %v; want 1", got, err)
		}
		mustHaveTried(t, engine, one, store.Attempts{})
		mustHaveTried(t, engine, two, store.Attempts{Count: 1, At: dawn.Add(time.Hour)})
		for range 2 {
			if err := engine.ForgetAttempts(t.Context(), two); err != nil {
				t.Fatal(err)
			}
			mustHaveTried(t, engine, two, store.Attempts{})
		}
	}},
}

func mustHaveTried(t *testing.T, engine peopled, key store.SecretHash, want store.Attempts) {
	t.Helper()
	got, err := engine.Attempts(t.Context(), key)
	if diff := cmp.Diff(want, got, exactly); err != nil || diff != "" {
		t.Errorf("the attempts: %v (-want +got):\n%s", err, diff)
	}
}

var auditRules = []peopleRule{
	{"entries are listed the newest first, in pages", func(t *testing.T, engine peopled) {
		merchant := newID()
		first, third := addAudit(t, engine, merchant, dawn), addAudit(t, engine, "", dawn.Add(2*time.Second))
		second := addAudit(t, engine, merchant, dawn.Add(time.Second))
		mustHaveAudit(t, engine, store.AuditFilter{Everything: true, Limit: 10}, third, second, first)
		mustHaveAudit(t, engine, store.AuditFilter{Everything: true, Limit: 2}, third, second)
		mustHaveAudit(t, engine, store.AuditFilter{Everything: true, Limit: 2, BeforeAt: second.At, BeforeID: second.ID}, first)
		mustHaveAudit(t, engine, store.AuditFilter{MerchantID: merchant, Limit: 10}, second, first)
		mustHaveAudit(t, engine, store.AuditFilter{MerchantID: merchant, Limit: 1, BeforeAt: second.At, BeforeID: second.ID}, first)
		mustHaveAudit(t, engine, store.AuditFilter{Limit: 10}, third)
		mustHaveAudit(t, engine, store.AuditFilter{MerchantID: newID(), Limit: 10})
	}},
	{"entries of one moment are in no page twice", func(t *testing.T, engine peopled) {
		for range 5 {
			addAudit(t, engine, "", dawn)
		}
		seen := map[string]bool{}
		filter := store.AuditFilter{Everything: true, Limit: 2}
		for range 3 {
			page, err := engine.AuditEntries(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range page {
				if seen[entry.ID] {
					t.Errorf("%s was listed twice", entry.ID)
				}
				seen[entry.ID] = true
				filter.BeforeAt, filter.BeforeID = entry.At, entry.ID
			}
		}
		if len(seen) != 5 {
			t.Errorf("%d of 5 entries were listed", len(seen))
		}
	}},
	{"the id of an entry is taken once", func(t *testing.T, engine peopled) {
		entry := addAudit(t, engine, "", dawn)
		again := entry
		again.Action = "another"
		if err := engine.AddAudit(t.Context(), again); !errors.Is(err, store.ErrConflict) {
			t.Errorf("AddAudit again: %v, want ErrConflict", err)
		}
		mustHaveAudit(t, engine, store.AuditFilter{Everything: true, Limit: 10}, entry)
	}},
	{"old entries are deleted a few at a time", func(t *testing.T, engine peopled) {
		for range 3 {
			addAudit(t, engine, "", dawn)
		}
		kept := addAudit(t, engine, "", dawn.Add(time.Second))
		for _, want := range []int{2, 1, 0} {
			if got, err := engine.DeleteAudit(t.Context(), kept.At, 2); err != nil || got != want {
				t.Errorf("DeleteAudit: %d, %v; want %d", got, err, want)
			}
		}
		mustHaveAudit(t, engine, store.AuditFilter{Everything: true, Limit: 10}, kept)
	}},
}

func addAudit(t *testing.T, engine peopled, merchantID string, at time.Time) store.AuditEntry {
	t.Helper()
	entry := store.AuditEntry{ID: newID(), At: at, PersonID: newID(), Person: "åsa@example.com", Action: "look", Subject: "a thing",
		MerchantID: merchantID, Address: "192.0.2.7"}
	if err := engine.AddAudit(t.Context(), entry); err != nil {
		t.Fatalf("AddAudit: %v", err)
	}
	return entry
}

func mustHaveAudit(t *testing.T, engine peopled, filter store.AuditFilter, want ...store.AuditEntry) {
	t.Helper()
	got, err := engine.AuditEntries(t.Context(), filter)
	if diff := cmp.Diff(want, got, exactly); err != nil || len(want)+len(got) > 0 && diff != "" {
		t.Errorf("audit %+v: %v (-written +read):\n%s", filter, err, diff)
	}
}
