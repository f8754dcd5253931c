package browser_test

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
)

//go:embed testdata/shop
var shopFiles embed.FS

// newShopServer serves the shop's page on another site than the origins of the
// payment server, the first of which has the script: its address says localhost. The page has the policy of a
// careful shop, which admits the payment server, a frame of a stranger, and
// nothing inline. /none is the page without the SDK, /twice has it two times.
func newShopServer(origins ...string) *httptest.Server {
	files, err := fs.Sub(shopFiles, "testdata/shop")
	if err != nil {
		panic(err) // the folder is embedded
	}
	page := template.Must(template.ParseFS(files, "shop.html"))
	admitted := strings.Join(origins, " ")
	sdk := origins[0] + "/kp/lib/v1/api.js"
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	stranger := "http://" + server.Listener.Addr().String()
	mux.Handle("GET /", http.FileServerFS(files))
	for path, scripts := range map[string][]string{"/once": {sdk}, "/none": nil, "/twice": {sdk, sdk + "?1700000000000"}} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self' "+admitted+"; style-src 'self'; img-src 'self' data: "+admitted+
				"; frame-src "+admitted+" "+stranger+"; connect-src "+admitted+"; base-uri 'none'; form-action 'none'")
			if err := page.Execute(w, map[string]any{"Scripts": scripts}); err != nil {
				panic(http.ErrAbortHandler)
			}
		})
	}
	server.Start()
	server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	return server
}
