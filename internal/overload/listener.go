package overload

import (
	"net"
	"sync"
	"sync/atomic"
)

// Listener counts the connections of another listener and bounds how many are
// open. Above the bound it does not accept: the system's queue holds what
// comes, without a goroutine or a buffer of ours.
type Listener struct {
	net.Listener
	slots     chan struct{} // nil bounds nothing
	open      atomic.Int64
	closed    chan struct{}
	closeOnce sync.Once
}

// NewListener bounds the connections; not positive counts only.
func NewListener(inner net.Listener, connections int) *Listener {
	l := &Listener{Listener: inner, closed: make(chan struct{})}
	if connections > 0 {
		l.slots = make(chan struct{}, connections)
	}
	return l
}

// Accept waits for room and for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	inner, err := l.Listener.Accept()
	if err != nil {
		l.free()
		return nil, err
	}
	l.open.Add(1)
	return &connection{Conn: inner, listener: l}, nil
}

func (l *Listener) free() {
	if l.slots != nil {
		<-l.slots
	}
}

// Close ends Accept, also one that waits for room.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Open is how many connections are open.
func (l *Listener) Open() int { return int(l.open.Load()) }

// connection gives its place back once, however often it is closed.
type connection struct {
	net.Conn
	listener *Listener
	once     sync.Once
}

// CloseWrite ends our half, as net/http does before it closes on a client that
// still sends: without it the client may lose the answer.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

func (c *connection) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.listener.open.Add(-1)
		c.listener.free()
	})
	return err
}
