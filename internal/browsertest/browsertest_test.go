package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// site serves pages by their path, and a frame of another origin that any page
// may show.
type site map[string]string

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, known := s[r.URL.Path]
	if !known {
		http.NotFound(w, r)
		return
	}
	kind := "text/html; charset=utf-8"
	if strings.HasSuffix(r.URL.Path, ".js") {
		kind = "text/javascript"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write([]byte("<!doctype html><html lang=en><title>" + r.URL.Path + "</title>" + text))
}

func serve(t *testing.T, s site) (url string) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	inner := serve(t, site{"/inner.html": `<p id=who>inner</p>`})
	outer := serve(t, site{"/": `<p id=who>outer</p><iframe name=box src="` + inner + `/inner.html"></iframe>`})
	page := browsertest.Open(t, outer)
	who := "document.getElementById('who').textContent"
	for name, in := range map[string]browsertest.Target{"outer": page, "inner": page.Frame("/inner.html")} {
		if got := browsertest.Eval[string](in, who); got != name {
			t.Errorf("in the %s document: %q", name, got)
		}
	}
	if got := browsertest.Eval[string](page.Frame("box"), who); got != "inner" {
		t.Errorf("by the frame's name: %q", got)
	}
	if got := browsertest.Eval[int](page, "async (a, b) => a + b", 1, 2); got != 3 {
		t.Errorf("a promise of 1 + 2 is %d", got)
	}
	page.Do("() => { window.later = new Promise((r) => setTimeout(() => { window.done = 'yes'; r() }, 100)) }", 0)
	if got := browsertest.Await[string](page, "window.done"); got != "yes" {
		t.Errorf("waited for %q", got)
	}
}

// TestWaitOutlivesNavigation: what is waited for may come with the next page.
func TestWaitOutlivesNavigation(t *testing.T) {
	t.Parallel()
	url := serve(t, site{"/": `<a id=next href=/next>next</a>`, "/next": `<p id=arrived>here</p>`})
	page := browsertest.Open(t, url)
	page.Click("#next")
	page.Wait("document.getElementById('arrived')")
	page.Back()
	page.Wait("document.getElementById('next')")
	page.Forward()
	page.Wait("document.getElementById('arrived')")
	page.Reload()
	page.Wait("document.getElementById('arrived')")
}

// TestClickInFrame: the mouse finds an element in a frame of another origin,
// below the fold, and the click lets the page open a window.
func TestClickInFrame(t *testing.T) {
	t.Parallel()
	inner := serve(t, site{"/inner.html": `<div style="height:600px"></div><button>press</button><p id=n></p>
<script>
let n = 0
document.querySelector('button').onclick = (e) => { document.getElementById('n').textContent = ++n + ' ' + e.isTrusted; open('/popup') }
</script>`, "/popup": `<p id=popup>popup</p><script>console.log('opened', 1)</script>`})
	outer := serve(t, site{"/": `<div style="height:1500px"></div><iframe style="border:20px solid;width:300px;height:200px" src="` + inner + `/inner.html"></iframe>`})
	page := browsertest.Open(t, outer)
	frame := page.Frame("inner.html")
	popup := page.Popup(func() { frame.Click("button") })
	popup.Wait("document.getElementById('popup')")
	if m := popup.WaitConsole("opened"); m.Kind != "log" || m.Text != "opened 1" {
		t.Errorf("the popup said %s", m)
	}
	if got := browsertest.Eval[string](frame, "document.getElementById('n').textContent"); got != "1 true" {
		t.Errorf("clicks and trust: %q", got)
	}
	popup.Do("window.close()")
	popup.WaitClosed()
	frame.DoubleClick("button")
	frame.Wait("document.getElementById('n').textContent === '3 true'")
}

func TestKeyboardAndFocus(t *testing.T) {
	t.Parallel()
	inner := serve(t, site{"/inner.html": `<button data-testid=deep aria-label="Deep button"></button>`})
	url := serve(t, site{"/": `<label for=a>First</label><input id=a><iframe src="` + inner + `/inner.html"></iframe><button id=last>Last one</button>
<script>window.keys = []; addEventListener('keydown', (e) => keys.push((e.shiftKey ? 'S' : '') + e.code))</script>`})
	page := browsertest.Open(t, url)
	page.Type("#a", "gone")
	page.Type("#a", "Åsa & co")
	if got := browsertest.Eval[string](page, "document.getElementById('a').value"); got != "Åsa & co" {
		t.Errorf("typed %q", got)
	}
	var visited []string
	for _, key := range []string{"Shift+Home", "Tab", "Tab", "Shift+Tab", "Shift+Tab"} {
		page.Press(key)
		f := page.Focused()
		visited = append(visited, f.Tag+" "+f.Name+" "+f.TestID)
	}
	want := []string{"input First ", "button Deep button deep", "button Last one ", "button Deep button deep", "input First "}
	if fmt.Sprint(visited) != fmt.Sprint(want) {
		t.Errorf("focus went %q, want %q", visited, want)
	}
	page.Press("Enter", "Escape", "Space", "ArrowDown")
	page.Keys("aB")
	page.Wait("keys.slice(-6).join() === 'Enter,Escape,Space,ArrowDown,KeyA,SKeyB'")
}

