package contract_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// documented are all statuses that the protocol and docs of this server know
// for a request that reached an operation.
var documented = []int{200, 204, 400, 401, 403, 404, 405, 409, 413, 415}

// hostileState is what hostile requests are aimed at.
type hostileState struct {
	merchant
	session, token, complete, ordered string
}

func newHostileState(t *testing.T, m merchant) hostileState {
	t.Helper()
	h := hostileState{merchant: m, session: m.create(t, cart), complete: m.create(t, cart)}
	h.token = m.authorize(t, h.session, "")
	h.ordered = m.authorize(t, h.complete, "")
	m.must(t, 200, "POST", orderPath(h.ordered), cart)
	return h
}

// posts are all operations that take a body.
func (h hostileState) posts() map[string]string {
	paths := map[string]string{
		"create": sessionsPath, "update": sessionPath(h.session), "update complete": sessionPath(h.complete),
		"order": orderPath(h.token), "repeat order": orderPath(h.ordered), "customer token": tokenPath(h.token),
		"check": "/kvitto/v1/check", "check update": "/kvitto/v1/check?session_id=" + h.session, "clock": "/kvitto/v1/clock",
	}
	for _, call := range []string{"load", "authorize", "reauthorize", "finalize"} {
		paths[call] = "/kvitto/v1/sessions/" + h.session + "/" + call
	}
	return paths
}

// seen is the whole state as its merchant reads it.
func (h hostileState) seen(t *testing.T) string {
	t.Helper()
	var seen []string
	for _, path := range []string{sessionPath(h.session), sessionPath(h.complete), "/kvitto/v1/clock"} {
		seen = append(seen, string(h.must(t, 200, "GET", path, "").body))
	}
	return strings.Join(seen, "\n")
}

// TestHostileBodies: no body makes the server fail, a refusal is complete and
// changes nothing.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for operation := range (hostileState{}).posts() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			h := newHostileState(t, s.merchant("hostile "+operation))
			path := h.posts()[operation]
			before := h.seen(t)
			for name, body := range malformed {
				if a := h.call(t, "POST", path, body); a.status != 400 && a.status != 413 {
					t.Errorf("%s: status %d, want 400 or 413\n%.300s", name, a.status, a.body)
				} else {
					wholeEnvelope(t, name, a)
				}
			}
			if after := h.seen(t); after != before {
				t.Errorf("malformed bodies changed the state from\n%s\nto\n%s", before, after)
			}
			for name, body := range odd {
				h.tryOdd(t, name, path, body)
			}
		})
	}
}

func (h hostileState) tryOdd(t *testing.T, name, path, body string) {
	t.Helper()
	before := h.seen(t)
	a := h.call(t, "POST", path, body)
	if !slices.Contains(documented, a.status) {
		t.Errorf("%s: status %d is not documented\n%.300s", name, a.status, a.body)
	}
	recordedHeaders(t, name, a)
	if a.status < 400 {
		return
	}
	wholeEnvelope(t, name, a)
	if after := h.seen(t); after != before {
		t.Errorf("%s: refused with %d, but the state changed from\n%s\nto\n%s", name, a.status, before, after)
	}
}

// TestHostileIDs: nothing in the place of an id is more than unknown.
func TestHostileIDs(t *testing.T) {
	t.Parallel()
	h := newHostileState(t, newServer(t).merchant("ids"))
	before := h.seen(t)
	attempts := slices.Concat(withSession, withToken, []attempt{{"exchange", "GET", "/kvitto/v1/exchanges/%s", ""}})
	for _, id := range append(hostileIDs, strings.ToUpper(h.session), h.session+"\x00") {
		for _, at := range attempts {
			path := strings.Replace(at.path, "%s", url.PathEscape(id), 1)
			if strings.Contains(at.path, "?") {
				path = strings.Replace(at.path, "%s", url.QueryEscape(id), 1)
			}
			if at.name == "exchange" && id == "." {
				continue // it is the list of the merchant's own
			}
			a := h.call(t, at.method, path, at.body)
			if !slices.Contains(documented, a.status) || a.status < 400 {
				t.Errorf("%s with %.20q: status %d\n%.200s", at.name, id, a.status, a.body)
				continue
			}
			wholeEnvelope(t, at.name, a)
		}
	}
	if after := h.seen(t); after != before {
		t.Errorf("the state changed from\n%s\nto\n%s", before, after)
	}
}

// TestHostileHeaders: no header makes the server fail.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("headers")
	for name, value := range map[string]string{
		"Content-Type": strings.Repeat("application/json;", 1000), "Content-Encoding": "br, gzip, deflate", "Accept-Encoding": "*;q=0",
		"Authorization": "Basic " + strings.Repeat("A", 20_000), "Klarna-Correlation-Id": "x",
		"Klarna-Idempotency-Key": strings.Repeat("k", 5_000), "Cookie": strings.Repeat("a=b; ", 5000),
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example",
		"Expect": "100-continue", "Range": "bytes=0-0", "If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT",
		"X-HTTP-Method-Override": "DELETE", "Origin": "null", "Upgrade": "h2c",
	} {
		request := m.request(t, http.MethodPost, sessionsPath, cart)
		request.Header.Set(name, value)
		a := m.send(t, request)
		if !slices.Contains(documented, a.status) {
			t.Errorf("%s: status %d", name, a.status)
		}
		if strings.Contains(string(a.body), "evil.example") || a.header.Get("Klarna-Correlation-Id") == "x" {
			t.Errorf("%s: the header came back: %v %s", name, a.header, a.body)
		}
	}
}
