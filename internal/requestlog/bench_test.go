package requestlog

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRecord measures successes from Record into their home, 700 bytes of
// request body each, over 10,000 sessions. It waits for the writer often enough
// that nothing is shed. cpu-ns/op is the CPU of the whole process.
func BenchmarkRecord(b *testing.B) {
	for name, newHome := range homes {
		b.Run(name, func(b *testing.B) { benchmarkRecord(b, placeAt(newHome(b))(b, Options{})) })
	}
}

func benchmarkRecord(b *testing.B, l *Log) {
	ctx := context.Background()
	bodies := make([][]byte, 1000)
	for i := range bodies {
		bodies[i] = shopBody(3, i)
	}
	sessions := make([]string, 10_000)
	for i := range sessions {
		sessions[i] = fmt.Sprintf("%08x-1111-4222-8333-0123456789ab", uint32(i)*2654435761)
	}
	paths := make([]string, len(sessions))
	for i := range paths {
		paths[i] = "/payments/v1/sessions/" + sessions[i]
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
			Method: "POST", Path: paths[i%len(sessions)], Operation: "update_session", Status: 204,
			SessionID: sessions[i%len(sessions)], RequestBody: bodies[i%len(bodies)],
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
	for name, newHome := range homes {
		b.Run(name+"/one_caller", func(b *testing.B) {
			benchmarkRefusal(b, placeAt(newHome(b))(b, Options{}), func(record func()) {
				for range b.N {
					record()
				}
			})
		})
		b.Run(name+"/many_callers", func(b *testing.B) {
			b.SetParallelism(128 / runtime.GOMAXPROCS(0))
			benchmarkRefusal(b, placeAt(newHome(b))(b, Options{}), func(record func()) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						record()
					}
				})
			})
		})
	}
}

func benchmarkRefusal(b *testing.B, l *Log, drive func(record func())) {
	e := fullRefusal()
	var n atomic.Int64
	before := cpuTime(b)
	b.ResetTimer()
	drive(func() {
		e := e
		e.CorrelationID = timeOrderedID(int(n.Add(1)))
		if err := l.Record(context.Background(), e); err != nil {
			b.Error(err)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkMask measures masking personal data: of a cart without any, and of one
// with an address and a customer.
func BenchmarkMask(b *testing.B) {
	masking := newRedaction(&Options{MaskPersonal: true, SearchKey: make([]byte, 32)})
	body := saleOf(1).withAddress()
	for _, test := range []struct {
		name string
		body []byte
	}{{"cart_of_3", shopBody(3, 1)}, {"with_address", body}} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(test.body)))
			b.ReportAllocs()
			for b.Loop() {
				masking.keyed = masking.keyed[:0]
				masking.redact(test.body)
			}
		})
	}
}

// BenchmarkRedact measures looking for secrets in bodies without any, and
// masking the one of every answer to a new session.
func BenchmarkRedact(b *testing.B) {
	for _, test := range []struct {
		name string
		body []byte
	}{{"cart_of_3", shopBody(3, 1)}, {"cart_of_50", shopBody(50, 1)}, {"created", createdBody(1)}} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(test.body)))
			b.ReportAllocs()
			plain := plainly()
			for b.Loop() {
				plain.keyed = plain.keyed[:0]
				plain.redact(test.body)
			}
		})
	}
}
