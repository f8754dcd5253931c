package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kvitto/kvitto/internal/lab"
)

const faultsPath = "/kvitto/v1/faults"

// cut is a call whose connection is cut before an answer arrives.
func (m merchant) cut(t *testing.T, method, path, body string) {
	t.Helper()
	r := m.request(t, method, path, body)
	r.Close = true // on a connection of its own no client repeats it unasked
	if response, err := m.client.Do(r); err == nil {
		_ = response.Body.Close()
		t.Fatalf("%s %s is answered %d", method, path, response.StatusCode)
	}
}

// recorded are the exchanges of an operation, the newest first.
func (m merchant) recorded(t *testing.T, operation string) (found []map[string]any) {
	t.Helper()
	list, _ := m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges?operation="+operation, "").object(t)["exchanges"].([]any)
	for _, e := range list {
		id := e.(map[string]any)["correlation_id"].(string)
		found = append(found, m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+id, "").object(t))
	}
	return found
}

// TestFaultsThatAnswer: each status with the envelope of every refusal, and nothing
// was done.
func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	session := m.create(t, cart)
	for status, code := range map[int]string{500: "INTERNAL_SERVER_ERROR", 502: "BAD_GATEWAY", 503: "TEMPORARILY_UNAVAILABLE", 504: "GATEWAY_TIMEOUT"} {
		m.must(t, 200, http.MethodPost, faultsPath, fmt.Sprintf(`{"kind":"error","status":%d,"operation":"update_session"}`, status))
		m.must(t, 200, http.MethodGet, sessionPath(session), "")
		a := m.must(t, status, http.MethodPost, sessionPath(session), `{"merchant_reference1":"changed"}`)
		if a.text(t, "error_code") != code || a.header.Get("Klarna-Correlation-Id") != a.text(t, "correlation_id") || (a.header.Get("Retry-After") != "") != (status == 503) {
			t.Errorf("%d: %s %v", status, a.body, a.header)
		}
		why := m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+a.text(t, "correlation_id"), "")
		if !strings.Contains(why.text(t, "reason"), "a fault of the playground (error)") {
			t.Errorf("%d: %s", status, why.body)
		}
	}
	if read := m.must(t, 200, http.MethodGet, sessionPath(session), ""); strings.Contains(string(read.body), "changed") {
		t.Errorf("something was done: %s", read.body)
	}
	m.must(t, 204, http.MethodPost, sessionPath(session), `{"merchant_reference1":"changed"}`)
}

// TestADroppedCallChangesNothing, and the log says why there was no answer.
func TestADroppedCallChangesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m, other := s.merchant("m"), s.merchant("other")
	session := m.create(t, cart)
	m.must(t, 200, http.MethodPost, faultsPath, `{"kind":"drop"}`)
	other.create(t, cart)
	m.cut(t, http.MethodPost, sessionPath(session), `{"merchant_reference1":"changed"}`)
	if read := m.must(t, 200, http.MethodGet, sessionPath(session), ""); strings.Contains(string(read.body), "changed") {
		t.Errorf("something was done: %s", read.body)
	}
	e := m.recorded(t, "update_session")[0]
	if e["status"].(interface{ String() string }).String() != "0" || !strings.Contains(e["reason"].(string), "(drop) cut the connection before anything was done") || e["response"] != nil {
		t.Errorf("recorded: %v", e)
	}
}

// TestALostAnswerLeavesTheOrder: it was placed once, the log has the answer that was
// lost, and the call that is repeated gets it (promise 4).
func TestALostAnswerLeavesTheOrder(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	token := m.authorize(t, m.create(t, cart), "")
	m.must(t, 200, http.MethodPost, faultsPath, `{"kind":"lose_answer","operation":"create_order"}`)
	m.cut(t, http.MethodPost, orderPath(token), cart)
	e := m.recorded(t, "create_order")[0]
	lost, _ := e["order_id"].(string)
	if reason, _ := e["reason"].(string); lost == "" || !strings.Contains(fmt.Sprint(e["response"]), lost) || !strings.Contains(reason, "this answer never arrived") {
		t.Fatalf("recorded: %v", e)
	}
	if again := m.must(t, 200, http.MethodPost, orderPath(token), cart).text(t, "order_id"); again != lost {
		t.Errorf("the repeated call places %s, the lost one placed %s", again, lost)
	}
	if orders := m.must(t, 200, http.MethodGet, "/kvitto/v1/orders", "").object(t)["orders"].([]any); len(orders) != 1 {
		t.Errorf("there are %d orders", len(orders))
	}
}

