package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// TestAReaderOfTheLogKeepsNobodyFromWriting while the log waits to be emptied.
func TestAReaderOfTheLogKeepsNobodyFromWriting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.db")
	h := open(t, path)
	write(t, h, home.Batch{Blocks: []home.Block{block(1, 1)}})
	reader, err := connect(context.Background(), path)
	if err == nil {
		err = reader.exec("BEGIN; SELECT count(*) FROM blocks")
	}
	if err != nil {
		t.Fatal(err)
	}
	purged := make(chan error, 1)
	go func() { purged <- h.Purge(context.Background(), false) }()
	for n := range 20 { // each has its turn
		write(t, h, home.Batch{Blocks: []home.Block{block(2+n, 1)}})
	}
	if err := errors.Join(reader.exec("ROLLBACK"), reader.close()); err != nil {
		t.Fatal(err)
	}
	if err := <-purged; err != nil {
		t.Errorf("when the reader is gone: %v", err)
	}
}
