package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func open(t *testing.T, path string) *Home {
	t.Helper()
	h, err := Open(context.Background(), path)
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

// newFile makes the file, or opens it and closes it again.
func newFile(t *testing.T, path string) {
	t.Helper()
	h, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// alter runs SQL on the file from outside.
func alter(t *testing.T, path, sql string) {
	t.Helper()
	c, err := connect(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.exec(sql), c.close()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, h *Home, batch home.Batch) {
	t.Helper()
	if err := h.Write(context.Background(), &batch); err != nil {
		t.Fatal(err)
	}
}

// day is the nth day of a year.
func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func block(n, size int) home.Block {
	id := fmt.Sprintf("b%06d", n)
	return home.Block{
		FirstID: id, LastID: id, At: day(n), Count: 10,
		OldestName: "s", NewestName: "s", Marks: home.AppendMark(nil, "s"), Data: make([]byte, size),
	}
}

func refusal(n int) home.Refusal {
	return home.Refusal{CorrelationID: fmt.Sprintf("r%06d", n), SessionID: "s", At: day(n), Data: []byte{1}}
}

// ids are the ids of what is left.
func ids(t *testing.T, h *Home) (left []string) {
	t.Helper()
	ctx := context.Background()
	err := h.RefusalsOf(ctx, "s", func(r *home.Refusal) (bool, error) {
		left = append(left, r.CorrelationID)
		return true, nil
	})
	if err == nil {
		err = h.Marked(ctx, "s", func(b *home.Block) (bool, error) {
			left = append(left, b.FirstID)
			return true, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return left
}
