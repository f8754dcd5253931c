package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/rawhttp"
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
var anybody = rawhttp.Basic("bench", "bench")

// connection sends prepared requests for one merchant.
type connection struct {
	*rawhttp.Connection
	authorization string
	buffer        []byte
}

func dial(ctx context.Context, e endpoint) (*connection, error) {
	c, err := rawhttp.Dial(ctx, e.address)
	if err != nil {
		return nil, err
	}
	return &connection{Connection: c, authorization: e.authorization}, nil
}

// post makes an exchange.
func (c *connection) post(path string, body []byte) (rawhttp.Answer, error) {
	c.buffer = append(rawhttp.AppendHead(c.buffer[:0], "POST", path, c.authorization, len(body)), body...)
	if _, err := c.Write(c.buffer); err != nil {
		return rawhttp.Answer{}, err
	}
	return c.Answer()
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
			answer, err := c.post("/payments/v1/sessions", body)
			if err == nil && answer.Status != 200 {
				err = fmt.Errorf("status %d: %s", answer.Status, answer.Body)
			}
			if err != nil {
				return fmt.Errorf("create session: %w", err)
			}
			if ids[i] = answer.Text("session_id"); ids[i] == "" {
				return fmt.Errorf("create session: no id in %s", answer.Body)
			}
		}
		return nil
	})
}

// update changes one session.
func (c *connection) update(id string, body []byte) error {
	answer, err := c.post("/payments/v1/sessions/"+id, body)
	if err == nil && answer.Status != 204 {
		err = fmt.Errorf("status %d: %s", answer.Status, answer.Body)
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
