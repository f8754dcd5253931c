package promises_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// TestShedBodiesAreCounted overloads the request log of a server and compares
// what the server says it did not keep with what its clients find there.
func TestShedBodiesAreCounted(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := startProcess(t, build(t), data)
	defer server.kill(t)
	shop := newMerchant(server.url, "shop")
	session := shop.must(t, 200, "POST", "/payments/v1/sessions", cart(1)).SessionID

	open := holdLog(t, filepath.Join(data, "requests.db"))
	served := updateUntil(t, shop, session, func() bool { return server.metric(t, "kvitto_requestlog_shed_total") >= 20 })
	mistake := make(chan reply) // a refusal waits for its place, however busy the log is
	go func() {
		answer, _ := shop.call("POST", "/payments/v1/sessions/"+session, `{"order_amount":7000}`)
		mistake <- answer
	}()
	open()
	refused := <-mistake
	for server.metric(t, "kvitto_requestlog_queue_length") > 0 { // every look asks the server anew
		if t.Context().Err() != nil {
			t.Fatal("the log was not written")
		}
	}

	bare, missing := 0, 0
	for _, id := range served {
		switch kept, err := shop.call("GET", "/kvitto/v1/exchanges/"+id, ""); {
		case err != nil:
			t.Fatal(err)
		case kept.Status == 404:
			missing++
		case kept.BodiesShed:
			bare++
		}
	}
	if bare == 0 || bare == len(served) {
		t.Fatalf("%d of %d are without their bodies: that was no overload", bare, len(served))
	}
	if got := server.metric(t, "kvitto_requestlog_shed_total"); int(got) != bare {
		t.Errorf("the metric says %v, %d are without their bodies", got, bare)
	}
	if got := server.metric(t, "kvitto_requestlog_dropped_total"); int(got) != missing {
		t.Errorf("the metric says %v were dropped, %d are not there", got, missing)
	}
	if page := server.get(t, "/portal/logs"); !strings.Contains(page, fmt.Sprintf("<b>%d</b> of the requests that were served", bare)) {
		t.Errorf("the portal does not say that %d are without their bodies", bare)
	}
	if kept := shop.must(t, 200, "GET", "/kvitto/v1/exchanges/"+refused.CorrelationID, ""); refused.Status != 400 || kept.BodiesShed || len(kept.Violations) == 0 {
		t.Errorf("the refusal %d %s is kept as %+v", refused.Status, refused.CorrelationID, kept)
	}
}

// holdLog keeps the server from writing its request log until open is called.
func holdLog(t *testing.T, path string) (open func()) {
	t.Helper()
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.BusyTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := conn.Exec("ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// updateUntil makes updates with long bodies from several callers until it was
// enough, and gives the ids of those that were answered.
func updateUntil(t *testing.T, shop *merchant, session string, enough func() bool) (served []string) {
	t.Helper()
	body := longCart(400)
	const callers, each = 8, 20
	for !enough() {
		var group sync.WaitGroup
		ids := make(chan string, callers*each)
		for range callers {
			group.Go(func() {
				for range each {
					if answer, err := shop.call("POST", "/payments/v1/sessions/"+session, body); err == nil && answer.Status == 204 {
						ids <- answer.CorrelationID
					} else {
						t.Errorf("update: %d %v %v", answer.Status, answer.ErrorMessages, err)
					}
				}
			})
		}
		group.Wait()
		close(ids)
		for id := range ids {
			served = append(served, id)
		}
		if t.Failed() {
			break
		}
	}
	return served
}

// longCart is a cart of so many lines.
func longCart(lines int) string {
	line := `{"name":"` + strings.Repeat("Shoe ", 20) + `","quantity":1,"unit_price":1,"total_amount":1}`
	return fmt.Sprintf(`{"purchase_country":"SE","purchase_currency":"SEK","order_amount":%d,"order_lines":[%s]}`,
		lines, strings.TrimSuffix(strings.Repeat(line+",", lines), ","))
}

func (p *process) get(t *testing.T, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%s: %d %v", path, response.StatusCode, err)
	}
	return string(text)
}

// metric is what the server says of a series.
func (p *process) metric(t *testing.T, series string) float64 {
	t.Helper()
	for line := range strings.Lines(p.get(t, "/metrics")) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("there is no %s", series)
	return 0
}
