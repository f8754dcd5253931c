package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axePackage judges the accessibility of documents.
const axePackage = "axe-core@4.14.1"

// Fault is a breach of an accessibility rule.
type Fault struct {
	URL    string   `json:"url"` // of the document
	Rule   string   `json:"rule"`
	Impact string   `json:"impact"` // serious or critical
	Help   string   `json:"help"`
	Where  []string `json:"where"` // the elements, with what is wrong
}

func (f Fault) String() string {
	return fmt.Sprintf("%s (%s): %s in %s\n    %s", f.Rule, f.Impact, f.Help, f.URL, strings.Join(f.Where, "\n    "))
}

const judged = `(async () => {
  const shown = innerWidth > 0 && innerHeight > 0
  if (!shown) return []
  const found = await axe.run(document, {iframes: false, resultTypes: ['violations']})
  return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => ({
    url: location.href, rule: v.id, impact: v.impact, help: v.help,
    where: v.nodes.map((n) => n.html.slice(0, 200) + ' - ' + (n.failureSummary ?? '').replace(/\s+/g, ' ')),
  }))
})()`

// Axe fails the test for each serious fault of accessibility in the page and
// the frames that are shown in it. What names the state of the page.
func (p *Page) Axe(what string) {
	p.t.Helper()
	for _, fault := range p.Faults() {
		p.t.Errorf("%s: accessibility: %s", what, fault)
	}
}

// Faults are the serious faults of accessibility in the page and its frames.
func (p *Page) Faults() (faults []Fault) {
	p.t.Helper()
	script := axe(p.t)
	ctx, cancel := p.bounded()
	defer cancel()
	all, err := p.frames(ctx)
	if err != nil {
		p.t.Fatalf("browsertest: axe: %v", err)
	}
	yes := true
	for _, frame := range all {
		// A world of its own leaves the page's names alone.
		world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame.id, WorldName: "axe"})
		if gone(err) {
			continue // the frame went away since it was listed
		}
		for _, step := range []string{script, judged} {
			if err != nil {
				break
			}
			var answer runtime.EvaluateResult
			answer, err = chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
				Expression: step, ContextID: world.ExecutionContextID, AwaitPromise: &yes, ReturnByValue: &yes,
			})
			if err == nil && answer.ExceptionDetails != nil {
				err = fmt.Errorf("%s", thrown(answer.ExceptionDetails))
			}
			if err == nil && step == judged {
				var found []Fault
				err = json.Unmarshal(answer.Result.Value, &found)
				faults = append(faults, found...)
			}
		}
		if err != nil {
			p.t.Fatalf("browsertest: axe in %s: %v", frame.url, err)
		}
	}
	return faults
}

func axe(t testing.TB) (script string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(NPM(t, axePackage), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n;0" // its own value is of no use
}
