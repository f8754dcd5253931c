package requestlog

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOverload(t *testing.T) { onEachHome(t, testOverload) }

func testOverload(t *testing.T, open place) {
	const room = 80 // by count: 60 with bodies, 70 in all, 10 for refusals
	g := newGate()
	l := open(t, g.options(Options{Gather: never, MaxQueued: room}))
	for i := range room {
		e := success(fmt.Sprint("s", i))
		e.RequestBody, e.ResponseBody = []byte("{}"), []byte("[]")
		record(t, l, e)
	}
	want := Stats{Queued: 70, QueuedBytes: 70*bareSize + 60*4, Shed: 10, Dropped: 10}
	if diff := cmp.Diff(want, l.Stats()); diff != "" {
		t.Fatalf("after %d successes (-want +got):\n%s", room, diff)
	}
	returned := make(chan error, room)
	for i := range 10 {
		go func() { returned <- l.Record(context.Background(), refusal(fmt.Sprint("r", i))) }()
	}
	until(t, func() bool { return l.Stats().Queued == room })
	if err := l.Record(canceled(), refusal("late")); !errors.Is(err, context.Canceled) {
		t.Fatalf("a refusal without room: %v", err)
	}
	want.Queued, want.QueuedBytes, want.Failed = room, want.QueuedBytes+10*bareSize, 1
	if diff := cmp.Diff(want, l.Stats()); diff != "" {
		t.Fatalf("with the refusals (-want +got):\n%s", diff)
	}
	go func() { returned <- l.Record(context.Background(), refusal("patient")) }()
	g.leaveOpen()
	for range 11 {
		if err := <-returned; err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]Exchange{
		"s59": {RequestBody: []byte("{}"), ResponseBody: []byte("[]")}, "s60": {Shed: true}, "s69": {Shed: true},
	} {
		got := find(t, l, "m1", id)
		got = Exchange{RequestBody: got.RequestBody, ResponseBody: got.ResponseBody, Shed: got.Shed}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	for _, id := range []string{"r0", "r9", "patient"} {
		find(t, l, "m1", id)
	}
	for _, id := range []string{"s70", "late"} {
		if _, err := l.Find(context.Background(), "m1", id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", id, err)
		}
	}
	if s := l.Stats(); s.Queued != 0 || s.QueuedBytes != 0 || s.Written != 81 {
		t.Errorf("after all was written: %+v", s)
	}
}

func TestQueueBoundsBytes(t *testing.T) {
	t.Parallel()
	const room = 16 * bareSize
	body := make([]byte, 3*bareSize) // an exchange takes a quarter of the room
	with := func(e Exchange) Exchange { e.RequestBody = body; return e }
	q := queue{maxCount: 1000, maxBytes: room}
	var got []admission
	for range 6 {
		got = append(got, q.addSuccess(with(success("s"))))
	}
	want := []admission{admitted, admitted, admitted, admittedShed, admittedShed, dropped}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("successes (-want +got):\n%s", diff)
	}
	if !q.addRefusal(with(refusal("first"))) {
		t.Error("the only refusal was not taken; successes starve it")
	}
	if q.addRefusal(with(refusal("second"))) {
		t.Error("a second refusal was taken beyond the bound")
	}
	q.release(q.successes)
	if !q.addRefusal(with(refusal("second"))) {
		t.Error("a refusal was not taken though there is room")
	}
	q.release(q.refusals)
	if q.count != 0 || q.bytes != 0 {
		t.Errorf("empty queue: count %d, bytes %d", q.count, q.bytes)
	}
}

// What has no bodies loses none: it is neither marked nor counted as shed.
func TestNothingIsShedOfWhatHasNoBodies(t *testing.T) {
	t.Parallel()
	q := queue{maxCount: 8, maxBytes: 1 << 20} // by count: 6 with bodies, 7 in all
	var got []admission
	for range 6 {
		got = append(got, q.addSuccess(success("s")))
	}
	bare := success("bare")
	got = append(got, q.addSuccess(bare), q.addSuccess(bare))
	if want := []admission{admitted, admitted, admitted, admitted, admitted, admitted, admitted, dropped}; !cmp.Equal(want, got) {
		t.Errorf("admitted as %v, want %v", got, want)
	}
	if last := q.successes[len(q.successes)-1]; last.Shed {
		t.Error("an exchange without bodies is marked as if it had lost them")
	}
}

func TestLargestRefusalFindsAWay(t *testing.T) { onEachHome(t, testLargestRefusalFindsAWay) }

func testLargestRefusalFindsAWay(t *testing.T, open place) {
	l := open(t, Options{MaxQueuedBytes: 1 << 10})
	e := refusal("c1")
	e.RequestBody = make([]byte, 1<<16)
	record(t, l, e)
	if got := find(t, l, "m1", "c1"); len(got.RequestBody) != 1<<16 {
		t.Errorf("%d bytes of the body are left", len(got.RequestBody))
	}
}
