package risk_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store/record"
)

// TestDecideIsEvaluateWithoutWords for any input.
func TestDecideIsEvaluateWithoutWords(t *testing.T) {
	t.Parallel()
	sets := []*risk.RuleSet{mustParse(t, file(touchy...)), mustParse(t, append([]byte("on_failure = \"deny\"\n"), file(touchy...)...)),
		risk.PlaygroundRules(), risk.DefaultRules()}
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		for _, set := range sets {
			got, want := set.Decide(&in), set.Evaluate(in, nil)
			if got.Outcome != want.Decision.Outcome || got.Rule != want.Rule || got.Failed != (want.Failed > 0) {
				t.Fatalf("%s: %+v, want %+v", set, got, want)
			}
		}
	})
}

// replayed is an input of an amount with its id.
func replayed(amount int64) (string, *risk.Input) {
	return fmt.Sprintf("%03d", amount), &risk.Input{Call: risk.CallAuthorize, SessionID: fmt.Sprint("s", amount),
		Content: &checkout.Content{OrderAmount: checkout.IntegerOf(amount)}}
}

func TestAReplayCountsWhatWouldBeDifferent(t *testing.T) {
	t.Parallel()
	set := mustParse(t, file("order_amount == 1 || 10 / order_amount == 100 -> deny", "order_amount > 90 -> refer"))
	replay := risk.NewReplay(set)
	for amount := range int64(100) {
		id, in := replayed(99 - amount)
		was := checkout.OutcomeDeny
		if amount%2 == 0 {
			was = checkout.OutcomeFinalizeRequired
		}
		replay.Add(id, in, was)
	}
	wantChanges := map[risk.Change]int64{
		{Was: "approve", WouldBe: "deny"}: 1, {Was: "deny", WouldBe: "approve"}: 45, {Was: "approve", WouldBe: "approve"}: 44,
		{Was: "approve", WouldBe: "refer"}: 5, {Was: "deny", WouldBe: "refer"}: 5,
	}
	if !reflect.DeepEqual(replay.Changes, wantChanges) {
		t.Errorf("changes %v, want %v", replay.Changes, wantChanges)
	}
	if replay.Compared != 100 || replay.Failed != 1 || replay.Different() != 56 || !reflect.DeepEqual(replay.Rules, map[string]int64{"": 90, "r1": 1, "r2": 9}) {
		t.Errorf("%+v, different %d", replay, replay.Different())
	}
	if n := len(replay.Examples); n != risk.ReplayExamplesMax || replay.Examples[0].AssessmentID != "000" || replay.Examples[0].SessionID != "s0" {
		t.Errorf("%d examples: %+v", n, replay.Examples)
	}
	one := replay.Examples[1]
	if want := (risk.ReplayExample{AssessmentID: "001", SessionID: "s1", Change: risk.Change{Was: "approve", WouldBe: "deny"}, Rule: "r1",
		Reason: "because (rule r1 of " + set.String() + ")"}); one != want {
		t.Errorf("example %+v, want %+v", one, want)
	}
}

// TestReplaysMerge into what one would have counted, whoever had which.
func TestReplaysMerge(t *testing.T) {
	t.Parallel()
	set := mustParse(t, file("order_amount > 20 -> deny", "10 / order_amount == 3 -> refer"))
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfNDistinct(rapid.Int64Range(0, 60), 0, 61, rapid.ID).Draw(t, "amounts")
		whole, parts := risk.NewReplay(set), []*risk.Replay{risk.NewReplay(set), risk.NewReplay(set)}
		for _, amount := range amounts {
			id, in := replayed(amount)
			was := rapid.SampledFrom([]checkout.Outcome{checkout.OutcomeApprove, checkout.OutcomeDeny}).Draw(t, "was")
			whole.Add(id, in, was)
			parts[rapid.IntRange(0, 1).Draw(t, "part")].Add(id, in, was)
		}
		if rapid.Bool().Draw(t, "swapped") {
			slices.Reverse(parts)
		}
		parts[0].Merge(parts[1])
		if !reflect.DeepEqual(whole, parts[0]) {
			t.Fatalf("merged %+v, want %+v", parts[0], whole)
		}
	})
}

// storedInput is a usual assessment as it is stored: three lines, and ten facts of
// each subject.
func storedInput(set *risk.RuleSet) []byte {
	in := risk.Input{MerchantID: "m", SessionID: identifier.New(noon), Call: risk.CallAuthorize, Content: richContent(), DeviceID: "d", IP: "192.0.2.1",
		Changes: 2, CreatedAt: noon, Now: noon, History: risk.History{}}
	in.Content.OrderLines = append(in.Content.OrderLines, in.Content.OrderLines[0])
	for _, kind := range risk.SubjectKinds {
		past := risk.Past{Known: true, FirstAt: noon.Add(-1000 * time.Hour), Orders: 5}
		for i := range 10 {
			past.Facts = append(past.Facts, aFact(risk.FactKind(i%4+1), byte(i/2+1), time.Duration(i*i)*time.Hour))
		}
		in.History[kind] = past
	}
	made := set.Evaluate(in, nil)
	return record.AppendAssessment(nil, &in, &made)
}

// BenchmarkReplay decodes and decides again; a million must take less than a
// minute on two processors.
func BenchmarkReplay(b *testing.B) {
	for name, set := range map[string]*risk.RuleSet{"default": risk.DefaultRules(), "hundred": mustParse(b, hundredRules())} {
		b.Run(name, func(b *testing.B) {
			stored := storedInput(set)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				replay := risk.NewReplay(set)
				for pb.Next() {
					in, was, err := record.DecodeInput(stored)
					if err != nil {
						b.Fatal(err)
					}
					replay.Add("id", &in, was)
				}
				if replay.Different() > 0 {
					b.Errorf("%+v", replay)
				}
			})
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e6, "s/million")
			b.ReportMetric(float64(len(stored)), "stored_bytes")
		})
	}
}
