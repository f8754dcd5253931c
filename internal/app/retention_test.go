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
// record of an old exchange go, today's stay.
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
	create := func(server *running) string {
		t.Helper()
		session, err := client.New(server.URL, "demo", "demo").CreateSession(t.Context(), cart)
		if err != nil {
			t.Fatal(err)
		}
		return session.SessionID
	}
	// A process whose clock is in the past makes what is old now.
	then := at(now.Add(-48*time.Hour-2*keep), 0)
	old := create(then)
	server := at(now, time.Millisecond)
	young := create(server)
	deadline := time.Now().Add(time.Minute)
	for {
		// An expired session is a 404 all along: the process in the past sees it
		// until it is gone.
		if got := read(then, old); got.status == 404 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the old session is still there")
		}
	}
	if got := read(server, young); got.status != 200 {
		t.Errorf("the session of today: %d %s", got.status, got.body)
	}
}
