package record_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store/record"
)

// makingRisk gives subjects the kinds there are, facts what they can hold, and no
// list without elements.
var makingRisk = func() rapid.MakeConfig {
	config := rapid.MakeConfig{Types: maps.Clone(making.Types)}
	config.Types[reflect.TypeFor[[]string]()] = listOf(rapid.String())
	config.Types[reflect.TypeFor[[]risk.SubjectKind]()] = listOf(rapid.SampledFrom(risk.SubjectKinds))
	config.Types[reflect.TypeFor[[]risk.Step]()] = listOf(rapid.Make[risk.Step]())
	config.Types[reflect.TypeFor[[]risk.Fact]()] = listOf(rapid.Custom(func(t *rapid.T) risk.Fact {
		return risk.Fact{
			Kind: risk.FactKind(rapid.IntRange(1, 4).Draw(t, "kind")), At: anyTime.Draw(t, "at"),
			SessionID: identifier.Format([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "session"))),
			Amount:    rapid.Int64().Draw(t, "amount"), Currency: rapid.SampledFrom([]string{"", "SEK", "EUR"}).Draw(t, "currency"),
			Email: rapid.Uint32().Draw(t, "email"), Phone: rapid.Uint32().Draw(t, "phone"), Address: rapid.Uint32().Draw(t, "address"),
		}
	}))
	config.Types[reflect.TypeFor[risk.History]()] = rapid.Custom(func(t *rapid.T) risk.History {
		var history risk.History
		for _, kind := range risk.SubjectKinds {
			if rapid.Bool().Draw(t, "took part") {
				if history == nil {
					history = risk.History{}
				}
				history[kind] = rapid.MakeCustom[risk.Past](rapid.MakeConfig{Types: config.Types}).Draw(t, "past")
			}
		}
		return history
	}).AsAny()
	return config
}()

func listOf[T any](of *rapid.Generator[T]) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) []T {
		list := rapid.SliceOfN(of, 0, 3).Draw(t, "list")
		if len(list) == 0 {
			return nil
		}
		return list
	}).AsAny()
}

func TestAnAssessmentIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	inputs, assessments := rapid.MakeCustom[risk.Input](makingRisk), rapid.MakeCustom[risk.Assessment](makingRisk)
	rapid.Check(t, func(t *rapid.T) {
		in, made := inputs.Draw(t, "input"), assessments.Draw(t, "assessment")
		written := record.AppendAssessment([]byte("kept"), &in, &made)
		document, ok := bytes.CutPrefix(written, []byte("kept"))
		if !ok {
			t.Fatalf("what was before is overwritten: %q", written)
		}
		gotIn, gotMade, err := record.DecodeAssessment(document)
		if err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		onlyIn, outcome, err := record.DecodeInput(document)
		if err != nil || outcome != made.Decision.Outcome {
			t.Fatalf("%v, outcome %q, want %q", err, outcome, made.Decision.Outcome)
		}
		clear(document)
		if diff := cmp.Diff(in, gotIn) + cmp.Diff(made, gotMade) + cmp.Diff(in, onlyIn); diff != "" {
			t.Fatalf("read back differently (-want +got):\n%s", diff)
		}
	})
}

