package requestlog

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkTally measures counting alone: batches of 512 exchanges of one merchant,
// and of as many merchants.
func BenchmarkTally(b *testing.B) {
	for _, merchants := range []int{1, 512} {
		b.Run(fmt.Sprintf("merchants=%d", merchants), func(b *testing.B) {
			batch := make([]Exchange, batchSize)
			for i := range batch {
				batch[i] = called(i, time.Second, func(e *Exchange) { e.MerchantID = fmt.Sprintf("K%06d_abcdef", i%merchants) })
			}
			tallier := newTallier()
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				tallier.count(batch, nil, nil)
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N*len(batch)), "cpu-ns/exchange")
		})
	}
}

// BenchmarkTallyWeek reads what was counted in a week, every five minutes with
// many causes.
func BenchmarkTallyWeek(b *testing.B) {
	for name, newHome := range homes {
		b.Run(name, func(b *testing.B) {
			l := placeAt(newHome(b))(b, Options{indexByHand: true})
			for span := range 7 * 24 * 12 {
				for n := range 20 {
					e := called(span*100+n, time.Duration(span)*TallySpan, refused(fmt.Sprintf("property_%d", n)), func(e *Exchange) {
						e.Expendable, e.Operation, e.Duration = true, fmt.Sprint("operation_", n%10), time.Duration(n)*time.Millisecond
					})
					if err := l.Record(b.Context(), e); err != nil {
						b.Fatal(err)
					}
				}
				if err := l.flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			query := TallyQuery{AllMerchants: true, From: tallied, To: tallied.Add(7 * 24 * time.Hour), Step: 6 * time.Hour}
			before := cpuTime(b)
			for b.Loop() {
				if s := summed(b, l, query); len(s.Causes) != 20 || s.Causes[0].Count != 7*24*12 {
					b.Fatalf("%d causes, the first %d times", len(s.Causes), s.Causes[0].Count)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
