package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Home is an open file.
type Home struct {
	// Portions of a sweep come between transactions of the writer; the lock
	// costs it less than waiting for SQLite's own would.
	writing sync.Mutex
	writer  *writer

	// The reader has a connection of its own, so that it never waits for the
	// writer nor the writer for it.
	reading sync.Mutex
	reader  *reader
}

var _ home.Home = (*Home)(nil)

// Open opens the file at path, which it makes if there is none; its folder must
// exist. *migration.NewerError, *migration.ChangedError.
func Open(ctx context.Context, path string) (*Home, error) {
	w, err := openWriter(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r, err := openReader(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, joinClose(err, w.close))
	}
	return &Home{writer: w, reader: r}, nil
}

// Close closes the file.
func (h *Home) Close() error {
	return errors.Join(h.writer.close(), h.reader.close())
}
