package tunnel

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// tunnel carries bytes between two connections.
type tunnel struct {
	client, server net.Conn
	fromClient     io.Reader // the client's connection, with what was read ahead
	idle           time.Duration
	here           bool          // it leads to what the proxy is for
	said           chan struct{} // closed when all that the server said has been passed on
	once           sync.Once
}

// established is the answer to CONNECT.
const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// carry returns when both sides have ended, or nothing has moved for the idle
// time. One side may end while the other still sends.
func (t *tunnel) carry() {
	defer t.close()
	if _, err := io.WriteString(t.client, established); err != nil {
		close(t.said)
		return
	}
	idle := time.AfterFunc(t.idle, t.close)
	defer idle.Stop()
	moved := func() { idle.Reset(t.idle) }
	upward := make(chan struct{})
	go func() {
		defer close(upward)
		t.pass(t.server, t.fromClient, moved)
	}()
	t.pass(t.client, t.server, moved)
	close(t.said)
	<-upward
}

// pass copies until the source ends, and tells the destination so. When either
// breaks, both sides are closed.
func (t *tunnel) pass(to net.Conn, from io.Reader, moved func()) {
	_, err := io.Copy(struct{ io.Writer }{to}, watched{from, moved})
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		t.close()
	}
}

// close may be called more than once.
func (t *tunnel) close() {
	t.once.Do(func() { _ = errors.Join(t.client.Close(), t.server.Close()) })
}

// watched tells when something was read.
type watched struct {
	io.Reader
	moved func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.moved()
	}
	return n, err
}
