package openapi

import (
	_ "embed" // the documents
	"net/http"
	"strconv"
)

// The addresses of the documents. They are for everybody: nothing in them is secret.
const (
	Path         = "/kvitto/v1/openapi.json"
	PaymentsPath = "/kvitto/v1/payments/openapi.json"
)

// The documents are made of the YAML in source/ by
// `go test ./internal/openapi -run Assembled -update`.
var (
	//go:embed kvitto.json
	kvitto []byte
	//go:embed payments.json
	payments []byte
)

// Kvitto is the document of Kvitto's own API, JSON. Nobody may change it.
func Kvitto() []byte { return kvitto }

// Payments is the document of the Payments API, likewise.
func Payments() []byte { return payments }

// Serves tells whether a path is that of a document.
func Serves(path string) bool { return path == Path || path == PaymentsPath }

// Handler serves the documents. Pages of other servers may read them too: that is
// how an editor or a viewer of such documents comes to them.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, serve(kvitto))
	mux.HandleFunc("GET "+PaymentsPath, serve(payments))
	return mux
}

func serve(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(document)))
		h.Set("Cache-Control", "no-cache")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(document) // whoever has gone away misses it
	}
}
