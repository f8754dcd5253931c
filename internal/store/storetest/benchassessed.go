package storetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

const (
	subjectsEach  = 5    // of a change: e-mail, phone, address, device, network
	documentBytes = 1500 // of an assessment
)

// BenchAssessed measures what assessments cost with so many of them stored, each
// with facts of five subjects: a change with both against a plain one, in
// batches, and the reads.
func BenchAssessed(b *testing.B, engine store.Engine, stored int) {
	b.Helper()
	merchant := "bench " + newID()
	began := time.Now()
	err := FillAssessed(b.Context(), engine, merchant, stored, func(i int, change *store.Change) { assess(change, int64(i)*subjectsEach) })
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("stored %d assessments and %d subjects in %v", stored, stored*subjectsEach, time.Since(began).Round(time.Second))
	for _, size := range []int{1, 64} {
		b.Run(fmt.Sprintf("commit=plain/batch=%d", size), func(b *testing.B) {
			benchCommits(b, engine, size, func(*store.Change) {})
		})
		b.Run(fmt.Sprintf("commit=assessed/batch=%d", size), func(b *testing.B) {
			benchCommits(b, engine, size, func(change *store.Change) { assess(change, rand.Int64N(int64(stored))*subjectsEach) })
		})
	}
	b.Run("read=subjects", func(b *testing.B) {
		for b.Loop() {
			keys := make([]store.SubjectKey, subjectsEach)
			for i := range keys {
				keys[i] = numberedKey(rand.Int64N(int64(stored * subjectsEach)))
			}
			if _, err := engine.(store.Subjects).Subjects(b.Context(), keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read=all", func(b *testing.B) {
		read := 0
		for b.Loop() {
			read += readAll(b, engine.(store.Assessments), merchant)
		}
		b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "assessments/s")
	})
	b.Run("read=count", func(b *testing.B) {
		for b.Loop() {
			if n, err := engine.(store.Assessments).CountAssessments(b.Context(), merchant, ""); err != nil || n < int64(stored) {
				b.Fatal(n, err)
			}
		}
	})
}

// numberedKey is as far from the next one as a hash.
func numberedKey(n int64) (key store.SubjectKey) {
	random := rand.NewPCG(uint64(n), 48)
	binary.BigEndian.PutUint64(key[:8], random.Uint64())
	binary.BigEndian.PutUint64(key[8:], random.Uint64())
	return key
}

// assess gives a change facts of subjects from a number on, and an assessment.
func assess(change *store.Change, first int64) {
	a := &store.Assessment{ID: uuid.Must(uuid.NewV7()).String(), At: change.Event.At, Call: "authorize", Outcome: "approve", Document: make([]byte, documentBytes)}
	for i := range a.Document {
		a.Document[i] = byte(' ' + rand.IntN(64))
	}
	for i := range int64(subjectsEach) {
		key := numberedKey(first + i)
		a.Subjects = append(a.Subjects, key)
		change.Subjects = append(change.Subjects, store.SubjectChange{Key: key, Expected: store.AnyVersion, At: change.Event.At, Order: true,
			Fact: [store.FactBytes]byte(a.Document)})
	}
	change.Assessment = a
}

// benchCommits creates sessions in batches.
func benchCommits(b *testing.B, engine store.Engine, size int, add func(*store.Change)) {
	merchant := newID()
	for b.Loop() {
		changes := make([]store.Change, size)
		for i := range changes {
			session, event, refusal := checkout.Create(uuid.Must(uuid.NewV7()).String(), merchant, cart(), nil, dawn)
			if refusal != nil {
				b.Fatal(refusal)
			}
			changes[i] = store.Change{Session: session, Event: event}
			add(&changes[i])
		}
		if err := errors.Join(engine.Commit(b.Context(), changes)...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/change")
}

// readAll reads the merchant's assessments in portions.
func readAll(b *testing.B, engine store.Assessments, merchant string) (read int) {
	for after := ""; ; {
		page, err := engine.AssessmentsAfter(b.Context(), merchant, after, fillTogether)
		if err != nil {
			b.Fatal(err)
		}
		read += len(page)
		if len(page) < fillTogether {
			return read
		}
		after = page[len(page)-1].ID
	}
}
