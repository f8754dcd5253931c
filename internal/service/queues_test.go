package service

import (
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
