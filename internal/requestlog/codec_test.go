package requestlog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anyExchange(t *rapid.T) Exchange {
	text := rapid.String()
	body := rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOf(rapid.ByteRange('x', 'z'))) // no secrets
	e := Exchange{
		CorrelationID: text.Draw(t, "correlation id"), MerchantID: text.Draw(t, "merchant"), Method: text.Draw(t, "method"),
		Path: text.Draw(t, "path"), Operation: text.Draw(t, "operation"), SessionID: text.Draw(t, "session"),
		OrderID: text.Draw(t, "order"), AuthorizationToken: text.Draw(t, "token"),
		Status: rapid.IntRange(100, 599).Draw(t, "status"), Duration: time.Duration(rapid.Int64().Draw(t, "duration")),
		RequestBody: body.Draw(t, "request"), ResponseBody: body.Draw(t, "response"), Shed: rapid.Bool().Draw(t, "shed"),
	}
	if rapid.Bool().Draw(t, "timed") {
		e.At = time.Unix(0, rapid.Int64().Draw(t, "at")).UTC()
	}
	return e
}

func everything(*names) bool { return true }

func TestWhatIsEncodedComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(anyExchange)).Draw(t, "exchanges")
		var data []byte
		for i := range want {
			data = plainly().appendExchange(data, &want[i], "")
		}
		got := []Exchange{}
		more, err := search(data, false, everything, nil, func(e Exchange) bool {
			got = append(got, e)
			return true
		})
		if err != nil || !more {
			t.Fatalf("search: %v, %v", more, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-encoded +decoded):\n%s", diff)
		}
	})
}

// FuzzSearch holds that damaged data is an error or other exchanges, and never
// ends the process.
func FuzzSearch(f *testing.F) {
	e := fullRefusal()
	data := plainly().appendExchange(nil, &e, `{"code":"BAD_VALUE"}`)
	f.Add(data, false)
	f.Add(data[:len(data)-1], false)
	f.Add(append(append([]byte{}, data...), 1), false)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1}, false)
	f.Add(data, true)
	f.Fuzz(func(t *testing.T, data []byte, packed bool) {
		total := 0
		_, err := search(data, packed, everything, nil, func(e Exchange) bool {
			total += len(e.CorrelationID) + len(e.RequestBody) + len(e.ResponseBody)
			return true
		})
		if !packed && (total > len(data) || err == nil && 0 < len(data) && len(data) < lengthSize) {
			t.Errorf("%d bytes were decoded from %d: %v", total, len(data), err)
		}
	})
}

// What a later version stores is not taken for something else.
func TestUnknownFlagsAreRefused(t *testing.T) {
	t.Parallel()
	e := success("c1")
	data := plainly().appendExchange(nil, &e, "")
	data[lengthSize+1+len("c1")] |= knownFlags + 1
	if _, err := search(data, false, everything, nil, func(Exchange) bool { return true }); err == nil {
		t.Error("an exchange with an unknown flag was decoded")
	}
}
