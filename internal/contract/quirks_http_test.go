package contract_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// java sends the first Accept; no answer may depend on it.
func TestAcceptIsIgnored(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("accept")
	id := m.create(t, cart)
	want := string(m.must(t, 200, "GET", sessionPath(id), "").body)
	for _, accept := range []string{
		"text/html, image/gif, image/jpeg, */*; q=0.2", "*/*", "application/json", "text/html", "application/xml;q=1", "", "nonsense",
	} {
		request := m.request(t, "GET", sessionPath(id), "")
		request.Header["Accept"] = []string{accept}
		a := m.send(t, request)
		if a.status != 200 || string(a.body) != want || a.header.Get("Content-Type") != "application/json;charset=utf-8" {
			t.Errorf("Accept %q: %d %v\n%s", accept, a.status, a.header, a.body)
		}
		refused := m.request(t, "POST", sessionsPath, "{}")
		refused.Header["Accept"] = []string{accept}
		if a := m.send(t, refused); a.status != 400 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("Accept %q: refused with %d %v", accept, a.status, a.header)
		}
	}
}

// Several clients send a media type where there is no body.
func TestContentTypeWithoutABody(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("bodiless")
	id := m.create(t, cart)
	token := m.authorize(t, id, "")
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain"} {
		request := m.request(t, "GET", sessionPath(id), "")
		request.Header.Set("Content-Type", kind)
		if a := m.send(t, request); a.status != 200 {
			t.Errorf("GET with Content-Type %s: %d", kind, a.status)
		}
		bodiless := m.request(t, "POST", "/kvitto/v1/sessions/"+id+"/load", "")
		bodiless.Header.Set("Content-Type", kind)
		if a := m.send(t, bodiless); a.status != 200 {
			t.Errorf("POST without a body and Content-Type %s: %d", kind, a.status)
		}
	}
	request := m.request(t, "DELETE", authorizationPath(token), "")
	request.Header.Set("Content-Type", "application/json")
	if a := m.send(t, request); a.status != 204 {
		t.Errorf("DELETE with a Content-Type: %d", a.status)
	}
}

// node-klarna sends chunks.
func TestChunkedBody(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("chunked")
	id := m.create(t, cart)
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{sessionsPath, cart, 200},
		{sessionPath(id), "{}", 204},
		{sessionPath(id), "", 400},
		{sessionPath(id), strings.Repeat(" ", 1<<20-2) + "{}", 204},
		{sessionPath(id), strings.Repeat(" ", 1<<20-1) + "{}", 413},
		{"/kvitto/v1/sessions/" + id + "/load", "", 200},
	} {
		request := m.request(t, "POST", c.path, "x")
		request.Body = io.NopCloser(io.MultiReader(strings.NewReader(c.body[:len(c.body)/2]), strings.NewReader(c.body[len(c.body)/2:])))
		request.ContentLength, request.GetBody = -1, nil
		if a := m.send(t, request); a.status != c.status {
			t.Errorf("%d bytes in chunks to %s: %d, want %d", len(c.body), c.path, a.status, c.status)
		}
	}
}

// raw is a connection on which a test writes bytes of its own.
type raw struct {
	net.Conn
	in *bufio.Reader
}

func (m merchant) dial(t *testing.T) raw {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(m.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return raw{connection, bufio.NewReader(connection)}
}

func (m merchant) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(m.name+":secret"))
}

// exchange writes bytes and reads one answer.
func (c raw) exchange(t *testing.T, text string) answer {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c.answer(t)
}

// answer reads the next answer.
func (c raw) answer(t *testing.T) answer {
	t.Helper()
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

// WordPress closes the connection after every request.
func TestConnectionClose(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("close")
	c := m.dial(t)
	a := c.exchange(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", sessionsPath, m.basic(), len(cart), cart))
	if a.status != 200 || a.text(t, "session_id") == "" {
		t.Errorf("status %d, want 200\n%s", a.status, a.body)
	}
	if _, err := c.in.ReadByte(); err != io.EOF {
		t.Errorf("after the answer the connection gives %v, want its end", err)
	}
}

// Old HTTP libraries speak HTTP/1.0 and get no chunks.
func TestHTTP10(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("old")
	a := m.dial(t).exchange(t, fmt.Sprintf("POST %s HTTP/1.0\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s",
		sessionsPath, m.basic(), len(cart), cart))
	if a.status != 200 || a.header.Get("Content-Length") != fmt.Sprint(len(a.body)) {
		t.Errorf("%d %v\n%s", a.status, a.header, a.body)
	}
}

// node-klarna writes "{}" after a GET without announcing it. The read is
// answered; what follows is no request.
func TestStrayBodyAfterGET(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("stray")
	id := m.create(t, cart)
	want := string(m.must(t, 200, "GET", sessionPath(id), "").body)
	a := m.dial(t).exchange(t, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\n"+
		"Content-Type: application/json\r\n\r\n{}", sessionPath(id), m.basic()))
	if a.status != 200 || string(a.body) != want {
		t.Errorf("status %d, want 200\n%s", a.status, a.body)
	}
}

// A body announced with a GET or DELETE is read and ignored, and the
// connection goes on.
func TestAnnouncedBodyOfGETAndDELETE(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("announced")
	id := m.create(t, cart)
	token := m.authorize(t, id, "")
	c := m.dial(t)
	const head = "%s %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\nContent-Length: 2\r\n\r\n{}"
	for _, call := range []struct {
		method, path string
		status       int
	}{{"GET", sessionPath(id), 200}, {"DELETE", authorizationPath(token), 204}, {"GET", sessionPath(id), 200}} {
		if a := c.exchange(t, fmt.Sprintf(head, call.method, call.path, m.basic())); a.status != call.status {
			t.Errorf("%s: %d, want %d\n%s", call.method, a.status, call.status, a.body)
		}
	}
}

// Two requests written at once are answered in their order.
func TestPipelinedRequests(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("pipeline")
	id := m.create(t, cart)
	c := m.dial(t)
	update := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\nContent-Length: 2\r\n\r\n{}",
		sessionPath(id), m.basic())
	read := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\n\r\n", sessionPath(id), m.basic())
	if a := c.exchange(t, update+read); a.status != 204 {
		t.Errorf("update: %d, want 204", a.status)
	}
	if a := c.answer(t); a.status != 200 {
		t.Errorf("read: %d, want 200", a.status)
	}
}

// A client that gives up in the middle of a body changes nothing.
func TestBodyCutOffByTheClient(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("cut")
	id := m.create(t, cart)
	before := string(m.must(t, 200, "GET", sessionPath(id), "").body)
	c := m.dial(t)
	_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: %s\r\nContent-Length: 100\r\n\r\n"+
		"{\"merchant_reference1\":\"x\"}", sessionPath(id), m.basic())
	if err != nil {
		t.Fatal(err)
	}
	half, ok := c.Conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("%T is no TCP connection", c.Conn)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a := c.answer(t); a.status != 400 {
		t.Errorf("status %d, want 400\n%s", a.status, a.body)
	}
	if after := string(m.must(t, 200, "GET", sessionPath(id), "").body); after != before {
		t.Errorf("the session changed:\n%s", after)
	}
}
