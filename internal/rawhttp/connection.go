package rawhttp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strconv"
)

// Connection is a keep-alive connection, for one request at a time.
type Connection struct {
	*net.TCPConn
	reader *bufio.Reader
}

// Dial connects to host:port.
func Dial(ctx context.Context, address string) (*Connection, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Connection{TCPConn: c.(*net.TCPConn), reader: bufio.NewReaderSize(c, 16<<10)}, nil
}

// Basic is the value of the Authorization header.
func Basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// AppendHead appends a request up to its body, of which length is the size.
func AppendHead(dst []byte, method, path, credentials string, length int) []byte {
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

// Answer is what came back.
type Answer struct {
	Status  int
	Body    []byte
	Closing bool // the connection cannot be used again
}

// Answer reads the answer to the request that was written.
func (c *Connection) Answer() (Answer, error) {
	var a Answer
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
			if a.Status, err = strconv.Atoi(string(line[9:12])); err != nil {
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
		a.Closing = a.Closing || string(line) == "Connection: close"
	}
	if length == 0 {
		return a, nil
	}
	a.Body = make([]byte, length)
	_, err := io.ReadFull(c.reader, a.Body)
	return a, err
}

// Text finds a property in a body in the recorded layout.
func (a Answer) Text(name string) string {
	_, rest, _ := bytes.Cut(a.Body, []byte(`"`+name+`" : "`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// Number is Text for whole numbers; -1 for none.
func (a Answer) Number(name string) int64 {
	_, rest, _ := bytes.Cut(a.Body, []byte(`"`+name+`" : `))
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
