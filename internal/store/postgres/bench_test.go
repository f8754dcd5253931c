package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// BenchmarkCommit updates sessions in batches, from one goroutine and from
// four, as a batcher with several writers would. fsync is on.
func BenchmarkCommit(b *testing.B) {
	url := migrated(b)
	for _, writers := range []int{1, 4} {
		for _, size := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("writers=%d/batch=%d", writers, size), func(b *testing.B) {
				engine := open(b, url, postgres.Options{MaxConnections: writers})
				batches := make([][]*tale, writers)
				for i := range batches {
					for range size {
						batches[i] = append(batches[i], newTale())
					}
					update(b, engine, batches[i], checkout.EventCreated)
				}
				b.ReportAllocs()
				b.ResetTimer()
				var all sync.WaitGroup
				for i := range writers {
					all.Go(func() {
						for n := i; n < b.N; n += writers {
							update(b, engine, batches[i], checkout.EventUpdated)
						}
					})
				}
				all.Wait()
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "changes/s")
			})
		}
	}
}

// update takes every session one revision on, in one batch.
func update(b *testing.B, engine store.Engine, tales []*tale, kind checkout.EventKind) {
	changes := make([]store.Change, len(tales))
	for i, s := range tales {
		changes[i] = s.next(kind)
		changes[i].State = record.Append(nil, &changes[i].Session)
		s.goOn(changes[i])
	}
	for _, err := range engine.Commit(b.Context(), changes) {
		if err != nil {
			b.Error(err)
			return
		}
	}
}

// BenchmarkAssessed is with a million subjects.
func BenchmarkAssessed(b *testing.B) {
	storetest.BenchAssessed(b, open(b, migrated(b), postgres.Options{MaxConnections: 4}), 200_000)
}
