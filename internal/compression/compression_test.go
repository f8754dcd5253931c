package compression_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/compression"
)

func TestWhatIsPackedComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "piece")
		src := bytes.Repeat(piece, rapid.IntRange(0, 40).Draw(t, "times"))
		packed, ok := compression.Append([]byte("head"), src)
		if !bytes.HasPrefix(packed, []byte("head")) {
			t.Fatal("what stood before is gone")
		}
		if !ok {
			if len(packed) != 4 {
				t.Fatal("something was appended without saying so")
			}
			return
		}
		if len(packed)-4 >= len(src) || len(src) < compression.Min {
			t.Fatalf("%d bytes were packed to %d", len(src), len(packed)-4)
		}
		got, err := compression.Unpack(packed[4:])
		if err != nil || !bytes.Equal(got, src) {
			t.Fatalf("another value came back: %v", err)
		}
	})
}

func TestACartShrinksAndDamageIsSeen(t *testing.T) {
	t.Parallel()
	cart := []byte(strings.Repeat(`{"name":"Running shoe","quantity":1,"unit_price":10000},`, 100))
	packed, ok := compression.Append(nil, cart)
	if !ok || len(packed) > len(cart)/4 {
		t.Fatalf("%d bytes were packed to %d", len(cart), len(packed))
	}
	packed[0] ^= 0xff
	if got, err := compression.Unpack(packed); err == nil && bytes.Equal(got, cart) {
		t.Error("damage went unseen")
	}
}

func TestWhatGivesWayToItsPackedFormIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "piece")
		src := bytes.Repeat(piece, rapid.IntRange(0, 40).Draw(t, "times"))
		want, packs := compression.Append([]byte("head\x07"), src)
		got, ok := compression.Replace(append([]byte("head"), src...), 4, 7)
		if ok != packs {
			t.Fatalf("packed: %v, beside: %v", ok, packs)
		}
		if !ok {
			want = append([]byte("head"), src...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes became others than beside", len(src))
		}
	})
}