// TestASlowCallIsCarriedOut, and the log says what it waited for.
func TestASlowCallIsCarriedOut(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	m.must(t, 200, http.MethodPost, faultsPath, `{"kind":"latency","milliseconds":1,"operation":"create_session"}`)
	session := m.create(t, cart)
	m.must(t, 200, http.MethodGet, sessionPath(session), "")
	if reason, _ := m.recorded(t, "create_session")[0]["reason"].(string); !strings.Contains(reason, "let the call wait 1ms") {
		t.Errorf("recorded: %q", reason)
	}
}

// TestFaultsAreCountedUnderConcurrentCalls: exactly as many calls of that operation
// fail as were asked for, whoever else calls.
func TestFaultsAreCountedUnderConcurrentCalls(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m, other := s.merchant("m"), s.merchant("other")
	const calls, count = 50, 17
	m.must(t, 200, http.MethodPost, faultsPath, fmt.Sprintf(`{"kind":"error","operation":"create_session","count":%d}`, count))
	var failed atomic.Int64
	var wait sync.WaitGroup
	for range calls {
		wait.Go(func() {
			if m.call(t, http.MethodPost, sessionsPath, cart).status == http.StatusServiceUnavailable {
				failed.Add(1)
			}
		})
	}
	wait.Go(func() { other.create(t, cart) })
	wait.Wait()
	if failed.Load() != count {
		t.Errorf("%d of %d calls failed, want %d", failed.Load(), calls, count)
	}
	if left := m.must(t, 200, http.MethodGet, faultsPath, ""); strings.Contains(string(left.body), "kind") {
		t.Errorf("left: %s", left.body)
	}
}

// TestTheListOfFaults is the answer of all three operations.
func TestTheListOfFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.merchant("m")
	for body, want := range map[string]string{
		`{"kind":"latency","milliseconds":10000,"operation":"create_order","count":3}`: `{"faults":[{"kind":"latency","operation":"create_order","count":3,"milliseconds":10000}]}`,
		`{"kind":"error"}`: `{"faults":[{"kind":"error","count":1,"status":503}]}`,
		`{"kind":"drop"}`:  `{"faults":[{"kind":"drop","count":1}]}`,
	} {
		for _, a := range []answer{m.must(t, 200, http.MethodPost, faultsPath, body), m.must(t, 200, http.MethodGet, faultsPath, "")} {
			if got := strings.Join(strings.Fields(string(a.body)), ""); got != want {
				t.Errorf("%s: %s, want %s", body, got, want)
			}
		}
		if a := m.must(t, 200, http.MethodDelete, faultsPath, ""); strings.Contains(string(a.body), "kind") {
			t.Errorf("cleared: %s", a.body)
		}
	}
	for body, path := range map[string]string{
		`{}`: "kind", `{"kind":"fire"}`: "kind", `{"kind":7}`: "kind", `{"kind":"drop","operation":"read_clock"}`: "operation",
		`{"kind":"drop","count":0}`: "count", `{"kind":"drop","count":1001}`: "count", `{"kind":"latency"}`: "milliseconds",
		`{"kind":"latency","milliseconds":9223372036854775807}`: "milliseconds", `{"kind":"latency","milliseconds":60001}`: "milliseconds",
		`{"kind":"error","status":200}`: "status", `{"kind":"drop","status":500}`: "status",
	} {
		if a := m.must(t, 400, http.MethodPost, faultsPath, body); !strings.Contains(string(a.body), "Bad value: "+path) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	for range lab.FaultsOfMerchantMax {
		m.must(t, 200, http.MethodPost, faultsPath, `{"kind":"drop"}`)
	}
	m.must(t, 403, http.MethodPost, faultsPath, `{"kind":"drop"}`)
	if a := s.merchant("other").must(t, 200, http.MethodGet, faultsPath, ""); strings.Contains(string(a.body), "kind") {
		t.Errorf("another merchant has %s", a.body)
	}
}

// TestFaultsDoNotMeetKvittosOwnAPI, nor calls that were refused before they are read.
func TestFaultsDoNotMeetKvittosOwnAPI(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	session := m.create(t, cart)
	m.must(t, 200, http.MethodPost, faultsPath, `{"kind":"error"}`)
	m.must(t, 200, http.MethodGet, "/kvitto/v1/clock", "")
	m.authorize(t, session, "")
	m.must(t, 405, http.MethodDelete, sessionPath(session), "")
	m.must(t, 503, http.MethodGet, sessionPath(session), "")
}
