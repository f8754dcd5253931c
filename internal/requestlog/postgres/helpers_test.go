package postgres

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func open(t *testing.T, url string) *Home {
	t.Helper()
	h, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// noon is the middle of the nth day of a month.
func noon(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

// batchOf is a refusal and a block of ten exchanges, about the session s.
func batchOf(at time.Time) *home.Batch {
	first, last := identifier.New(at), identifier.New(at.Add(time.Millisecond))
	return &home.Batch{
		Refusals: []home.Refusal{{CorrelationID: identifier.New(at), SessionID: "s", At: at, Data: []byte{1}}},
		Blocks: []home.Block{{
			FirstID: first, LastID: last, At: at, Count: 10, OldestName: "s", NewestName: "s", Marks: home.AppendMark(nil, "s"), Data: []byte{2},
		}},
	}
}

func write(t *testing.T, h *Home, batch *home.Batch) {
	t.Helper()
	if err := h.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// ids are the ids of what is there, refusals first.
func ids(t *testing.T, h *Home) (found []string) {
	t.Helper()
	err := h.RefusalsOf(t.Context(), "s", func(r *home.Refusal) (bool, error) {
		found = append(found, r.CorrelationID)
		return true, nil
	})
	if err == nil {
		err = h.Marked(t.Context(), "s", func(b *home.Block) (bool, error) {
			found = append(found, b.FirstID)
			return true, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func idsOf(batches ...*home.Batch) (ids []string) {
	for _, b := range batches {
		ids = append(ids, b.Refusals[0].CorrelationID)
	}
	for _, b := range batches {
		ids = append(ids, b.Blocks[0].FirstID)
	}
	return ids
}

// cutter passes connections on until a text comes by, from either side: that
// connection is cut, and the text does not arrive.
type cutter struct {
	listener net.Listener
	text     atomic.Pointer[string] // nil to let all pass
	ended    sync.WaitGroup
}

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener}
	c.ended.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			c.ended.Go(func() { c.serve(client, server) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		c.ended.Wait()
	})
	return c
}

func (c *cutter) serve(client net.Conn, address string) {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		_ = client.Close()
		return
	}
	c.ended.Go(func() { c.pass(client, server) })
	c.pass(server, client)
}

// pass ends with both connections closed, so that the other direction ends too.
func (c *cutter) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if text := c.text.Load(); text != nil && bytes.Contains(buffer[:n], []byte(*text)) && c.text.CompareAndSwap(text, nil) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
