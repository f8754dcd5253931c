package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// result is one cell of the table. Times are milliseconds.
type result struct {
	rate     float64
	p50, p99 float64
	updates  int // all that were made, with those that were not measured
}

// summarize needs the times in order.
func summarize(times []time.Duration, duration time.Duration) (result, error) {
	if len(times) == 0 {
		return result{}, errors.New("nothing was measured")
	}
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Microseconds()) / 1000
	}
	return result{rate: float64(len(times)) / duration.Seconds(), p50: at(.5), p99: at(.99), updates: len(times)}, nil
}

// endpoint is where a connection leads and who it is for.
type endpoint struct {
	address       string // host:port
	authorization string // the header's value
}

// anybody is who a playground lets in.
var anybody = basic("bench", "bench")

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// connection is a keep-alive connection that sends prepared requests: the load
// program must cost less than what it measures.
type connection struct {
	net.Conn
	authorization string
	reader        *bufio.Reader
	buffer        []byte
}

func dial(ctx context.Context, e endpoint) (*connection, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", e.address)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, authorization: e.authorization, reader: bufio.NewReaderSize(c, 16<<10)}, nil
}

// post sends a request and returns status and body of the answer.
func (c *connection) post(path string, body []byte) (status int, answer []byte, err error) {
	b := append(c.buffer[:0], "POST "...)
	b = append(b, path...)
	b = append(b, " HTTP/1.1\r\nHost: kvitto\r\nAuthorization: "...)
	b = append(b, c.authorization...)
	b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	b = append(b, body...)
	c.buffer = b
	if _, err := c.Write(b); err != nil {
		return 0, nil, err
	}
	return c.answer()
}

func (c *connection) answer() (status int, body []byte, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			if len(line) < 12 {
				return 0, nil, fmt.Errorf("not an answer: %q", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, nil, err
			}
			continue
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, err
			}
		}
	}
	if length > 0 {
		body = make([]byte, length)
		_, err = io.ReadFull(c.reader, body)
	}
	return status, body, err
}

// each runs work on n goroutines and joins their errors.
func each(n int, work func(worker int) error) error {
	failures := make([]error, n)
	var wait sync.WaitGroup
	for worker := range n {
		wait.Go(func() { failures[worker] = work(worker) })
	}
	wait.Wait()
	return errors.Join(failures...)
}

func createSessions(ctx context.Context, at endpoint, n int) ([]string, error) {
	ids := make([]string, n)
	const workers = 64
	body := cart(3)
	return ids, each(workers, func(worker int) error {
		c, err := dial(ctx, at)
		if err != nil {
			return err
		}
		defer c.Close()
		for i := worker; i < n; i += workers {
			status, answer, err := c.post("/payments/v1/sessions", body)
			if err == nil && status != 200 {
				err = fmt.Errorf("status %d: %s", status, answer)
			}
			if err != nil {
				return fmt.Errorf("create session: %w", err)
			}
			const key = `"session_id" : "`
			at := bytes.Index(answer, []byte(key))
			if at < 0 {
				return fmt.Errorf("create session: no id in %s", answer)
			}
			ids[i] = string(answer[at+len(key) : at+len(key)+36])
		}
		return nil
	})
}

// update changes one session.
func (c *connection) update(id string, body []byte) error {
	status, answer, err := c.post("/payments/v1/sessions/"+id, body)
	if err == nil && status != 204 {
		err = fmt.Errorf("status %d: %s", status, answer)
	}
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}
	return nil
}

// load updates random sessions for the duration, after a quarter of it that is
// not measured, and measures each answer. The connections are shared out over
// the endpoints.
func load(ctx context.Context, endpoints []endpoint, body []byte, ids []string, connections int, duration time.Duration) (result, error) {
	times, unmeasured := make([][]time.Duration, connections), make([]int, connections)
	warm := duration / 4
	started := time.Now()
	err := each(connections, func(worker int) error {
		c, err := dial(ctx, endpoints[worker%len(endpoints)])
		if err != nil {
			return err
		}
		defer c.Close()
		random := rand.New(rand.NewPCG(uint64(worker), 1))
		for {
			begin := time.Now()
			if begin.Sub(started) > warm+duration || ctx.Err() != nil {
				return ctx.Err()
			}
			if err := c.update(ids[random.IntN(len(ids))], body); err != nil {
				return err
			}
			if begin.Sub(started) > warm {
				times[worker] = append(times[worker], time.Since(begin))
			} else {
				unmeasured[worker]++
			}
		}
	})
	if err != nil {
		return result{}, err
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	got, err := summarize(all, duration)
	for _, n := range unmeasured {
		got.updates += n
	}
	return got, err
}

// cart is an update body with the given number of lines, as a shop sends it.
func cart(lines int) []byte {
	var b bytes.Buffer
	var amount, tax int
	var list bytes.Buffer
	for i := range lines {
		unit := 10000 + i*125
		lineTax := (unit*2500 + 6250) / 12500
		amount += unit
		tax += lineTax
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"type":"physical","reference":"19-402-%03d","name":"Running shoe %d","quantity":1,"quantity_unit":"pcs","unit_price":%d,"tax_rate":2500,"total_amount":%d,"total_discount_amount":0,"total_tax_amount":%d}`,
			i, i, unit, unit, lineTax)
	}
	fmt.Fprintf(&b, `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":%d,"order_tax_amount":%d,"order_lines":[%s]}`, amount, tax, list.Bytes())
	return b.Bytes()
}
