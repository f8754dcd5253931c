package requestlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

var tallied = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) // a Monday

// called is an exchange some time after tallied.
func called(n int, after time.Duration, change ...func(*Exchange)) Exchange {
	at := tallied.Add(after)
	e := Exchange{
		CorrelationID: fmt.Sprintf("%08x-%04x-7000-8000-%012x", at.UnixMilli()>>16, at.UnixMilli()&0xffff, n), MerchantID: "m1", At: at,
		Duration: 2 * time.Millisecond, Method: "POST", Operation: "create_session", Status: 200,
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func refused(path string) func(*Exchange) {
	return func(e *Exchange) {
		e.Status, e.ErrorCode = 400, "BAD_VALUE"
		e.Violations = []checkout.Violation{{Path: path, Rule: checkout.RuleLineTax}}
	}
}

func summed(t testing.TB, l *Log, query TallyQuery) Summary {
	t.Helper()
	s, err := l.Tally(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hourOf asks for the first hour in steps of five minutes.
func hourOf(merchant string) TallyQuery {
	return TallyQuery{MerchantID: merchant, From: tallied, To: tallied.Add(time.Hour), Step: TallySpan}
}

func everybodys() TallyQuery {
	q := hourOf("")
	q.AllMerchants = true
	return q
}

func TestTalliesCountWhatIsWritten(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		l := open(t, Options{})
		outcome := func(o Outcome) func(*Exchange) {
			return func(e *Exchange) { e.Operation, e.Outcome, e.Duration = "browser_authorize", o, 40*time.Millisecond }
		}
		of := func(merchant string) func(*Exchange) { return func(e *Exchange) { e.MerchantID = merchant } }
		record(t, l,
			called(1, 0), called(2, time.Minute, func(e *Exchange) { e.Shed = true }),
			called(3, 2*time.Minute, refused("order_lines[0].total_tax_amount")),
			called(4, 7*time.Minute, refused("order_lines[12].total_tax_amount")),
			called(5, 8*time.Minute, refused("order_lines[3].name"), of("m2")),
			called(6, 8*time.Minute, outcome(OutcomeApproved)), called(7, 8*time.Minute, outcome(OutcomeDenied)),
			called(8, 59*time.Minute, outcome(OutcomeAsked)),
			called(9, 9*time.Minute, func(e *Exchange) {
				e.Operation, e.Status, e.Reason = "authorization_callback", 0, "callback 17, attempt 2: refused"
			}),
			called(10, time.Hour), called(11, -time.Second),
		)
		s := summed(t, l, hourOf("m1"))
		if len(s.Steps) != 12 || !s.Steps[0].Start.Equal(tallied) {
			t.Fatalf("%d steps from %v", len(s.Steps), s.Steps[0].Start)
		}
		if want := (Classes{0, 0, 2, 0, 1, 0}); s.Steps[0].Classes != want {
			t.Errorf("the first step has %v, want %v", s.Steps[0].Classes, want)
		}
		if want := (Classes{1, 0, 2, 0, 1, 0}); s.Steps[1].Classes != want {
			t.Errorf("the second step has %v, want %v", s.Steps[1].Classes, want)
		}
		if want := (Outcomes{Approved: 1, Denied: 1}); s.Steps[1].Outcomes != want {
			t.Errorf("outcomes %+v, want %+v", s.Steps[1].Outcomes, want)
		}
		if want := (Outcomes{Asked: 1}); s.Steps[11].Outcomes != want || s.Shed != 1 || s.Dropped != 0 {
			t.Errorf("the last step has %+v; %d shed, %d dropped", s.Steps[11].Outcomes, s.Shed, s.Dropped)
		}
		want := []Cause{
			{Operation: "create_session", Status: 400, Code: "BAD_VALUE", Rule: checkout.RuleLineTax, Path: "order_lines[].total_tax_amount", Count: 2,
				First: tallied.Add(2 * time.Minute), Last: tallied.Add(7 * time.Minute), Newest: called(4, 7*time.Minute).CorrelationID, MerchantID: "m1"},
			{Operation: "authorization_callback", Reason: "callback …, attempt …: refused", Count: 1,
				First: tallied.Add(9 * time.Minute), Last: tallied.Add(9 * time.Minute), Newest: called(9, 9*time.Minute).CorrelationID, MerchantID: "m1"},
		}
		if diff := cmp.Diff(want, s.Causes); diff != "" {
			t.Error(diff)
		}
		if first := s.Operations[0]; len(s.Operations) != 3 || first.Operation != "create_session" || first.Classes.All() != 4 {
			t.Errorf("operations %+v", s.Operations)
		}
		if median := s.Operations[1].Took.Quantile(0.5); median < 36*time.Millisecond || median > 44*time.Millisecond {
			t.Errorf("the median is %v", median)
		}

		// Everybody's has them all, and nobody else's has anybody's.
		all := summed(t, l, everybodys())
		if len(all.Causes) != 3 || !slices.ContainsFunc(all.Causes, func(c Cause) bool { return c.MerchantID == "m2" }) {
			t.Errorf("causes of all: %+v", all.Causes)
		}
		for _, merchant := range []string{"", "m3", "m"} {
			none := summed(t, l, hourOf(merchant))
			if len(none.Operations) != 0 || len(none.Causes) != 0 || none.Shed != 0 {
				t.Errorf("merchant %q has %+v", merchant, none)
			}
		}
	})
}

// Several processes, and one that starts again, add up.
func TestTalliesAddUp(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		for n := range 3 {
			l := open(t, Options{})
			record(t, l, called(2*n, time.Minute), called(2*n+1, time.Duration(n)*time.Minute, refused("order_amount")))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s := summed(t, open(t, Options{}), hourOf("m1"))
		if want := (Classes{0, 0, 3, 0, 3, 0}); s.Steps[0].Classes != want {
			t.Errorf("%v, want %v", s.Steps[0].Classes, want)
		}
		if c := s.Causes[0]; len(s.Causes) != 1 || c.Count != 3 || !c.First.Equal(tallied) || !c.Last.Equal(tallied.Add(2*time.Minute)) || c.Newest != called(5, 2*time.Minute).CorrelationID {
			t.Errorf("causes %+v", s.Causes)
		}
	})
}

// What has no place of its own is counted all the same.
func TestCausesAreBounded(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		l := open(t, Options{})
		const all = causesCounted + 10
		for n := range all {
			record(t, l, called(n, time.Duration(n)*time.Second, refused(fmt.Sprintf("property_%d", n)), func(e *Exchange) { e.Expendable = true }))
		}
		s := summed(t, l, hourOf("m1"))
		if len(s.Causes) != causesCounted || s.Others.Count != 10 || s.Others.Newest != called(all-1, (all-1)*time.Second).CorrelationID {
			t.Errorf("%d causes, others %+v", len(s.Causes), s.Others)
		}
		if s.Steps[0].Classes[4] != all {
			t.Errorf("%v", s.Steps[0].Classes)
		}
	})
}

