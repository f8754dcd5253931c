// Package outboundtest has the servers that whoever calls servers of others must
// survive.
package outboundtest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Listen answers every connection by serve, after its first request was read.
// The URL has a secret in its path and its query.
func Listen(t *testing.T, serve func(net.Conn)) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }() // the other side may have been first
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body)
					serve(conn)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/secret-path?key=verysecret"
}

// UntilGone waits until the other side has had enough.
func UntilGone(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// between is the time between two drips; much shorter than any patience.
const between = 10 * time.Millisecond

// drip writes a little at a time until the other side has had enough.
func drip(conn net.Conn, text string) {
	ticker := time.NewTicker(between)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
	}
}

// flood writes as fast as it can, likewise.
func flood(conn net.Conn, text string) {
	for {
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
	}
}

func say(conn net.Conn, text string) { _, _ = conn.Write([]byte(text)) }

const fine = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// Nasty are servers by what is wrong with them.
func Nasty() map[string]func(net.Conn) {
	return map[string]func(net.Conn){
		"closes":       func(net.Conn) {},
		"resets":       func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) },
		"says nothing": UntilGone,
		"is late": func(conn net.Conn) {
			UntilGone(conn)
			say(conn, fine+"Content-Length: 2\r\n\r\n{}")
		},
		"drips its header":  func(conn net.Conn) { say(conn, fine+"X: "); drip(conn, "x") },
		"drips its body":    func(conn net.Conn) { say(conn, fine+"\r\n"); drip(conn, " ") },
		"stops in its body": func(conn net.Conn) { say(conn, fine+"Content-Length: 100\r\n\r\n{"); UntilGone(conn) },
		"resets in its body": func(conn net.Conn) {
			say(conn, fine+"Content-Length: 100\r\n\r\n{")
			_ = conn.(*net.TCPConn).SetLinger(0)
		},
		"never ends its body":     func(conn net.Conn) { say(conn, fine+"\r\n"); flood(conn, strings.Repeat(" ", 1<<16)) },
		"has a huge header":       func(conn net.Conn) { say(conn, fine+"X: "); flood(conn, strings.Repeat("x", 1<<20)) },
		"has many headers":        func(conn net.Conn) { say(conn, fine); flood(conn, "X-Y: z\r\n") },
		"speaks another language": func(conn net.Conn) { say(conn, "SSH-2.0-x\r\n\r\n") },
		"switches protocols": func(conn net.Conn) {
			say(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
		},
		"answers 500": func(conn net.Conn) { say(conn, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n") },
		"redirects": func(conn net.Conn) {
			say(conn, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
		},
		"says 100 and then it is OK": func(conn net.Conn) { say(conn, "HTTP/1.1 100 Continue\r\n\r\n"+fine+"Content-Length: 2\r\n\r\n{}") },
	}
}
