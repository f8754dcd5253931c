package ratelimit_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/ratelimit"
)

var noon = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// TestTheRecordedSecond repeats the recorded calls of one second of the
// playground: five creations are taken, the sixth is refused.
func TestTheRecordedSecond(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(ratelimit.Playground)
	for i, milliseconds := range []int{30, 414, 487, 572, 645, 743, 999} {
		got := limiter.Take(noon.Add(time.Duration(milliseconds)*time.Millisecond), "m", ratelimit.CreateSession)
		want := ratelimit.Decision{Limited: true, Allowed: i < 5, Limit: 5, Remaining: max(0, 4-i), First: i == 5}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("call %d: %s", i+1, diff)
		}
	}
	if got := limiter.Take(noon.Add(time.Second), "m", ratelimit.CreateSession); !got.Allowed || got.Remaining != 4 {
		t.Errorf("the next second: %+v", got)
	}
}

func TestMerchantsAndClassesCountApart(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(ratelimit.Options{CreateSession: 1, Other: 2})
	take := func(merchant string, class ratelimit.Class) bool { return limiter.Take(noon, merchant, class).Allowed }
	for i, c := range []struct {
		merchant string
		class    ratelimit.Class
		allowed  bool
	}{
		{"a", ratelimit.CreateSession, true},
		{"a", ratelimit.CreateSession, false},
		{"a", ratelimit.Other, true},
		{"b", ratelimit.CreateSession, true},
		{"a", ratelimit.Other, true},
		{"a", ratelimit.Other, false},
		{"a", ratelimit.CreateTokenSession, true},
		{"a", ratelimit.CreateTokenSession, true},
	} {
		if got := take(c.merchant, c.class); got != c.allowed {
			t.Errorf("%d: %s %s: %t", i, c.merchant, c.class, got)
		}
	}
	if got := limiter.Take(noon, "a", ratelimit.CreateTokenSession); got.Limited {
		t.Errorf("a class without a limit: %+v", got)
	}
}

// history is the model: it keeps every call and counts those of the window.
type history []struct {
	second   int64
	merchant string
	class    ratelimit.Class
}

// before counts the earlier calls of the same merchant, class and second.
func (h history) before(second int64, merchant string, class ratelimit.Class) (n int) {
	for _, call := range h {
		if call.second == second && call.merchant == merchant && call.class == class {
			n++
		}
	}
	return n
}

// TestEveryDecisionIsThatOfAFixedWindow compares random traffic of several
// merchants with the model.
func TestEveryDecisionIsThatOfAFixedWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		options := ratelimit.Options{
			CreateSession:      rapid.IntRange(0, 4).Draw(t, "creations"),
			CreateTokenSession: rapid.IntRange(0, 4).Draw(t, "tokens"),
			Other:              rapid.IntRange(0, 4).Draw(t, "others"),
			Merchants:          4,
		}
		limiter := ratelimit.New(options)
		now := noon
		var made history
		for range rapid.IntRange(1, 120).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			merchant := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "merchant")
			class := ratelimit.Class(rapid.IntRange(0, ratelimit.Classes-1).Draw(t, "class"))
			got := limiter.Take(now, merchant, class)
			second := now.UnixNano() / 1e9
			before, limit := made.before(second, merchant, class), options.Limit(class)
			want := ratelimit.Decision{Allowed: true}
			if limit > 0 {
				want = ratelimit.Decision{
					Limited: true, Allowed: before < limit, Limit: limit, Remaining: max(0, limit-before-1), First: before == limit,
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s %s at %s: %s", merchant, class, now.Format(time.TimeOnly+".000"), diff)
			}
			made = append(made, struct {
				second   int64
				merchant string
				class    ratelimit.Class
			}{second, merchant, class})
		}
	})
}

// TestMemoryIsBounded: whatever merchants come, no more are remembered than
// there is room for, and the newest always are.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(1, 5).Draw(t, "room")
		limiter := ratelimit.New(ratelimit.Options{Other: 1, Merchants: room})
		var order []string // newest last
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			merchant := strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "merchant"))
			known := false
			for i, name := range order {
				if name == merchant {
					known = true
					order = append(order[:i], order[i+1:]...)
					break
				}
			}
			order = append(order, merchant)
			if len(order) > room {
				order = order[1:]
			}
			if got := limiter.Take(noon, merchant, ratelimit.Other); got.Allowed == known {
				t.Fatalf("merchant %s, remembered %t: %+v", merchant, known, got)
			}
			if limiter.Len() != len(order) {
				t.Fatalf("%d are remembered, want %d", limiter.Len(), len(order))
			}
		}
	})
}

// TestClocksThatGoBack: a caller that is a second late counts in the newer
// window; a clock that was set back does not shut a merchant out.
func TestClocksThatGoBack(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(ratelimit.Options{Other: 1})
	allowed := func(second int) bool {
		return limiter.Take(noon.Add(time.Duration(second)*time.Second), "m", ratelimit.Other).Allowed
	}
	if !allowed(100) || allowed(99) || allowed(100) {
		t.Error("a late caller opened a window of its own")
	}
	if !allowed(10) || allowed(10) || !allowed(11) {
		t.Error("a clock that was set back does not count anew")
	}
}

// TestManyCallersAtOnceGetExactlyTheLimit.
func TestManyCallersAtOnceGetExactlyTheLimit(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(ratelimit.Live)
	var allowed, first atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 100 {
				decision := limiter.Take(noon, "m", ratelimit.CreateSession)
				if decision.Allowed {
					allowed.Add(1)
				}
				if decision.First {
					first.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if allowed.Load() != 40 || first.Load() != 1 {
		t.Errorf("%d were allowed and %d were the first refused, want 40 and 1", allowed.Load(), first.Load())
	}
}

// TestTakeNeedsNoMemory for a merchant that is remembered. It is not parallel:
// the allocations of the whole process are counted.
func TestTakeNeedsNoMemory(t *testing.T) {
	limiter := ratelimit.New(ratelimit.Live)
	limiter.Take(noon, "m", ratelimit.Other)
	now := noon
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(3 * time.Millisecond)
		limiter.Take(now, "m", ratelimit.Other)
	}); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func BenchmarkTake(b *testing.B) {
	merchants := make([]string, 1000)
	limiter := ratelimit.New(ratelimit.Live)
	for i := range merchants {
		merchants[i] = fmt.Sprintf("merchant-%d", i)
		limiter.Take(noon, merchants[i], ratelimit.Other)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			limiter.Take(noon.Add(time.Duration(i)*time.Millisecond), merchants[i%len(merchants)], ratelimit.Other)
		}
	})
}