// assessed is an assessment that spells out what is stored.
func assessed() (risk.Input, risk.Assessment) {
	session := authorized()
	fact := risk.Fact{Kind: risk.FactDenied, At: noon.Add(-time.Hour), SessionID: session.ID, Amount: 29_900, Currency: "SEK", Email: 1, Phone: 2, Address: 3}
	in := risk.Input{
		MerchantID: session.MerchantID, SessionID: session.ID, Call: risk.CallAuthorize, Content: &session.Content, Login: "a@b.se", DeviceID: "device",
		IP: "192.0.2.1", Changes: 3, CreatedAt: session.CreatedAt, Denied: true, Now: noon,
		History: risk.History{risk.SubjectEmail: {Known: true, FirstAt: noon.Add(-time.Hour), Orders: 2, Facts: []risk.Fact{fact}}, risk.SubjectIP: {}},
	}
	made := risk.Assessment{
		Decision: checkout.Decision{Outcome: checkout.OutcomeRefer, Reason: "many denials", AssessmentID: "3e402b48-498f-75f5-9b9a-68ef36a12133",
			InvalidFields: []string{"billing_address.email"}, Review: checkout.ReviewTerms{Due: time.Hour, AtDue: checkout.ReviewReject}},
		Rule: "second", Failed: 1, RuleSet: "shop", Version: "c5b26398d992", Reads: []risk.SubjectKind{risk.SubjectEmail, risk.SubjectIP},
		Steps: []risk.Step{{Rule: "first", State: risk.StateFailed, Duration: 1200, Error: "division by zero"}, {Rule: "second", State: risk.StateMatched, Duration: 900},
			{Rule: "third", State: risk.StateNotReached}},
	}
	return in, made
}

func TestTheBytesOfAnAssessment(t *testing.T) {
	t.Parallel()
	in, made := assessed()
	golden := filepath.Join("testdata", "assessment_v1.json")
	written := append(record.AppendAssessmentDocument(nil, &in, &made), '\n')
	if *update {
		if err := os.WriteFile(golden, written, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(stored), string(written)); diff != "" {
		t.Errorf("written differently (-stored +written):\n%s", diff)
	}
	gotIn, gotMade, err := record.DecodeAssessment(stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, gotIn) + cmp.Diff(made, gotMade); diff != "" {
		t.Errorf("read differently (-want +got):\n%s", diff)
	}
}

func TestADamagedAssessmentIsRefused(t *testing.T) {
	t.Parallel()
	in, made := assessed()
	whole := string(record.AppendAssessmentDocument(nil, &in, &made))
	for damaged, want := range map[string]string{
		"":                    "damaged",
		"\x01x":               "a stored assessment is damaged",
		"{}":                  "does not start with a version",
		`{"version":2}`:       "written by a newer version",
		whole[:len(whole)-2]:  "damaged",
		whole + "{}":          "damaged",
		`{"version":1,"x":1}`: "damaged",
		strings.Replace(whole, `"facts":"AQ`, `"facts":"AA`, 1):   "history of email: risk: a fact has the version 0",
		strings.Replace(whole, `"facts":"`, `"facts":"AAAA`, 1):   "history of email: risk: the facts are cut off",
		strings.Replace(whole, `"content":{`, `"content":[{`, 1):  "damaged",
		strings.Replace(whole, `"steps":[`, `"steps":[[],`, 1):    "damaged",
		strings.Replace(whole, `"reason":`, `"unknown":`, 1):      "damaged",
		strings.Replace(whole, `"changes":3`, `"changes":"3"`, 1): "damaged",
	} {
		if damaged == whole {
			t.Fatalf("nothing is damaged where %q is wanted", want)
		}
		if _, _, err := record.DecodeAssessment([]byte(damaged)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", damaged, err, want)
		}
	}
}

// FuzzDecodeAssessment: what is read is written and read as the same.
func FuzzDecodeAssessment(f *testing.F) {
	in, made := assessed()
	f.Add(record.AppendAssessmentDocument(nil, &in, &made))
	f.Add(record.AppendAssessmentDocument(nil, &risk.Input{}, &risk.Assessment{}))
	for len(made.Steps) < 300 {
		made.Steps = append(made.Steps, made.Steps[0])
	}
	f.Add(record.AppendAssessment(nil, &in, &made))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, made, err := record.DecodeAssessment(slices.Clone(data))
		if err != nil {
			return
		}
		written := record.AppendAssessment(nil, &in, &made)
		gotIn, gotMade, err := record.DecodeAssessment(written)
		if err != nil {
			t.Fatalf("%v of %q", err, written)
		}
		if again := record.AppendAssessment(nil, &gotIn, &gotMade); !bytes.Equal(written, again) {
			t.Errorf("%q\n%q", written, again)
		}
	})
}
