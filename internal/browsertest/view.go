package browsertest

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// View is how a page is looked at.
type View struct {
	Width, Height int64 // CSS pixels; a height of 0 is 800
	Dark          bool  // the customer prefers dark colours
	ReducedMotion bool  // the customer prefers less motion
}

// Emulate looks at the page like that from now on.
func (p *Page) Emulate(v View) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	if v.Height == 0 {
		v.Height = 800
	}
	scheme, motion := "light", "no-preference"
	if v.Dark {
		scheme = "dark"
	}
	if v.ReducedMotion {
		motion = "reduce"
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: v.Width, Height: v.Height, DeviceScaleFactor: 1,
	})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
	}
	if err != nil {
		p.t.Fatalf("browsertest: emulate %+v: %v", v, err)
	}
}

// ScreenshotsEnv names the folder that gets the screenshots.
const ScreenshotsEnv = "KVITTO_SCREENSHOTS"

// Screenshot writes what the window shows to NAME.png in the folder that
// KVITTO_SCREENSHOTS names. Without it nothing is done.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	folder := os.Getenv(ScreenshotsEnv)
	if folder == "" {
		return
	}
	ctx, cancel := p.bounded()
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), shot.Data, 0o644)
	}
	if err != nil {
		p.t.Fatalf("browsertest: screenshot %s: %v", name, err)
	}
}

// Offline cuts the page from the network, or connects it again.
func (p *Page) Offline(offline bool) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	unlimited := -1.0
	_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: unlimited, UploadThroughput: unlimited}},
	})
	if err != nil {
		p.t.Fatalf("browsertest: offline: %v", err)
	}
}
