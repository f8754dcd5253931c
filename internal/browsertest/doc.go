// Package browsertest drives a real Chromium in tests: pages, frames, the
// mouse, the keyboard, the network, accessibility.
//
//	func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
//
//	page := browsertest.Open(t, server.URL+"/shop")
//	page.Click("#buy")
//	flow := page.Frame("/flow.html")
//	flow.Type("[name=login]", "customer@email.se")
//	page.Press("Enter")
//	page.Wait("window.result !== undefined")
//	approved := browsertest.Eval[bool](page, "result.approved")
//
// The browser is Debian's package chromium, or the program in KVITTO_CHROMIUM.
// One process serves a test binary; each Open has cookies, storage and a window
// of its own, so that tests run in parallel. Without Chromium a test is skipped
// loudly, or fails where CI is set.
//
// Nothing sleeps: everything waits for a condition in the page, until it holds
// or the patience of half a minute ends, and then says what was there instead. Every
// method fails the test instead of returning an error, so it must be called from
// the test's goroutine.
//
// A page that throws an error which nobody catches, or breaks its content
// security policy, fails its test, unless Page.Expect said so.
//
// The package owns the browser's life and how a page is driven. It must not
// know: Kvitto's pages, or what is right on them.
package browsertest