func TestTalliesGoWithTheirExchanges(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		l := open(t, Options{Retention: 24 * time.Hour})
		record(t, l, called(1, 0), called(2, time.Minute, refused("order_amount")), called(3, 72*time.Hour))
		if err := l.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Sweep(context.Background(), tallied.Add(73*time.Hour)); err != nil {
			t.Fatal(err)
		}
		s := summed(t, l, TallyQuery{AllMerchants: true, From: tallied, To: tallied.Add(96 * time.Hour), Step: 24 * time.Hour})
		total := Classes{}
		for i := range s.Steps {
			total.add(&s.Steps[i].Classes)
		}
		if len(s.Causes) != 0 || total.All() != 1 {
			t.Errorf("left are %v of %v", total, s.Causes)
		}
	})
}

func TestStepsHoldWholeTallies(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		l := open(t, Options{})
		record(t, l, called(1, 0), called(2, 59*time.Minute), called(3, 60*time.Minute))
		s := summed(t, l, TallyQuery{MerchantID: "m1", From: tallied.Add(20 * time.Minute), To: tallied.Add(61 * time.Minute), Step: time.Hour})
		if len(s.Steps) != 2 || !s.Steps[0].Start.Equal(tallied) || s.Steps[0].Classes.All() != 2 || s.Steps[1].Classes.All() != 1 {
			t.Errorf("steps %+v", s.Steps)
		}
		for _, step := range []time.Duration{0, time.Minute, 7 * time.Minute} {
			if _, err := l.Tally(context.Background(), TallyQuery{From: tallied, To: tallied, Step: step}); err == nil {
				t.Errorf("steps of %v are not refused", step)
			}
		}
		if _, err := l.Tally(context.Background(), TallyQuery{To: tallied, Step: TallySpan}); err == nil {
			t.Error("all of time is not too long")
		}
	})
}

// What overload takes away is counted, and the count is right.
func TestShedAndDroppedAreTallied(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		writer := newGate()
		l := open(t, writer.options(Options{MaxQueued: 64, MaxQueuedBytes: 64 * (bareSize + 100)}))
		for n := range 100 {
			e := called(n, time.Second)
			e.RequestBody = []byte(strings.Repeat("x", 200))
			record(t, l, e)
		}
		writer.leaveOpen()
		s, stats := summed(t, l, hourOf("m1")), l.Stats()
		if stats.Shed == 0 || stats.Dropped == 0 {
			t.Fatalf("nothing was shed or dropped: %+v", stats)
		}
		if s.Shed != stats.Shed || s.Dropped != stats.Dropped || s.Steps[0].Classes.All() != stats.Written {
			t.Errorf("tallied are %d shed, %d dropped of %d; the log says %+v", s.Shed, s.Dropped, s.Steps[0].Classes.All(), stats)
		}
	})
}

