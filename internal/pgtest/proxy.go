package pgtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// Point is where a Proxy cuts a connection.
type Point int

// The points of an exchange.
const (
	BeforeRequest Point = iota // nothing of the request reaches the server
	WithinRequest              // half of it does
	AfterRequest               // all of it does; the server works on while the client is cut off
	BeforeAnswer               // the server has answered, the client hears nothing
	WithinAnswer               // the client hears a part of the answer
	points
)

// Points are all of them.
func Points() []Point {
	all := make([]Point, points)
	for i := range all {
		all[i] = Point(i)
	}
	return all
}

func (p Point) String() string {
	return [...]string{"before the request", "within the request", "after the request", "before the answer", "within the answer"}[p]
}

// Proxy stands between a client and PostgreSQL, counts what goes by, and cuts
// connections at chosen points.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup

	mu         sync.Mutex
	target     string
	open       map[net.Conn]bool
	cuts       []cut // to be made, the next first
	made       int
	roundTrips int
	cancels    int
	closed     bool
}

// cut is one that was ordered. part is how much of an answer is let through,
// after how many exchanges are before it.
type cut struct {
	point       Point
	part, after int
}

// NewProxy is ListenProxy for a test; it ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := ListenProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// ListenProxy starts a proxy to an address. Whoever starts it closes it.
func ListenProxy(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	return p, nil
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Lead sends connections made from now on to another address.
func (p *Proxy) Lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Cut orders a cut of the next exchange at the point, after the cuts ordered
// before. Exchanges by which a client connects count as well. part is how many
// bytes of an answer WithinAnswer lets through.
func (p *Proxy) Cut(point Point, part int) { p.CutAfter(0, point, part) }

// CutAfter is Cut after a number of exchanges that are let through.
func (p *Proxy) CutAfter(exchanges int, point Point, part int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts = append(p.cuts, cut{point, part, exchanges})
}

// CutAll ends every connection now.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		_ = conn.Close() // whoever reads it notices
	}
}

// Made is how many of the cuts ordered were made.
func (p *Proxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// RoundTrips is how often a client sent something and the server answered, or
// was about to.
func (p *Proxy) RoundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roundTrips
}

// CancelRequests is how often a client asked to cancel a query.
func (p *Proxy) CancelRequests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cancels
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		server, err := net.Dial("tcp", target)
		if err != nil || !p.keep(client, server) {
			_ = client.Close() // as a server that is down would
			continue
		}
		link := &link{proxy: p, client: client, server: server}
		p.running.Go(link.requests)
		p.running.Go(link.answers)
	}
}

// keep notes the connections; it is false when the proxy is closed.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		if p.closed {
			_ = conn.Close()
		} else {
			p.open[conn] = true
		}
	}
	return !p.closed
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close() // it may be closed already
}

// Close ends the proxy and every connection through it.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.CutAll()
	p.running.Wait()
}

// link is one client and its server.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	mu      sync.Mutex
	waiting bool // the client has sent something that was not answered yet
	pending *cut // of the answer to come
}

// cancelCode begins a request to cancel, after its length.
var cancelCode = []byte{0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e}

func (l *link) requests() {
	defer l.proxy.drop(l.client)
	buffer := make([]byte, 1<<18)
	for {
		n, err := l.client.Read(buffer)
		if n > 0 && !l.request(buffer[:n]) {
			return
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = l.server.(*net.TCPConn).CloseWrite() // the server says goodbye itself
			} else {
				l.proxy.drop(l.server)
			}
			return
		}
	}
}

// request passes a piece on; it is false when the connection was cut.
func (l *link) request(piece []byte) bool {
	c := l.begin(piece)
	switch {
	case c == nil:
		_, err := l.server.Write(piece)
		return err == nil
	case c.point == WithinRequest:
		_, _ = l.server.Write(piece[:len(piece)/2]) // it is cut either way
		l.proxy.drop(l.server)
	case c.point == AfterRequest:
		_, _ = l.server.Write(piece) // the server is left alone with it
		_ = l.server.(*net.TCPConn).CloseWrite()
	case c.point == BeforeRequest:
		l.proxy.drop(l.server)
	default:
		l.mu.Lock()
		l.pending = c
		l.mu.Unlock()
		_, err := l.server.Write(piece)
		return err == nil
	}
	return false
}

// begin counts, and takes the next cut if the piece begins an exchange.
func (l *link) begin(piece []byte) *cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.waiting
	l.waiting = true
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	if bytes.HasPrefix(piece, cancelCode) {
		l.proxy.cancels++
		return nil
	}
	if !first || piece[0] == 'X' { // goodbye is not answered
		return nil
	}
	l.proxy.roundTrips++
	if len(l.proxy.cuts) == 0 {
		return nil
	}
	next := &l.proxy.cuts[0]
	if next.after > 0 {
		next.after--
		return nil
	}
	l.proxy.cuts = l.proxy.cuts[1:]
	l.proxy.made++
	return next
}

func (l *link) answers() {
	defer l.proxy.drop(l.server)
	buffer := make([]byte, 1<<18)
	for {
		n, err := l.server.Read(buffer)
		if n > 0 && !l.answer(buffer[:n]) {
			return
		}
		if err != nil {
			l.proxy.drop(l.client)
			return
		}
	}
}

func (l *link) answer(piece []byte) bool {
	l.mu.Lock()
	l.waiting = false
	c := l.pending
	l.pending = nil
	l.mu.Unlock()
	if c == nil {
		_, err := l.client.Write(piece)
		if err != nil {
			_, _ = io.Copy(io.Discard, l.server) // the client is gone, the server may go on
		}
		return err == nil
	}
	if c.point == WithinAnswer {
		_, _ = l.client.Write(piece[:min(c.part, len(piece)-1)]) // it is cut either way
	}
	l.proxy.drop(l.client)
	return false
}
