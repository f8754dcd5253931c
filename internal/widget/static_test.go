package widget_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/widget"
)

// get answers one request with the headers name, value, name, value, ...
func get(t *testing.T, method, path string, headers ...string) *http.Response {
	t.Helper()
	static, err := widget.Static()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, pattern := range widget.StaticPatterns {
		mux.Handle(pattern, static)
	}
	request := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	return answer.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantHeaders(t *testing.T, got http.Header, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s: %q, wanted %q", name, got.Get(name), value)
		}
	}
}

func TestTheSDKIsForEveryPage(t *testing.T) {
	t.Parallel()
	answer := get(t, "GET", "/kp/lib/v1/api.js?1700000000000")
	if answer.StatusCode != 200 {
		t.Fatalf("status %d", answer.StatusCode)
	}
	wantHeaders(t, answer.Header, map[string]string{
		"Content-Type":                 "text/javascript; charset=utf-8",
		"Cache-Control":                "public, max-age=300",
		"Access-Control-Allow-Origin":  "*",
		"Cross-Origin-Resource-Policy": "cross-origin",
		"X-Content-Type-Options":       "nosniff",
		"Content-Encoding":             "",
		"Vary":                         "Accept-Encoding",
	})
	again := get(t, "GET", "/kp/lib/v1/api.js", "If-None-Match", answer.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("the same ETag gives %d", again.StatusCode)
	}
	if head := get(t, "HEAD", "/kp/lib/v1/api.js"); head.StatusCode != 200 || head.Header.Get("Etag") != answer.Header.Get("Etag") {
		t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
	}
}

func TestFilesAreSentCompressedToWhoeverAcceptsIt(t *testing.T) {
	t.Parallel()
	plain := get(t, "GET", "/kp/lib/v1/api.js")
	want := body(t, plain.Body)
	for accepted, compressed := range map[string]bool{
		"gzip, deflate, br": true, "br;q=1, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "br": false, "": false, "*": false,
	} {
		answer := get(t, "GET", "/kp/lib/v1/api.js", "Accept-Encoding", accepted)
		if got := answer.Header.Get("Content-Encoding") == "gzip"; got != compressed {
			t.Errorf("Accept-Encoding %q: compressed %v", accepted, got)
			continue
		}
		var text io.Reader = answer.Body
		if compressed {
			if answer.Header.Get("Etag") == plain.Header.Get("Etag") {
				t.Error("both forms have the same ETag")
			}
			unzipped, err := gzip.NewReader(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			text = unzipped
		}
		if body(t, text) != want {
			t.Errorf("Accept-Encoding %q: another content", accepted)
		}
	}
}

func TestThePagesMayBeFramedAndLoadOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/kp/widget.html", "/kp/flow.html", "/kp/terms.html"} {
		answer := get(t, "GET", page)
		if answer.StatusCode != 200 {
			t.Fatalf("%s: status %d", page, answer.StatusCode)
		}
		wantHeaders(t, answer.Header, map[string]string{
			"Content-Type": "text/html; charset=utf-8",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
				"base-uri 'none'; form-action 'none'; frame-ancestors *",
			"X-Content-Type-Options":      "nosniff",
			"Referrer-Policy":             "no-referrer",
			"Cache-Control":               "no-cache",
			"X-Frame-Options":             "",
			"Access-Control-Allow-Origin": "",
		})
		if policy := answer.Header.Get("Permissions-Policy"); !strings.Contains(policy, "camera=()") {
			t.Errorf("%s: Permissions-Policy %q", page, policy)
		}
	}
}

// TestThePagesFindTheirFiles follows every address in the pages, relative as
// they are, so that the pages work under any prefix.
func TestThePagesFindTheirFiles(t *testing.T) {
	t.Parallel()
	addresses := regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`)
	for _, page := range []string{"/kp/widget.html", "/kp/flow.html", "/kp/terms.html"} {
		found := addresses.FindAllStringSubmatch(body(t, get(t, "GET", page).Body), -1)
		if len(found) < 2 {
			t.Fatalf("%s has %d files, wanted a script and a style", page, len(found))
		}
		for _, match := range found {
			answer := get(t, "GET", "/kp/"+match[1])
			if answer.StatusCode != 200 {
				t.Errorf("%s: status %d", match[1], answer.StatusCode)
			}
			wantHeaders(t, answer.Header, map[string]string{
				"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
				"Cross-Origin-Resource-Policy": "same-origin",
			})
			if contentType := answer.Header.Get("Content-Type"); !strings.HasPrefix(contentType, "text/") {
				t.Errorf("%s: Content-Type %q", match[1], contentType)
			}
		}
	}
}

func TestUnknownFilesAreNotCached(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/kp/assets/", "/kp/assets/gone-12345678.js", "/kp/assets/../api.js", "/kp/assets/%2e%2e/api.js"} {
		answer := get(t, "GET", path)
		if answer.StatusCode == 200 || strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
	}
}
