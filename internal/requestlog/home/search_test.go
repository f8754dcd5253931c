package home

import (
	"slices"
	"testing"
)

func TestMinutesFollowTheOrderOfIds(t *testing.T) {
	t.Parallel()
	ids := []string{
		"", "!", "019", "01934b1", "01934b1e-0000", "01934b1e-7a3c-4def-8123-456789abcdef", "01934b1e:", "01934b1f-0000", "09", "0A", "0_", "0a",
		"9", "9fffffff", ":", "A", "Z", "a", "c1", "c10", "c2", "fffffffe", "ffffffff", "g", "refusal", "success", "z", "\u00e5",
	}
	if !slices.IsSorted(ids) {
		t.Fatal("the ids of this test are not in order")
	}
	for i := 1; i < len(ids); i++ {
		if before, after := Minute(ids[i-1]), Minute(ids[i]); before > after {
			t.Errorf("%q has minute %08x, %q has %08x", ids[i-1], before, ids[i], after)
		}
	}
	if got := Minute("01934b1e-7a3c-4def-8123-456789abcdef"); got != 0x01934b1e {
		t.Errorf("%08x", got)
	}
	if Minute("01934b1e") == Minute("01934b1f") || MinuteEnd(7) != SegmentNumber(8) {
		t.Error("minutes meet")
	}
}

func TestTermsAreWrittenAsAnExpression(t *testing.T) {
	t.Parallel()
	terms := Terms{{{"a", "b"}, {"c"}}, {{"d"}}}
	if got, want := terms.Expression(`"`, " AND ", " OR "), `(("a" AND "b") OR ("c")) AND (("d"))`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
