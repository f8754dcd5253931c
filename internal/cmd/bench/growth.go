package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/wire"
)

// measureGrowth compares the rate of updates with few and with many stored
// sessions, in turns, so that a slow minute of the machine meets both.
func (p *plan) measureGrowth(ctx context.Context, many int) error {
	var servers []*httpTarget
	for _, count := range []int{p.sessions, many} {
		data := filepath.Join(p.dir, fmt.Sprint(count))
		began := time.Now()
		if err := fill(ctx, data, count); err != nil {
			return err
		}
		size, err := os.Stat(filepath.Join(data, "kvitto.db"))
		if err != nil {
			return err
		}
		fmt.Printf("stored %d sessions in %s, %d MB\n", count, time.Since(began).Round(time.Second), size.Size()>>20)
		s, err := start(ctx, p.kvitto, "dev", "--listen", "127.0.0.1:0", "--data", data, "--json", "--quiet")
		if err != nil {
			return err
		}
		t := &httpTarget{called: fmt.Sprint(count), endpoints: []endpoint{{s.address, anybody}}, processes: []*server{s}}
		defer t.close()
		for i := range min(count, 1<<21) {
			t.ids = append(t.ids, sessionID(int(uint64(i)*2654435761%uint64(count))))
		}
		servers = append(servers, t)
	}
	body, rates := cart(p.lines[0]), make([]float64, len(servers))
	const rounds = 5
	for range rounds {
		for i, t := range servers {
			got, err := t.measure(ctx, body, p.connections[len(p.connections)-1], p.duration)
			if err != nil {
				return err
			}
			fmt.Printf("%s sessions: %.0f updates/s, p50 %.3f ms, p99 %.3f ms\n", t.called, got.rate, got.p50, got.p99)
			rates[i] += got.rate / rounds
		}
	}
	fmt.Printf("mean of %d rounds: %.0f with %d sessions, %.0f with %d: ratio %.2f\n",
		rounds, rates[0], p.sessions, rates[1], many, rates[1]/rates[0])
	return nil
}

// filled is when the stored sessions were made, one a millisecond.
var filled = time.Now().Add(-24 * time.Hour).UTC().Truncate(time.Millisecond)

// sessionID is the id of the i-th stored session: ordered in time like those
// the server makes.
func sessionID(i int) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(filled.UnixMilli()+int64(i/1000))<<16)
	binary.BigEndian.PutUint64(b[8:], uint64(i)*0x9E3779B97F4A7C15)
	b[6], b[7], b[8] = 0x40|byte(i>>16)&0x0f, byte(i>>8), b[8]&0x3f|0x80
	return identifier.Format(b)
}

// fill writes sessions with the engine that serves them, in large batches: all
// of one merchant, with a cart of three lines.
func fill(ctx context.Context, data string, count int) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	engine, err := sqlite.Open(ctx, filepath.Join(data, "kvitto.db"))
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := engine.EnsureMerchant(ctx, "bench", filled); err != nil {
		return err
	}
	content, err := wire.DecodeContent(cart(3))
	if err != nil {
		return err
	}
	session, event, refusal := checkout.Create(sessionID(0), "bench", content, nil, filled)
	if refusal != nil {
		return refusal
	}
	session.ClientToken = noise(500)
	state := record.Append(nil, &session)
	const batch = 4096
	changes := make([]store.Change, 0, batch)
	for i := 0; i < count; {
		changes = changes[:0]
		for ; i < count && len(changes) < batch; i++ {
			session.ID = sessionID(i)
			changes = append(changes, store.Change{Session: session, Event: event, State: state})
		}
		for _, err := range engine.Commit(ctx, changes) {
			if err != nil {
				return fmt.Errorf("store session: %w", err)
			}
		}
		if i%(batch*64) == 0 {
			fmt.Fprintf(os.Stderr, "\r%d of %d sessions stored", i, count)
		}
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	return nil
}
