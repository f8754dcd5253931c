package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// patience is how long a client waits for an answer.
const patience = 30 * time.Second

// connection is a keep-alive connection: one request at a time, written by
// hand, so that the load costs less than what it works, and so that a request
// can be stopped at any byte.
type connection struct {
	*net.TCPConn
	reader *bufio.Reader
}

func dial(ctx context.Context, address string) (*connection, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	return &connection{TCPConn: c.(*net.TCPConn), reader: bufio.NewReaderSize(c, 16<<10)}, nil
}

// basic is the credentials of a merchant.
func basic(merchant, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(merchant+":"+password))
}

// head is a request up to its body.
func head(dst []byte, method, path, credentials string, length int) []byte {
	dst = append(append(append(append(dst, method...), ' '), path...), " HTTP/1.1\r\nHost: kvitto\r\nAuthorization: "...)
	dst = append(dst, credentials...)
	if length > 0 {
		dst = append(dst, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, int64(length), 10)
	} else if method == "POST" {
		dst = append(dst, "\r\nContent-Length: 0"...)
	}
	return append(dst, "\r\n\r\n"...)
}

// answer is what came back.
type answer struct {
	status  int
	body    []byte
	closing bool // the connection cannot be used again
}

func (c *connection) answer() (answer, error) {
	var a answer
	length := 0
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			if len(line) < 12 {
				return a, fmt.Errorf("not an answer: %q", line)
			}
			if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return a, err
			}
			continue
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, err
			}
		}
		a.closing = a.closing || string(line) == "Connection: close"
	}
	a.body = make([]byte, length)
	_, err := io.ReadFull(c.reader, a.body)
	return a, err
}

// text finds a property in a body in the recorded layout.
func (a answer) text(name string) string {
	_, rest, _ := bytes.Cut(a.body, []byte(`"`+name+`" : "`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// number is text for whole numbers; -1 for none.
func (a answer) number(name string) int64 {
	_, rest, _ := bytes.Cut(a.body, []byte(`"`+name+`" : `))
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
