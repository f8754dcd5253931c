package signin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSigningInLeadsToThePortalOnly(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/portal/": "/portal/", "/portal/logs?q=a+b&status=4xx": "/portal/logs?q=a+b&status=4xx", "/portal/exchanges/x#y": "/portal/exchanges/x",
		"": "/portal/", "/": "/portal/", "/portal": "/portal/", "/portalx/": "/portal/", "//evil.example/portal/": "/portal/", "https://evil.example/portal/": "/portal/",
		`/\evil.example`: "/portal/", `/portal/\..\..`: "/portal/", "/portal/../kp/": "/portal/", "/portal/../../x": "/portal/", "javascript:alert(1)": "/portal/",
		"/portal/\r\nSet-Cookie: a=b": "/portal/", "http:/portal/": "/portal/", "//user@evil.example/portal/": "/portal/", "%2f%2fevil.example": "/portal/", "/portal/%zz": "/portal/",
	} {
		if got := safeNext(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// TestAQRCodeHasNothingOfTheText but its squares: it is put into a page as it is.
func TestAQRCodeHasNothingOfTheText(t *testing.T) {
	t.Parallel()
	drawn, err := drawQR(`otpauth://totp/"><script>alert(1)</script>`)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(drawn); strings.Contains(text, "script") || !strings.HasPrefix(text, `<svg class="qr" viewBox="0 0 `) || strings.Count(text, "h1v1h-1z") < 100 {
		t.Errorf("%.200s", text)
	}
	if _, err := drawQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that no code holds was drawn")
	}
}

// TestAFormIsReadFirst: who sent it is asked when all of it has arrived.
func TestAFormIsReadFirst(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/portal/people", strings.NewReader("role=admin"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked := ""
	(&SignIn{}).answering(func(_ http.ResponseWriter, r *http.Request) error { asked = r.PostForm.Get("role"); return nil }).ServeHTTP(httptest.NewRecorder(), r)
	if asked != "admin" {
		t.Errorf("the form says %q when the handler begins", asked)
	}
}
