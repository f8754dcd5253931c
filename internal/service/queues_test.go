package service

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// TestAQueueIsLeftInTheOrderItWasEntered: nobody passes those who wait, and an
// empty queue takes no memory.
func TestAQueueIsLeftInTheOrderItWasEntered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var q queues
		var served []int
		leave := q.enter("session")
		for i := range 5 {
			go func() {
				leave := q.enter("session")
				served = append(served, i) // only whose turn it is writes
				leave()
			}()
			synctest.Wait()
		}
		q.enter("another session")() // waits for nobody
		if len(served) != 0 {
			t.Fatalf("%v were served out of turn", served)
		}
		leave()
		synctest.Wait()
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
		for i := range q.shards {
			if n := len(q.shards[i].queues); n != 0 {
				t.Errorf("%d empty queues are kept", n)
			}
		}
	})
}

// TestWhoGoesAwayLeavesTheQueue, wherever in it: the others are served as if
// nobody had been there, and a turn that comes at the same moment is passed on.
func TestWhoGoesAwayLeavesTheQueue(t *testing.T) {
	t.Parallel()
	for gone := range 3 {
		synctest.Test(t, func(t *testing.T) {
			var q queues
			var served []int
			leave := q.enter("subject")
			for i := range 3 {
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					leave, err := q.enterWithin(ctx, "subject")
					if (err != nil) != (i == gone) {
						t.Errorf("%d: %v", i, err)
					}
					if err == nil {
						served = append(served, i)
						leave()
					}
				}()
				synctest.Wait()
				if i == gone {
					cancel()
					synctest.Wait()
				}
				defer cancel()
			}
			leave()
			synctest.Wait()
			if len(served) != 2 || !slices.IsSorted(served) || slices.Contains(served, gone) {
				t.Errorf("%d went away, served were %v", gone, served)
			}
			for i := range q.shards {
				if n := len(q.shards[i].queues); n != 0 {
					t.Errorf("%d empty queues are kept", n)
				}
			}
		})
	}
}
