package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// instantEngine costs nothing: what is measured is the batcher.
type instantEngine struct {
	store.Engine
	answers [store.DefaultMaxBatch]error
}

func (e *instantEngine) Commit(_ context.Context, changes []store.Change) []error {
	return e.answers[:len(changes)]
}

// fsyncEngine costs one write and one fsync a transaction.
type fsyncEngine struct {
	instantEngine
	file  *os.File
	pages [4096 * store.DefaultMaxBatch]byte
}

func (e *fsyncEngine) Commit(_ context.Context, changes []store.Change) []error {
	_, err := e.file.Write(e.pages[:4096*len(changes)])
	err = errors.Join(err, e.file.Sync())
	for i := range changes {
		e.answers[i] = err
	}
	return e.answers[:len(changes)]
}

func BenchmarkBatcher(b *testing.B) {
	benchmarkBatcher(b, func(*testing.B) store.Engine { return &instantEngine{} })
}

func BenchmarkBatcherWithFsync(b *testing.B) {
	benchmarkBatcher(b, func(b *testing.B) store.Engine {
		file, err := os.Create(filepath.Join(b.TempDir(), "log"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = file.Close() })
		return &fsyncEngine{file: file}
	})
}

func benchmarkBatcher(b *testing.B, open func(*testing.B) store.Engine) {
	for _, callers := range []int{1, 16, 256} {
		b.Run(strconv.Itoa(callers)+" callers", func(b *testing.B) {
			var transactions atomic.Int64
			batcher := store.NewBatcher(open(b), store.BatcherOptions{Observe: func(int, time.Duration) { transactions.Add(1) }})
			defer batcher.Close()
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var running sync.WaitGroup
			for range callers {
				running.Go(func() {
					change := named("session")
					for left.Add(-1) >= 0 {
						if err := batcher.Commit(b.Context(), change); err != nil {
							b.Error(err)
						}
					}
				})
			}
			running.Wait()
			b.ReportMetric(float64(b.N)/float64(transactions.Load()+1), "changes/transaction")
		})
	}
}
