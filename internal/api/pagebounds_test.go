package api

import (
	"testing"
	"time"
)

// TestTheRateOfAPage: a burst, then so many a second, and one recorded refusal
// in each second.
func TestTheRateOfAPage(t *testing.T) {
	t.Parallel()
	var b pageBounds
	now := time.Unix(1_900_000_000, 0)
	allowed := func(n int) (taken, recorded int) {
		for range n {
			verdict := b.take("s", now)
			if verdict.allowed {
				taken++
			} else if verdict.record {
				recorded++
			}
			if !verdict.allowed && (verdict.wait <= 0 || verdict.wait > time.Second || verdict.reason == "") {
				t.Fatalf("%+v", verdict)
			}
		}
		return taken, recorded
	}
	if taken, recorded := allowed(pageBurst + 50); taken != pageBurst || recorded != 1 {
		t.Errorf("at once: %d taken, %d refusals recorded", taken, recorded)
	}
	now = now.Add(time.Second)
	if taken, recorded := allowed(50); taken != pageRate || recorded != 1 {
		t.Errorf("a second later: %d taken, %d refusals recorded", taken, recorded)
	}
	now = now.Add(-time.Hour) // the system's clock was set
	if taken, _ := allowed(1); taken != 0 {
		t.Error("a clock that goes back gives calls away")
	}
	now = now.Add(24 * time.Hour)
	if taken, _ := allowed(2 * pageBurst); taken != pageBurst {
		t.Errorf("a day later: %d", taken)
	}
}

// TestTheCallsOfASessionEnd, also those of a patient page, and with them what is
// recorded.
func TestTheCallsOfASessionEnd(t *testing.T) {
	t.Parallel()
	var b pageBounds
	now := time.Unix(1_900_000_000, 0)
	allowed, whole, recorded := 0, 0, 0
	for range 3 * pageCallsMax {
		now = now.Add(time.Second)
		verdict := b.take("s", now)
		if verdict.allowed {
			allowed++
		}
		if verdict.whole {
			whole++
		}
		if verdict.record {
			recorded++
		}
	}
	if allowed != pageCallsMax || whole != pageBodiesWhole || recorded != pageCallsMax+1 {
		t.Errorf("%d allowed, %d whole, %d recorded", allowed, whole, recorded)
	}
	if !b.take("another", now).whole {
		t.Error("another session begins anew")
	}
}

// TestAssessmentsAreGivenBack by calls that only asked.
func TestAssessmentsAreGivenBack(t *testing.T) {
	t.Parallel()
	var b pageBounds
	for range 2 * assessmentsMax {
		giveBack, ok := b.assess("s")
		if !ok {
			t.Fatal("questions count")
		}
		giveBack()
	}
	for n := range assessmentsMax + 5 {
		if _, ok := b.assess("s"); ok != (n < assessmentsMax) {
			t.Fatalf("%d: %v", n, ok)
		}
	}
}
