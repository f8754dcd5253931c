package identifier_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/identifier"
)

var shape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestIdsLookLikeUUIDsAndSortByTime(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	previous := ""
	for i := range 10000 {
		id := identifier.New(time.UnixMilli(1_700_000_000_000 + int64(i)))
		if !shape.MatchString(id) {
			t.Fatalf("%q has another shape", id)
		}
		if seen[id] || id <= previous {
			t.Fatalf("%q after %q", id, previous)
		}
		seen[id], previous = true, id
	}
}

func TestIdsOfOneMomentDiffer(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	seen := map[string]bool{}
	for range 10000 {
		id := identifier.New(now)
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}

func TestAnIdHasOneSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		want := uuid.UUID(id).String()
		if got := identifier.Format(id); got != want {
			t.Fatalf("Format = %s, want %s", got, want)
		}
		var parsed [16]byte
		if !identifier.Parse(want, &parsed) || parsed != id {
			t.Fatalf("%s was read as %x", want, parsed)
		}
		altered := []byte(want)
		at := rapid.IntRange(0, len(altered)-1).Draw(t, "at")
		altered[at] = rapid.Byte().Draw(t, "byte")
		if identifier.Parse(string(altered), &parsed) && identifier.Format(parsed) != string(altered) {
			t.Fatalf("%q was read as %x", altered, parsed)
		}
	})
}

func TestWhatIsNoId(t *testing.T) {
	t.Parallel()
	const good = "0b1d9815-165e-42e2-8867-35bc03789e0a"
	var id [16]byte
	if !identifier.Parse(good, &id) {
		t.Fatalf("%s was refused", good)
	}
	for _, s := range []string{
		"", good[:35], good + "0", "0b1d9815165e42e2886735bc03789e0a", "{" + good[:34] + "}",
		"0B1D9815-165e-42e2-8867-35bc03789e0a", "0b1d9815-165e-42e2-8867-35bc03789e0g", "0b1d9815--65e-42e2-8867-35bc03789e0a",
		"0b1d98150165e-42e2-8867-35bc03789e0a", "0b1d9815-165e042e2-8867-35bc03789e0a", "0b1d9815-165e-42e2-8867-35bc03789e-a",
	} {
		if identifier.Parse(s, &id) {
			t.Errorf("%q was read as %x", s, id)
		}
	}
}

func TestTimeOfAnID(t *testing.T) {
	t.Parallel()
	for _, want := range []time.Time{time.UnixMilli(1_700_000_000_123).UTC(), time.UnixMilli(0).UTC(), time.UnixMilli(1<<48 - 1).UTC()} {
		id := identifier.New(want)
		if got, ok := identifier.Time(id); !ok || !got.Equal(want) {
			t.Errorf("%s was made at %v, not %v", id, want, got)
		}
	}
	for _, id := range []string{"", "c1", "0193", "01934b1e-7a3", "01934b1ex7a3c", "0193 b1e-7a3c", "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz"} {
		if at, ok := identifier.Time(id); ok {
			t.Errorf("%q was made at %v", id, at)
		}
	}
}

func TestTheFirstIdIsBeforeThoseOfItsTimeAndAfterThoseBefore(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{time.UnixMilli(1_700_000_000_000), time.UnixMilli(1_700_000_000_256), time.UnixMilli(1)} {
		first := identifier.First(at)
		if before, then := identifier.New(at.Add(-time.Millisecond)), identifier.New(at); first <= before || first >= then {
			t.Errorf("%s is not between %s and %s", first, before, then)
		}
	}
	if got, want := identifier.First(time.UnixMilli(-5)), identifier.First(time.UnixMilli(0)); got != want {
		t.Errorf("%s before 1970, want %s", got, want)
	}
}

func TestNothingLiesBetweenAnIdAndThePrecedingOne(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"01934b1e-7a3c-4000-8000-000000000001": "01934b1e-7a3c-4000-8000-000000000000",
		"01934b1e-7a3c-4000-8000-000000000000": "01934b1e-7a3c-4000-7fff-ffffffffffff",
		"01000000-0000-0000-0000-000000000000": "00ffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		if before, ok := identifier.Preceding(id); !ok || before != want {
			t.Errorf("%s is preceded by %s, want %s", id, before, want)
		}
	}
	for _, id := range []string{"", "nope", "00000000-0000-0000-0000-000000000000"} {
		if before, ok := identifier.Preceding(id); ok {
			t.Errorf("%q is preceded by %s", id, before)
		}
	}
}
