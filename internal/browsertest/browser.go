package browsertest

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// ErrMissing: Chromium is not installed.
var ErrMissing = errors.New("browsertest: Chromium is not installed: there is no chromium in the PATH and KVITTO_CHROMIUM " +
	"names none; install Debian's package chromium (as root: .ci/chromium)")

// Browser is a running Chromium.
type Browser struct {
	ctx   context.Context // chromedp's, of the whole browser
	close func()
}

// Flags are switches of Chromium without their dashes: {"host-resolver-rules":
// "MAP * 127.0.0.1"}. The value true is a switch without one, false takes a
// switch away.
type Flags map[string]any

// closeMax bounds how long a browser may take to end by itself.
const closeMax = 20 * time.Second

var shared struct {
	sync.Mutex
	browser *Browser
	err     error
}

// Main runs the tests of a package and ends the browser they shared. A package
// without it is left to the kernel, which kills the browser with the process.
//
// Tests wait for the browser more than they work, so at least four run at a time.
func Main(m *testing.M) (code int) {
	const parallelMin = 4
	flag.Parse()
	if runtime.GOMAXPROCS(0) < parallelMin && flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", strconv.Itoa(parallelMin)) // a number is right
	}
	code = m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.browser != nil {
		shared.browser.close()
	}
	return code
}

// sharedBrowser is the one of the test process.
func sharedBrowser(t testing.TB) *Browser {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.browser == nil && shared.err == nil {
		shared.browser, shared.err = launch(nil)
	}
	need(t, shared.err)
	return shared.browser
}

// Launch starts a browser of the test's own, for switches that others must not
// have. It ends with the test.
func Launch(t testing.TB, flags Flags) *Browser {
	t.Helper()
	b, err := launch(flags)
	need(t, err)
	t.Cleanup(b.close)
	return b
}

// need ends the test when the browser is missing: loudly skipped on a machine
// of a person, failed where CI is set.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("CI") == "":
		t.Skip("NOT TESTED: ", err)
	default:
		t.Fatal(err)
	}
}

// program is the path of Chromium.
func program() (string, error) {
	if named := os.Getenv("KVITTO_CHROMIUM"); named != "" {
		return named, nil
	}
	if found, err := exec.LookPath("chromium"); err == nil {
		return found, nil
	}
	return "", ErrMissing
}

// switches are those of every browser, beside the library's own.
var switches = Flags{
	"headless":                      "new",
	"disable-quic":                  true,
	"no-first-run":                  true,
	"disable-background-networking": true,
	"disable-component-update":      true,
	"disable-sync":                  true,
	// Popups are blocked outside of a click, as for a customer.
	"disable-popup-blocking": false,
	// Frames of other hosts stay in the page's process: one connection drives
	// them all, and clicks find them by their place in the window.
	// The parts of the browser's own surface that are pages are left out: nobody
	// sees them, and every window would start processes for them.
	"disable-features": "IsolateOrigins,site-per-process,OriginKeyedProcessesByDefault,Translate,MediaRouter,OptimizationHints," +
		"WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI,InitialWebUI,WebUIReloadButton",
	"disable-site-isolation-trials": true,
	// A page is tested as it is, whatever the machine's language is.
	"lang": "en-US",
}

func launch(flags Flags) (*Browser, error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.Flag("no-sandbox", true))
	}
	for _, set := range []Flags{switches, flags} {
		for name, value := range set {
			options = append(options, chromedp.Flag(name, value))
		}
	}
	// It serves all tests, whichever came first.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(quiet))
	end := func() {
		bounded, done := context.WithTimeout(ctx, closeMax)
		_ = chromedp.Cancel(bounded) // what it could not end, stop kills
		done()
		cancel()
		stop()
	}
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, errors.Join(errors.New("browsertest: "+path+" did not start"), err)
	}
	return &Browser{ctx: ctx, close: sync.OnceFunc(end)}, nil
}

// quiet drops the library's remarks on events it does not know: a browser may
// be newer than it.
func quiet(string, ...any) {}

// gone tells that what was asked of the page ended with the document it was
// asked of.
func gone(err error) bool {
	if err == nil {
		return false
	}
	for _, text := range []string{"context was destroyed", "Cannot find context", "uniqueContextId not found",
		"navigated or closed", "Cannot find default execution context", "Frame with the given id was not found"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
