package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

func TestTheRecordedLayout(t *testing.T) {
	t.Parallel()
	compact := `{"a":"x","b":[{"c":1,"d":{"e":true}},{"c":2}],"f":["x","y"],"g":[],"h":{},"i":"{\"j\":[1,2]}","k":null}`
	want := `{
  "a" : "x",
  "b" : [ {
    "c" : 1,
    "d" : {
      "e" : true
    }
  }, {
    "c" : 2
  } ],
  "f" : [ "x", "y" ],
  "g" : [ ],
  "h" : { },
  "i" : "{\"j\":[1,2]}",
  "k" : null
}`
	if diff := cmp.Diff(want, string(wire.Pretty(nil, []byte(compact)))); diff != "" {
		t.Error(diff)
	}
}

// TestTheErrorBodyHasTheRecordedSize: an error with one field was 145 bytes
// long in recordings of 2023, whatever the field's order.
func TestTheErrorBodyHasTheRecordedSize(t *testing.T) {
	t.Parallel()
	refusal := &checkout.Refusal{Kind: checkout.KindBadValue, Violations: []checkout.Violation{{Path: "order_amount", Stage: checkout.StageOrderAmount}}}
	body := wire.Pretty(nil, wire.AppendFailure(nil, wire.FailureOf(refusal), "00000000-0000-4000-8000-000000000000"))
	if len(body) != 145 {
		t.Errorf("%d bytes:\n%s", len(body), body)
	}
}

func TestPrettyKeepsTheMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		compact, err := json.Marshal(drawJSON(t, 3))
		if err != nil {
			t.Fatal(err)
		}
		pretty := wire.Pretty(nil, compact)
		var a, b any
		if err := json.Unmarshal(compact, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(pretty, &b); err != nil {
			t.Fatalf("%v in %s", err, pretty)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatal(diff)
		}
	})
}

func drawJSON(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		return rapid.String().Draw(t, "string")
	case 1:
		return rapid.Int32().Draw(t, "number")
	case 2:
		return rapid.Bool().Draw(t, "boolean")
	case 3:
		return nil
	case 4:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawJSON(t, depth-1)
		}
		return list
	default:
		object := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "size") {
			object[rapid.String().Draw(t, "name")] = drawJSON(t, depth-1)
		}
		return object
	}
}

func TestEveryKindOfRefusalHasAnEnvelope(t *testing.T) {
	t.Parallel()
	for kind := checkout.KindBadRequest; kind < checkout.KindInternal; kind++ {
		f := wire.FailureOf(&checkout.Refusal{Kind: kind})
		if f.Status < 400 || f.Status == 500 || f.Code == "" {
			t.Errorf("kind %d: %+v", kind, f)
		}
	}
	if f := wire.FailureOf(&checkout.Refusal{Kind: checkout.KindInternal}); f.Status != 500 || f.Messages[0] != "Internal error" {
		t.Errorf("%+v", f)
	}
	if f := wire.FailureOf(&checkout.Refusal{Kind: 255}); f.Status != 500 {
		t.Errorf("an unknown kind: %+v", f)
	}
}

func TestPersonalNumbersNeverComeBack(t *testing.T) {
	t.Parallel()
	s := checkout.Session{Content: checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"),
		Customer: &checkout.Customer{
			NationalIdentificationNumber: checkout.TextOf("4103219202"), LastFourSSN: checkout.TextOf("1234"), Gender: checkout.TextOf("male")},
	}}
	var got struct {
		Customer map[string]string `json:"customer"`
	}
	if err := json.Unmarshal(wire.AppendSession(nil, &s, time.Unix(0, 0)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"gender": "male"}, got.Customer); diff != "" {
		t.Error(diff)
	}
}

// TestAFractionHasNoCorrectedBody: half a pair of shoes for nothing is not
// what was meant.
func TestAFractionHasNoCorrectedBody(t *testing.T) {
	t.Parallel()
	body := []byte(`{"order_lines":[{"quantity":0.5,"unit_price":2120,"total_amount":1060}],"order_amount":1060}`)
	request, err := wire.DecodeRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	refusal := &checkout.Refusal{Kind: checkout.KindBadValue, Violations: []checkout.Violation{{Path: "order_lines[0].total_amount", Stage: checkout.StageLineTotals}}}
	answer := wire.AppendCheck(nil, body, &request, refusal, []checkout.Correction{{Path: "order_lines[0].total_amount", Value: 0}})
	if strings.Contains(string(answer), "corrected") {
		t.Errorf("%s", answer)
	}
}

func TestACorrectedBodyKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	refusal := &checkout.Refusal{Kind: checkout.KindBadValue, Violations: []checkout.Violation{{Path: "order_amount", Stage: checkout.StageOrderAmount}}}
	for name, c := range map[string]struct {
		body        string
		corrections []checkout.Correction
		want        string // "" when there is no corrected body
	}{
		"in place": {`{"x":[1,{"order_amount":2}],"order_amount":5}`, []checkout.Correction{{Path: "order_amount", Value: 6}}, `{"x":[1,{"order_amount":2}],"order_amount":6}`},
		"in a line": {`{"order_lines":[{"total_amount":1},{"total_amount":2,"n":"a"}]}`,
			[]checkout.Correction{{Path: "order_lines[1].total_amount", Value: 9}}, `{"order_lines":[{"total_amount":1},{"total_amount":9,"n":"a"}]}`},
		"added where it was left out": {`{"order_lines":[{"tax_rate":2500}]}`,
			[]checkout.Correction{{Path: "order_lines[0].total_tax_amount", Value: 3}, {Path: "order_amount", Value: 7}},
			`{"order_lines":[{"tax_rate":2500,"total_tax_amount":3}],"order_amount":7}`},
		"a name that looks like a path": {`{"order_lines[0].total_amount":7,"order_lines":[{"total_amount":1}]}`,
			[]checkout.Correction{{Path: "order_lines[0].total_amount", Value: 2}}, `{"order_lines[0].total_amount":7,"order_lines":[{"total_amount":2}]}`},
		"a string with the name of a property": {`{"a":"order_amount","order_amount":1}`, []checkout.Correction{{Path: "order_amount", Value: 2}}, `{"a":"order_amount","order_amount":2}`},
		"the line is in the session only":      {`{"order_amount":1}`, []checkout.Correction{{Path: "order_lines[0].total_amount", Value: 2}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got struct {
				Corrected json.RawMessage `json:"corrected"`
			}
			if err := json.Unmarshal(wire.AppendCheck(nil, []byte(c.body), &wire.Request{}, refusal, c.corrections), &got); err != nil {
				t.Fatal(err)
			}
			if string(got.Corrected) != c.want {
				t.Errorf("corrected %s, want %s", got.Corrected, c.want)
			}
		})
	}
}
