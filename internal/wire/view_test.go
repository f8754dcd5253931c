package wire_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/wire"
)

// TestWhatIsDecodedIsNoViewOfTheBody: the body is read where it lies, and
// belongs to somebody else afterwards.
func TestWhatIsDecodedIsNoViewOfTheBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a cart":           string(benchmarkCart(3)),
		"many lines":       string(benchmarkCart(100)),
		"wrong types":      `{"order_amount":"ten","locale":7,"order_lines":[7,{"quantity":1.5,"name":[1]}],"customer":"x"}`,
		"escapes, numbers": `{"design":"\u00e5\u00e4","merchant_reference1":13,"order_amount":10.5,"custom_payment_method_ids":["a","b"]}`,
		"a long string":    `{"merchant_data":"` + string(bytes.Repeat([]byte("x"), 5000)) + `"}`,
		"malformed":        `{"design":"\ud800"}`,
		"a name twice":     `{"design":"a","design":"b"}`,
		"not begun":        `?`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, lent := []byte(body), []byte(body)
			want, wantErr := wire.DecodeRequest(kept)
			got, err := wire.DecodeRequest(lent)
			for i := range lent {
				lent[i] = '#'
			}
			for range 4 { // the decoder that was used is used again
				_, _ = wire.DecodeRequest([]byte(`{"purchase_country":"??","order_lines":[{"name":"?"}],"order_amount":"?"}`))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("changed with the body (-before +after):\n%s", diff)
			}
			if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Errorf("the error changed with the body: %v, before: %v", err, wantErr)
			}
		})
	}
}
