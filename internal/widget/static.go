package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed dist
var dist embed.FS

// pagePolicy lets a page load its own files and talk to its own server, and
// nothing else. Every site may frame it: shops are everywhere.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors *"

// devices are what no page of ours has a use for.
const devices = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

const (
	sdkCache   = "public, max-age=300" // its address never changes
	pageCache  = "no-cache"            // asked for again, answered 304
	assetCache = "public, max-age=31536000, immutable"
)

// StaticPatterns are the addresses that Static answers.
var StaticPatterns = []string{"GET /kp/lib/v1/api.js", "GET /kp/widget.html", "GET /kp/flow.html", "GET /kp/terms.html", "GET /kp/assets/"}

// file is a file of dist as it is sent.
type file struct {
	content     []byte
	zipped      func() []byte // made at first use: a start does not wait for it
	contentType string
	tag         string
	header      map[string]string
}

// Static serves the SDK, the pages and their files. It fails when a file cannot
// be prepared, which no file that was built does.
func Static() (http.Handler, error) {
	files := map[string]*file{}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "dist/")
		files[address(name)] = prepare(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the files of the browser: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := files[r.URL.Path]
		if f == nil {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		f.serve(w, r)
	}), nil
}

// address is the path of a file of dist.
func address(name string) string {
	if name == "api.js" {
		return "/kp/lib/v1/api.js"
	}
	return "/kp/" + name
}

// zip cannot fail: the level is one there is, and memory takes everything.
func zip(content []byte) []byte {
	var zipped bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	_, _ = writer.Write(content)
	_ = writer.Close()
	return zipped.Bytes()
}

func prepare(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	f := &file{
		content: content, zipped: sync.OnceValue(func() []byte { return zip(content) }),
		contentType: contentType(name),
		tag:         base64.RawURLEncoding.EncodeToString(sum[:12]),
		header:      map[string]string{"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"},
	}
	switch {
	case name == "api.js":
		f.header["Cache-Control"] = sdkCache
		f.header["Access-Control-Allow-Origin"] = "*"
		f.header["Cross-Origin-Resource-Policy"] = "cross-origin"
	case path.Ext(name) == ".html":
		f.header["Cache-Control"] = pageCache
		f.header["Content-Security-Policy"] = pagePolicy
		f.header["Permissions-Policy"] = devices
		f.header["Referrer-Policy"] = "no-referrer"
		f.header["Cross-Origin-Embedder-Policy"] = "require-corp" // else a page that has it cannot frame ours
		f.header["Cross-Origin-Resource-Policy"] = "cross-origin"
	default:
		f.header["Cache-Control"] = assetCache
		f.header["Cross-Origin-Resource-Policy"] = "same-origin"
	}
	return f
}

// contentType does not ask the machine's tables for what browsers insist on.
func contentType(name string) string {
	switch extension := path.Ext(name); extension {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json":
		return "application/json"
	default:
		return mime.TypeByExtension(extension)
	}
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for name, value := range f.header {
		header.Set(name, value)
	}
	header.Set("Content-Type", f.contentType)
	body, tag := f.content, f.tag
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = f.zipped(), f.tag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Etag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding; a quality of zero is a no.
func acceptsGzip(accepted string) bool {
	for offer := range strings.SplitSeq(accepted, ",") {
		coding, parameters, _ := strings.Cut(strings.TrimSpace(offer), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			quality := strings.TrimRight(strings.ReplaceAll(parameters, " ", ""), "0")
			return quality != "q=" && quality != "q=0."
		}
	}
	return false
}
