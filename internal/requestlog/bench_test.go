package requestlog

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRecord measures successes from Record into the file, 700 bytes of
// request body each, over 10,000 sessions. It waits for the writer often enough
// that nothing is shed. cpu-ns/op is the CPU of the whole process. The variants
// tell what an index costs.
func BenchmarkRecord(b *testing.B) {
	for _, variant := range []struct{ name, sql string }{
		{"as_shipped", ""},
		{"no_index_on_correlation_id", "DROP INDEX exchanges_by_correlation_id"},
		{"index_on_session_id", "CREATE INDEX by_session ON exchanges (session_id)"},
	} {
		b.Run(variant.name, func(b *testing.B) { benchmarkRecord(b, variant.sql) })
	}
}

func benchmarkRecord(b *testing.B, sql string) {
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "requests.db")
	if sql != "" {
		newFile(b, path)
		alter(b, path, sql)
	}
	l, err := Open(ctx, path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"order_lines":[{"name":"` + strings.Repeat("a", 670) + `"}]}`)
	sessions := make([]string, 10_000)
	for i := range sessions {
		sessions[i] = fmt.Sprintf("%08x-1111-4222-8333-0123456789ab", uint32(i)*2654435761)
	}
	ids := make([]string, b.N)
	for i := range ids {
		ids[i] = timeOrderedID(i)
	}
	at := time.Unix(1_800_000_000, 0)
	b.ReportAllocs()
	before := cpuTime(b)
	b.ResetTimer()
	for i := range b.N {
		e := Exchange{
			CorrelationID: ids[i], MerchantID: "K123456_abcdef", At: at, Duration: time.Millisecond,
			Method: "POST", Path: "/payments/v1/sessions/0123", Operation: "update_session", Status: 204,
			SessionID: sessions[i%len(sessions)], RequestBody: body,
		}
		if err := l.Record(ctx, e); err != nil {
			b.Fatal(err)
		}
		if i%4096 == 4095 {
			if err := l.flush(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := l.flush(ctx); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
	if s := l.Stats(); s.Written != uint64(b.N) || s.Shed != 0 {
		b.Fatalf("stats %+v after %d exchanges", s, b.N)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// timeOrderedID is the nth UUID of a server that makes twenty each millisecond.
func timeOrderedID(n int) string {
	ms := 1_800_000_000_000 + n/20
	return fmt.Sprintf("%08x-%04x-7%03x-8000-%012x", ms>>16, ms&0xffff, n%20, uint64(n)*0x9e3779b97f4a7c15>>16)
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkRefusal measures refusals with five violations, one after the other
// and from 128 callers at once, who share transactions.
func BenchmarkRefusal(b *testing.B) {
	b.Run("one_caller", func(b *testing.B) {
		benchmarkRefusal(b, func(record func()) {
			for range b.N {
				record()
			}
		})
	})
	b.Run("many_callers", func(b *testing.B) {
		b.SetParallelism(128 / runtime.GOMAXPROCS(0))
		benchmarkRefusal(b, func(record func()) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					record()
				}
			})
		})
	})
}

func benchmarkRefusal(b *testing.B, drive func(record func())) {
	l, err := Open(context.Background(), filepath.Join(b.TempDir(), "requests.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	e := fullRefusal()
	before := cpuTime(b)
	b.ResetTimer()
	drive(func() {
		if err := l.Record(context.Background(), e); err != nil {
			b.Error(err)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