// failingHome cannot write now and then; the batch may be there nevertheless.
type failingHome struct {
	home.Home
	fail func() (before, after bool)
}

func (h failingHome) Write(ctx context.Context, batch *home.Batch) error {
	before, after := h.fail()
	if before {
		return errors.New("away")
	}
	if err := h.Home.Write(ctx, batch); err != nil {
		return err
	}
	if after {
		return errors.New("away after the commit")
	}
	return nil
}

// A write that fails is counted if its exchanges are there, and only then.
func TestTalliesAgreeAfterFailures(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		under := open(t, Options{})
		n := 0
		l := newLog(failingHome{under.home, func() (bool, bool) { n++; return n%4 == 2, n%4 == 0 }}, Options{indexByHand: true})
		for n := range 40 {
			_ = l.Record(context.Background(), called(n, time.Second, refused("order_amount")))
		}
		s := summed(t, l, hourOf("m1"))
		there := searched(t, l, Query{MerchantID: "m1", Limit: SearchMax})
		if len(there) != 30 || s.Causes[0].Count != uint64(len(there)) || s.Steps[0].Classes.All() != uint64(len(there)) {
			t.Errorf("%d exchanges are there; tallied are %v and %+v", len(there), s.Steps[0].Classes, s.Causes)
		}
	})
}

func TestTooManyTalliesBeginAnew(t *testing.T) {
	t.Parallel()
	tallier := newTallier()
	stored := map[string]storedTally{}
	for n := range 3 * talliesOpen {
		e := called(n, time.Second, func(e *Exchange) { e.MerchantID = fmt.Sprint(n % talliesOpen) })
		for _, one := range tallier.count([]Exchange{e}, nil, nil) {
			read, err := readTally(one.Data)
			if err != nil {
				t.Fatal(err)
			}
			stored[one.ID] = read
		}
		if len(tallier.open) > talliesOpen {
			t.Fatalf("%d tallies are open", len(tallier.open))
		}
	}
	all := uint64(0)
	for _, one := range stored {
		for i := range one.operations {
			all += one.operations[i].classes.All()
		}
	}
	if want := uint64(2 * 3 * talliesOpen); all != want { // of its merchant and of everybody
		t.Errorf("%d are counted, want %d", all, want)
	}
}

func TestWhatDiffersBetweenRefusalsOfOneCauseIsLeftOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "nothing to leave out": "nothing to leave out",
		"no session 0190a1b2-0000-7000-8000-00000000a001 here": "no session … here",
		"dial tcp 127.0.0.1:43211: refused":                    "dial tcp …: refused",
		"a body of 1048577 bytes, at most 1048576.":            "a body of … bytes, at most ….",
		"HTTP/1.1 and utf8 stay":                               "HTTP/… and utf8 stay",
		"ångström":                                             "ångström",
		"customer (Anna.Andersson@example.com), on our list":   "customer (…), on our list",
		"no /search?q=anna%40example.com here":                 "no … here",
		"of +46 70-123 45 67, born19410321":                    "of +… … … …, born…",
	} {
		if got := withoutNumbers(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	long := strings.Repeat("1", 4*causeText-5) + " anna@example.com"
	if got := withoutNumbers(long); got != "… " {
		t.Errorf("half an address stayed: %q", got)
	}
	named := called(1, 0, refused("customer.anna@example.com"))
	if got := causeOf(&named).Path; got != "…" {
		t.Errorf("a property with an address became %q", got)
	}
	if got := withoutIndices("order_lines[12].x[0][]"); got != "order_lines[].x[][]" {
		t.Error(got)
	}
	if got := cut(strings.Repeat("å", causeText)); got != strings.Repeat("å", causeText/2)+"…" {
		t.Error(got)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var d durations
	if got := (&Durations{}).Quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	var took Durations
	for ms := 1; ms <= 1000; ms++ {
		d = durations{}
		d.add(time.Duration(ms) * time.Millisecond)
		for i, n := range d {
			took[i] += uint64(n)
		}
	}
	for part, want := range map[float64]time.Duration{0.01: 10, 0.5: 500, 0.95: 950} {
		want *= time.Millisecond
		if got := took.Quantile(part); got < want*9/10 || got > want*11/10 {
			t.Errorf("%v of them took %v, want about %v", part, got, want)
		}
	}
	d = durations{}
	d.add(-time.Second)
	d.add(0)
	d.add(24 * time.Hour)
	if d[0] != 2 || d[len(d)-1] != 1 {
		t.Errorf("%v", d)
	}
}

// A stored tally that is no tally is an error, and never a panic.
func FuzzTally(f *testing.F) {
	tallier := newTallier()
	for _, one := range tallier.count([]Exchange{called(1, 0), called(2, 0, refused("order_amount"))}, nil, nil) {
		f.Add(slices.Clone(one.Data))
	}
	f.Add([]byte{2})
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readTally(data) })
}
