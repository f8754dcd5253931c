package app

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kvitto/kvitto/internal/api"
)

// drain knows what of the accepted requests has not arrived yet. A stop waits
// for requests that are being answered, but not for a client that has sent half
// of one and then nothing.
type drain struct {
	stopping atomic.Bool // /readyz says so, answers close their connection

	fresh sync.Map // net.Conn of connections on which no request has arrived yet

	mu       sync.Mutex
	cut      bool // bodies that are still arriving are given up
	arriving map[*arrivingBody]struct{}
}

func newDrain() *drain { return &drain{arriving: make(map[*arrivingBody]struct{})} }

// watch is the server's ConnState hook.
func (d *drain) watch(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		d.fresh.Store(conn, struct{}{})
	} else {
		d.fresh.Delete(conn)
	}
}

// handler follows the bodies of requests.
func (d *drain) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.stopping.Load() && r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		if r.Body != nil && r.Body != http.NoBody {
			body := &arrivingBody{ReadCloser: r.Body, drain: d, writer: w}
			d.begin(body)
			r.Body = body
			defer func() {
				d.end(body)
				// net/http looks at its own body afterwards: when much of it was
				// not read it lets the client take the answer before it closes.
				r.Body = body.ReadCloser
			}()
		}
		next.ServeHTTP(w, r)
	})
}

func (d *drain) begin(body *arrivingBody) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.arriving[body] = struct{}{}
	if d.cut {
		body.giveUp()
	}
}

func (d *drain) end(body *arrivingBody) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.arriving, body)
}

// giveUp ends what has not arrived: reads of bodies fail, and connections on
// which no request has arrived are closed.
func (d *drain) giveUp() {
	d.fresh.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close() // nobody is answered on it
		return true
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = true
	for body := range d.arriving {
		body.giveUp()
	}
}

// arrivingBody is a body that has not been read to its end.
type arrivingBody struct {
	io.ReadCloser
	drain   *drain
	writer  http.ResponseWriter // of the same request: it leads to the connection
	givenUp atomic.Bool
}

// Read takes the body off the list when it has arrived: a deadline set later
// would end the wait for a client that hangs up, and with it the request.
func (b *arrivingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.drain.end(b)
	case err != nil && b.givenUp.Load():
		err = api.ErrStopping
	}
	return n, err
}

// giveUp makes reads fail. The lock of the drain is held: the body is on the
// list, so its request is not over.
func (b *arrivingBody) giveUp() {
	b.givenUp.Store(true)
	// A connection without deadlines is ended by the read timeout.
	_ = http.NewResponseController(b.writer).SetReadDeadline(time.Unix(1, 0))
}
