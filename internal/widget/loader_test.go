package widget_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestTheLoaderOfTheNPMPackage loads once, and again after a failure.
func TestTheLoaderOfTheNPMPackage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Shop</title>"))
	})
	mux.HandleFunc("/index.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "../../web/npm/index.js") })
	mux.HandleFunc("/empty.js", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/javascript") })
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	page := browsertest.Open(t, site.URL)
	got := browsertest.Eval[[]any](page, `async (url) => {
		const {loadKlarnaPayments} = await import('/index.js'), seen = []
		const fail = (address) => loadKlarnaPayments(address).then(() => 'loaded', (error) => error.message.split(' ').slice(1).join(' '))
		seen.push(await fail("http://127.0.0.1:1/none.js"), await fail('/empty.js'))
		const [first, second] = [loadKlarnaPayments(url), loadKlarnaPayments(url)]
		seen.push(await first === Klarna.Payments, await second === Klarna.Payments, document.scripts.length)
		seen.push(await loadKlarnaPayments(url + '?later') === Klarna.Payments, document.scripts.length)
		return seen
	}`, f.URL+"/kp/lib/v1/api.js")
	want := []any{"could not be loaded.", "did not define Klarna.Payments.", true, true, 1.0, true, 1.0}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d: %v, wanted %v", i, got[i], want[i])
		}
	}
}
