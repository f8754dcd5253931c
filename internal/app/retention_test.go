package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// TestWhatHasHadItsTimeIsDeleted: a session that expired long ago and the
// record of an old exchange go, a young session stays.
func TestWhatHasHadItsTimeIsDeleted(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	const keep = 24 * time.Hour
	at := func(when time.Time, every time.Duration) *running {
		return run(t, func(c *app.Config) {
			c.Production, c.Store, c.SystemTime = false, url, func() time.Time { return when }
			if every > 0 {
				c.Retention = app.Retention{Sessions: keep, Exchanges: keep, Every: every}
			}
		})
	}
	now := time.Now()
	read := func(server *running, id string) reply {
		return send(t, http.DefaultClient, "GET", server.URL+"/payments/v1/sessions/"+id, "demo", "demo", "", nil)
	}
	create := func(server *running) (id, correlation string) {
		t.Helper()
		session, err := client.New(server.URL, "demo", "demo").CreateSession(t.Context(), cart)
		if err != nil {
			t.Fatal(err)
		}
		return session.SessionID, session.CorrelationID
	}
	deadline := time.Now().Add(time.Minute)
	until := func(what string, want int, ask func() reply) {
		t.Helper()
		for {
			got := ask()
			if got.status == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d %s, want %d", what, got.status, got.body, want)
			}
		}
	}
	recorded := func(server *running, correlation string) func() reply {
		return func() reply {
			return send(t, http.DefaultClient, "GET", server.URL+"/kvitto/v1/exchanges/"+correlation, "demo", "demo", "", nil)
		}
	}
	// A process whose clock is ahead finds old what is made now. The id of an
	// exchange has the time of the machine, so none can be made in the past.
	then := at(now, 0)
	old, oldExchange := create(then)
	until("the old exchange, once it is written", 200, recorded(then, oldExchange))
	server := at(now.Add(96*time.Hour+2*keep), time.Millisecond)
	young, _ := create(server)
	// An expired session is a 404 all along: the other process sees it
	// until it is gone.
	until("the old session", 404, func() reply { return read(then, old) })
	until("the old exchange", 404, recorded(server, oldExchange))
	if got := read(server, young); got.status != 200 {
		t.Errorf("the session of today: %d %s", got.status, got.body)
	}
}

// TestAnOldAssessmentGoesAndItsOrderStays: a session with an order is kept for
// ever, and what was assessed for it is not.
func TestAnOldAssessmentGoesAndItsOrderStays(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	const keep = 24 * time.Hour
	at := func(ahead time.Duration, every time.Duration) *client.Client {
		server := run(t, func(c *app.Config) {
			c.Production, c.Store, c.SystemTime = false, url, func() time.Time { return time.Now().Add(ahead) }
			c.Retention = app.Retention{Every: every}
			if every > 0 {
				c.Retention.Assessments, c.Retention.Sessions = keep, keep
			}
		})
		return client.New(server.URL, "demo", "demo")
	}
	now := at(0, 0)
	session, err := now.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	approved, err := now.Authorize(t.Context(), session.SessionID, client.BrowserCall{Outcome: client.Approve})
	if err != nil || !approved.Approved {
		t.Fatalf("%+v, %v", approved, err)
	}
	if _, err := now.PlaceOrder(t.Context(), approved.AuthorizationToken, cart); err != nil {
		t.Fatal(err)
	}
	made, err := now.Assessments(t.Context(), session.SessionID)
	if err != nil || len(made.Assessments) != 1 {
		t.Fatalf("%v, %v", made, err)
	}
	at(keep+time.Hour, time.Millisecond)
	for deadline := time.Now().Add(time.Minute); len(made.Assessments) > 0; {
		if made, err = now.Assessments(t.Context(), session.SessionID); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d are there, %v", len(made.Assessments), err)
		}
	}
	if read, err := now.ReadSession(t.Context(), session.SessionID); err != nil {
		t.Errorf("the session of the order: %+v, %v", read, err)
	}
}
