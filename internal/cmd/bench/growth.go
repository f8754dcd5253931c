package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
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
// sessions, in turns, so that a slow minute of the machine meets both. As many
// sessions are updated in either store, spread over all of it: shops work on
// the sessions of the hour, however many are stored. What it costs when any
// session may be next, and few are in the cache, is measured beside it.
func (p *plan) measureGrowth(ctx context.Context, many int) error {
	if err := p.rememberFilling(); err != nil {
		return err
	}
	var servers []*httpTarget
	defer func() {
		for _, t := range servers {
			t.close()
		}
	}()
	for _, count := range []int{p.sessions, many} {
		t, err := p.filledServer(ctx, count)
		if err != nil {
			return err
		}
		servers = append(servers, t)
	}
	anyOf := *servers[1]
	anyOf.called, anyOf.ids = fmt.Sprint(many, " stored, any of them updated"), spread(many, min(many, 1<<21))
	targets := []*httpTarget{servers[0], servers[1], &anyOf}
	body, rates := cart(p.lines[0]), make([]float64, len(targets))
	const rounds = 5
	for round := range len(targets) * rounds {
		// The first two take turns; the third would push their sessions out of
		// the cache.
		i := round % 2
		if round >= 2*rounds {
			i = 2
		}
		t := targets[i]
		got, err := t.measure(ctx, body, p.connections[len(p.connections)-1], p.duration)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %.0f updates/s, p50 %.3f ms, p99 %.3f ms\n", t.called, got.rate, got.p50, got.p99)
		rates[i] += got.rate / rounds
	}
	for i, t := range targets[1:] {
		fmt.Printf("mean of %d rounds: %.0f with %s, %.0f with %s: ratio %.2f\n",
			rounds, rates[0], targets[0].called, rates[i+1], t.called, rates[i+1]/rates[0])
	}
	return nil
}

// filledServer fills a store and serves it.
func (p *plan) filledServer(ctx context.Context, count int) (*httpTarget, error) {
	data := filepath.Join(p.dir, fmt.Sprint(count))
	began := time.Now()
	if _, err := os.Stat(data); err != nil {
		if err := fill(ctx, data+".new", count); err != nil {
			return nil, err
		}
		if err := os.Rename(data+".new", data); err != nil {
			return nil, err
		}
	}
	size, err := os.Stat(filepath.Join(data, "kvitto.db"))
	if err != nil {
		return nil, err
	}
	fmt.Printf("stored %d sessions in %s, %d MB\n", count, time.Since(began).Round(time.Second), size.Size()>>20)
	s, err := start(ctx, p.kvitto, "dev", "--listen", "127.0.0.1:0", "--data", data, "--json", "--quiet")
	if err != nil {
		return nil, err
	}
	return &httpTarget{called: fmt.Sprint(count, " stored"), endpoints: []endpoint{{s.address, anybody}}, processes: []*server{s},
		ids: spread(count, min(count, p.sessions))}, nil
}

// spread is so many ids out of all that are stored, evenly.
func spread(stored, ids int) []string {
	all := make([]string, ids)
	for i := range all {
		all[i] = sessionID(int(int64(i) * int64(stored) / int64(ids)))
	}
	return all
}

// filled is when the stored sessions were made, a thousand in a millisecond.
var filled = time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)

// rememberFilling keeps that time in a folder that is used again: ids begin
// with it.
func (p *plan) rememberFilling() error {
	file := filepath.Join(p.dir, "filled")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(file, []byte(filled.Format(time.RFC3339Nano)), 0o600)
	}
	if err == nil {
		filled, err = time.Parse(time.RFC3339Nano, string(text))
	}
	return err
}

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