func TestViews(t *testing.T) {
	t.Parallel()
	page := browsertest.Open(t, serve(t, site{"/": `hello`}))
	state := `innerWidth + ' ' + matchMedia('(prefers-color-scheme: dark)').matches + ' ' + matchMedia('(prefers-reduced-motion: reduce)').matches`
	for want, view := range map[string]browsertest.View{
		"360 true true":    {Width: 360, Dark: true, ReducedMotion: true},
		"1280 false false": {Width: 1280},
	} {
		page.Emulate(view)
		if got := browsertest.Eval[string](page, state); got != want {
			t.Errorf("%+v looks like %q", view, got)
		}
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	page := browsertest.Open(t, serve(t, site{"/": `hello`}))
	fetched := "fetch('/').then(() => 'reached', () => 'cut')"
	for _, want := range []string{"reached", "cut", "reached"} {
		page.Offline(want == "cut")
		if got := browsertest.Eval[string](page, fetched); got != want {
			t.Errorf("the network is %q, want %q", got, want)
		}
	}
}

func TestTabsShareAndPagesDoNot(t *testing.T) {
	t.Parallel()
	url := serve(t, site{"/": `hello`})
	page := browsertest.Open(t, url)
	page.Do("localStorage.setItem('mine', '1')")
	stored := "localStorage.getItem('mine') ?? 'nothing'"
	if got := browsertest.Eval[string](page.Tab(url), stored); got != "1" {
		t.Errorf("another tab reads %q", got)
	}
	if got := browsertest.Eval[string](browsertest.Open(t, url), stored); got != "nothing" {
		t.Errorf("another test reads %q", got)
	}
}

func TestAxeFindsFaults(t *testing.T) {
	t.Parallel()
	inner := serve(t, site{"/inner.html": `<main><img src="x.png"></main>`})
	page := browsertest.Open(t, serve(t, site{"/": `<main><h1>Fine</h1><iframe title=inner src="` + inner + `/inner.html"></iframe></main>`}))
	faults := page.Faults()
	if len(faults) != 1 || faults[0].Rule != "image-alt" || !strings.Contains(faults[0].URL, "inner.html") {
		t.Errorf("the faults are %v", faults)
	}
	if got := browsertest.Eval[string](page, "typeof window.axe"); got != "undefined" {
		t.Error("the page can see the library")
	}
}

// TestLaunchedBrowserHasItsFlags: a name that no resolver knows leads here.
func TestLaunchedBrowserHasItsFlags(t *testing.T) {
	t.Parallel()
	url := serve(t, site{"/": `<p id=x>named</p>`})
	own := browsertest.Launch(t, browsertest.Flags{"host-resolver-rules": "MAP shop.example " + strings.TrimPrefix(url, "http://")})
	page := own.Open(t, "http://shop.example/")
	if got := browsertest.Eval[string](page, "location.host + document.getElementById('x').textContent"); got != "shop.examplenamed" {
		t.Errorf("there is %q", got)
	}
}

func TestUncaughtErrorsAreExpectedOrFatal(t *testing.T) {
	t.Parallel()
	page := browsertest.Open(t, serve(t, site{"/": `<meta http-equiv=content-security-policy content="img-src 'none'">
<img src=/x.png alt=x><script>Promise.reject(new TypeError('nobody catches')); null.x</script>`}))
	for _, text := range []string{"nobody catches", "null", "violates the following Content Security Policy"} {
		page.Expect(text)
		page.WaitConsole(text)
	}
	var kinds []string
	for _, m := range page.Console() {
		kinds = append(kinds, m.Kind)
	}
	if got := strings.Join(kinds, " "); strings.Count(got, "uncaught") != 2 || !strings.Contains(got, "security") {
		t.Errorf("the console has %v", page.Console())
	}
}

// TestScreenshot is alone: the environment belongs to the process.
func TestScreenshot(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(browsertest.ScreenshotsEnv, folder)
	page := browsertest.Open(t, serve(t, site{"/": `hello`}))
	page.Screenshot("hello")
	image, err := os.ReadFile(filepath.Join(folder, "hello.png"))
	if err != nil || !strings.HasPrefix(string(image), "\x89PNG") {
		t.Errorf("the screenshot: %v, %d bytes", err, len(image))
	}
}
