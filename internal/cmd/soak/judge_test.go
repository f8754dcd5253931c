package main

import (
	"errors"
	"testing"
	"time"
)

func TestCountersMustAddUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		counted map[int]int
		aborted int
		lost    int
		holds   bool
	}{
		{"equal", map[int]int{204: 2, 400: 1}, 0, 0, true},
		{"an answer was not counted", map[int]int{204: 1, 400: 1}, 5, 0, false},
		{"another status was counted", map[int]int{204: 1, 400: 2}, 5, 0, false},
		{"an aborted request was counted", map[int]int{204: 3, 400: 1}, 1, 0, true},
		{"a lost answer was counted", map[int]int{204: 2, 400: 1, 503: 1}, 0, 1, true},
		{"more was counted than was sent", map[int]int{204: 3, 400: 2}, 1, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			saw := newTally()
			saw.answer("update", 204)
			saw.answer("slow update", 204)
			saw.answer("mistake", 400)
			for range c.aborted {
				saw.abort()
			}
			for range c.lost {
				saw.lose("update", errors.New("reset"))
			}
			if holds, detail := compare(c.counted, saw.sums()); holds != c.holds {
				t.Errorf("holds %v, want %v: %s", holds, c.holds, detail)
			}
		})
	}
}

func TestFlatnessLooksAtTheLastQuarter(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for _, c := range []struct {
		name        string
		resident    [4]int64 // MB, by quarter
		descriptors [4]int64
		flat, tight bool
	}{
		{"flat", [4]int64{100, 100, 100, 100}, [4]int64{20, 20, 20, 20}, true, true},
		{"the warm-up does not count", [4]int64{50, 100, 100, 110}, [4]int64{1, 20, 20, 25}, true, true},
		{"growth", [4]int64{100, 100, 110, 111}, [4]int64{20, 20, 23, 26}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			process := &server{name: "p"}
			w := newWatch(nil, "", time.Hour)
			w.lasted = time.Hour
			for minute := range 60 {
				q := minute / 15
				w.samples[process] = append(w.samples[process],
					sample{at: time.Duration(minute) * time.Minute, resident: c.resident[q] * mb, descriptors: c.descriptors[q]})
			}
			if f := w.flatMemory(process); f.holds != c.flat {
				t.Errorf("memory: %+v", f)
			}
			if f := w.flatDescriptors(process); f.holds != c.tight {
				t.Errorf("descriptors: %+v", f)
			}
		})
	}
	if f := newWatch(nil, "", time.Hour).flatMemory(&server{}); f.holds {
		t.Error("no sample proves nothing")
	}
}

func TestCountersAreReadFromTheMetrics(t *testing.T) {
	t.Parallel()
	got := series{
		`kvitto_exchanges_total{operation="update_session",status="204"}`: 7,
		`kvitto_exchanges_total{operation="create_session",status="200"}`: 2,
		`kvitto_exchanges_total{operation="read_session",status="200"}`:   3,
		`kvitto_store_changes_total{result="committed"}`:                  9,
	}.exchanges()
	if len(got) != 2 || got[204] != 7 || got[200] != 5 {
		t.Errorf("%v", got)
	}
}
