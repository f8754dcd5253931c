package browsertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait. It is far above what a busy machine needs.
const patience = 30 * time.Second

// Page is a tab or a popup. What it can do as a document it has from Document.
type Page struct {
	Document // its own

	t       testing.TB
	browser *Browser
	ctx     context.Context // chromedp's, of the tab
	close   func()

	mu       sync.Mutex
	contexts map[cdp.FrameID]string // the running document of each frame
	changed  chan struct{}          // closed when contexts changes
	messages []Message
	expected []string
}

// Open opens an address in a window of the shared browser, with cookies and
// storage of its own, and waits until it is loaded. It closes with the test.
func Open(t testing.TB, url string) *Page {
	t.Helper()
	return sharedBrowser(t).Open(t, url)
}

// Open opens an address in this browser.
func (b *Browser) Open(t testing.TB, url string) *Page {
	t.Helper()
	p := attach(t, b, chromedp.WithNewBrowserContext())
	p.Open(url)
	return p
}

// Tab opens an address in another tab beside this one, which shares cookies and
// storage with it.
func (p *Page) Tab(url string) *Page {
	p.t.Helper()
	own := chromedp.FromContext(p.ctx).BrowserContextID
	other := attach(p.t, p.browser, chromedp.WithExistingBrowserContext(own))
	other.Open(url)
	return other
}

func attach(t testing.TB, b *Browser, option chromedp.ContextOption) *Page {
	t.Helper()
	p := &Page{t: t, browser: b, contexts: map[cdp.FrameID]string{}, changed: make(chan struct{})}
	p.Document = Document{page: p}
	p.ctx, p.close = chromedp.NewContext(b.ctx, option, chromedp.WithListener(p.hear))
	t.Cleanup(func() {
		p.judge()
		if t.Failed() {
			p.tell()
		}
		p.close()
	})
	if err := chromedp.Do(p.ctx); err != nil {
		t.Fatalf("browsertest: no new tab: %v", err)
	}
	// Windows of parallel tests take the focus from each other otherwise.
	if _, err := chromedp.Call(p.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("browsertest: %v", err)
	}
	return p
}

// bounded is the page's context with the patience of one step.
func (p *Page) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.ctx, patience)
}

// Open goes to an address and waits until the page is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("browsertest: open %s: %v", url, err)
	}
}

// Reload loads the page again and waits until it is loaded.
func (p *Page) Reload() {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
		p.t.Fatalf("browsertest: reload: %v", err)
	}
}

// Back does what the browser's button does. It returns when the other page is
// shown, whether from the network or as it was left.
func (p *Page) Back() {
	p.t.Helper()
	p.travel(-1)
}

// Forward does what the browser's button does.
func (p *Page) Forward() {
	p.t.Helper()
	p.travel(1)
}

func (p *Page) travel(by int64) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	history, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		p.t.Fatalf("browsertest: history: %v", err)
	}
	goal := history.CurrentIndex + by
	if goal < 0 || goal >= int64(len(history.Entries)) {
		p.t.Fatalf("browsertest: the history has no page %+d from here", by)
	}
	entry := page.NavigateToHistoryEntryParams{EntryID: history.Entries[goal].ID}
	if _, err := chromedp.Call(ctx, page.NavigateToHistoryEntry, entry); err != nil {
		p.t.Fatalf("browsertest: history: %v", err)
	}
	for {
		changed := p.change()
		history, err = chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			p.t.Fatalf("browsertest: history: %v", err)
		}
		if history.CurrentIndex == goal {
			break
		}
		wait(ctx, changed)
	}
	p.Wait("document.readyState === 'complete'")
}

// Popup does act and returns the window that the page opens by it.
func (p *Page) Popup(act func()) *Page {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	own := chromedp.FromContext(p.ctx).Target.TargetID
	opened := chromedp.WaitNewTarget(ctx, func(i *target.Info) bool { return i.Type == "page" && i.OpenerID == own })
	act()
	select {
	case id := <-opened:
		return attach(p.t, p.browser, chromedp.WithTargetID(id))
	case <-ctx.Done():
		p.t.Fatal("browsertest: no window was opened")
		return nil
	}
}

// Close closes the window, as its button does.
func (p *Page) Close() { p.close() }

// WaitClosed waits until the page has closed its window itself.
func (p *Page) WaitClosed() {
	p.t.Helper()
	closed, err := chromedp.Detached(p.ctx)
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
	select {
	case <-closed:
	case <-time.After(patience):
		p.t.Fatal("browsertest: the window was not closed")
	}
}

// wait returns when changed is closed, the context ends, or it is time to look
// again at what no event tells.
func wait(ctx context.Context, changed <-chan struct{}) {
	const again = 50 * time.Millisecond
	timer := time.NewTimer(again)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}
