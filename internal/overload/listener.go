package overload

import (
	"net"
	"sync"
	"sync/atomic"
)

// Connections counts and bounds the connections of one or more listeners.
// Above the bound they do not accept: the system's queue holds what comes,
// without a goroutine or a buffer of ours.
type Connections struct {
	slots chan struct{} // nil bounds nothing
	open  atomic.Int64
}

// NewConnections bounds the connections of some listeners together; not
// positive counts only. A listener that waits for a connection holds a place,
// so there is one more for each further listener, and that many more than the
// bound may be open.
func NewConnections(most, listeners int) *Connections {
	c := &Connections{}
	if most > 0 {
		c.slots = make(chan struct{}, most+listeners-1)
	}
	return c
}

// Open is how many connections are open.
func (c *Connections) Open() int { return int(c.open.Load()) }

// Listener puts the bound on a listener.
func (c *Connections) Listener(inner net.Listener) *Listener {
	return &Listener{Listener: inner, connections: c, closed: make(chan struct{})}
}

func (c *Connections) free() {
	if c.slots != nil {
		<-c.slots
	}
}

// Listener accepts while there is room.
type Listener struct {
	net.Listener
	connections *Connections
	closed      chan struct{}
	closeOnce   sync.Once
}

// NewListener bounds the connections of one listener alone.
func NewListener(inner net.Listener, connections int) *Listener {
	return NewConnections(connections, 1).Listener(inner)
}

// Accept waits for room and for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	if l.connections.slots != nil {
		select {
		case l.connections.slots <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	inner, err := l.Listener.Accept()
	if err != nil {
		l.connections.free()
		return nil, err
	}
	l.connections.open.Add(1)
	return &connection{Conn: inner, connections: l.connections}, nil
}

// Close ends Accept, also one that waits for room.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Open is how many connections are open, those of listeners beside it included.
func (l *Listener) Open() int { return l.connections.Open() }

// connection gives its place back once, however often it is closed.
type connection struct {
	net.Conn
	connections *Connections
	once        sync.Once
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
		c.connections.open.Add(-1)
		c.connections.free()
	})
	return err
}
