package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Document is what a page or a frame in it shows. It means the same place when
// another document is loaded there.
type Document struct {
	page  *Page
	match string // of its address or name; empty for the page's own
}

// Target is a *Page or a *Document.
type Target interface{ document() *Document }

func (d *Document) document() *Document { return d }

// Frame is the first frame in the page whose name is match or whose address
// contains it. It need not be there yet.
func (p *Page) Frame(match string) *Document { return &Document{page: p, match: match} }

// info is a frame as the browser lists it.
type info struct {
	id        cdp.FrameID
	name, url string
}

// frames lists all frames of the page, the page's own first.
func (p *Page) frames(ctx context.Context) ([]info, error) {
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	var all []info
	var walk func(*page.FrameTree)
	walk = func(t *page.FrameTree) {
		all = append(all, info{t.Frame.ID, t.Frame.Name, t.Frame.URL + t.Frame.URLFragment})
		for _, child := range t.ChildFrames {
			walk(child)
		}
	}
	walk(tree.FrameTree)
	return all, nil
}

func (d *Document) is(i info) bool { return i.name == d.match || strings.Contains(i.url, d.match) }

// script is the id of the frame's document for the evaluation of scripts. It
// waits until there is one.
func (d *Document) script(ctx context.Context) (unique string, err error) {
	for {
		changed := d.page.change()
		all, err := d.page.frames(ctx)
		if err != nil && !gone(err) {
			return "", err
		}
		for i, candidate := range all {
			if d.match == "" && i > 0 || d.match != "" && !d.is(candidate) {
				continue
			}
			if unique := d.page.running(candidate.id); unique != "" {
				return unique, nil
			}
		}
		if wait(ctx, changed); ctx.Err() != nil {
			return "", fmt.Errorf("no document of %s; there are %v", d, all)
		}
	}
}

func (d *Document) String() string {
	if d.match == "" {
		return "the page"
	}
	return "frame " + d.match
}

// change is closed when the next document starts or ends.
func (p *Page) change() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

func (p *Page) running(id cdp.FrameID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.contexts[id]
}

// evaluate runs an expression in the frame's document, waits for its promise,
// and returns its value as JSON; nil is undefined.
func (d *Document) evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	result, err := d.run(ctx, expression, true)
	if err != nil {
		return nil, err
	}
	if result.UnserializableValue != "" {
		return nil, fmt.Errorf("the value is %s", result.UnserializableValue)
	}
	return json.RawMessage(result.Value), nil
}

func (d *Document) run(ctx context.Context, expression string, byValue bool) (*runtime.RemoteObject, error) {
	unique, err := d.script(ctx)
	if err != nil {
		return nil, err
	}
	yes := true
	answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, UniqueContextID: unique, ReturnByValue: &byValue, AwaitPromise: &yes,
	})
	if err != nil {
		return nil, err
	}
	if e := answer.ExceptionDetails; e != nil {
		return nil, fmt.Errorf("%s", thrown(e))
	}
	return answer.Result, nil
}

// Eval runs an expression, waits for its promise if it is one, and returns its
// value. With arguments the expression must be a function, which gets them:
//
//	n := browsertest.Eval[int](page, "(a, b) => a + b", 1, 2)
func Eval[T any](in Target, expression string, args ...any) (value T) {
	d := in.document()
	t := d.page.t
	t.Helper()
	ctx, cancel := d.page.bounded()
	defer cancel()
	text, err := d.evaluate(ctx, called(t.Fatalf, expression, args))
	if err == nil && text != nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatalf("browsertest: %s: %s\n%v", d, expression, err)
	}
	return value
}

// Do runs an expression, waits for its promise if it is one, and drops its value.
func (d *Document) Do(expression string, args ...any) {
	d.page.t.Helper()
	ctx, cancel := d.page.bounded()
	defer cancel()
	dropped := "(async () => { await (" + called(d.page.t.Fatalf, expression, args) + ") })()"
	if _, err := d.evaluate(ctx, dropped); err != nil {
		d.page.t.Fatalf("browsertest: %s: %s\n%v", d, expression, err)
	}
}

func called(fatalf func(string, ...any), expression string, args []any) string {
	if len(args) == 0 {
		return expression
	}
	texts := make([]string, len(args))
	for i, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			fatalf("browsertest: argument %d: %v", i, err)
		}
		texts[i] = string(text)
	}
	return "(" + expression + ")(" + strings.Join(texts, ", ") + ")"
}

// Wait waits until the expression, or its promise, is true. What it throws
// counts as not true yet.
func (d *Document) Wait(expression string, args ...any) {
	d.page.t.Helper()
	_ = Await[json.RawMessage](d, expression, args...)
}

// Await waits until the value of the expression, or of its promise, is true in
// the sense of JavaScript, and returns it.
func Await[T any](in Target, expression string, args ...any) (value T) {
	d := in.document()
	t := d.page.t
	t.Helper()
	ctx, cancel := d.page.bounded()
	defer cancel()
	text, err := d.await(ctx, called(t.Fatalf, expression, args))
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatalf("browsertest: %s: waited for %s\n%v", d, expression, err)
	}
	return value
}

// look is a slice of a wait in the page: it looks again and again for a second
// and then reports, so that a document which ends meanwhile costs no more.
const look = `(async () => {
  const end = performance.now() + 1000
  for (;;) {
    let value, problem = ''
    try { value = await (%s) } catch (thrown) { problem = String(thrown) }
    if (value) return {value}
    if (performance.now() > end) return {problem, last: String(JSON.stringify(value)).slice(0, 1000)}
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
})()`

func (d *Document) await(ctx context.Context, expression string) (json.RawMessage, error) {
	const slice = 5 * time.Second // a frozen document answers never
	last := "nothing was seen"
	for {
		var seen struct {
			Value         json.RawMessage
			Problem, Last string
		}
		part, cancel := context.WithTimeout(ctx, slice)
		text, err := d.evaluate(part, fmt.Sprintf(look, expression))
		stuck := part.Err() != nil
		cancel()
		switch {
		case err == nil:
			if err := json.Unmarshal(text, &seen); err != nil {
				return nil, err
			}
			if seen.Value != nil {
				return seen.Value, nil
			}
			last = "the last value was " + seen.Last
			if seen.Problem != "" {
				last = "at last it threw " + seen.Problem
			}
		case gone(err) || stuck:
			last = err.Error()
			if stuck {
				d.page.front(ctx)
			}
		default:
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("not within %s: %s", patience, last)
		}
	}
}

// front uncovers the window: one that Chromium takes for covered draws nothing and
// handles no events.
func (p *Page) front(ctx context.Context) {
	if _, err := chromedp.Call(ctx, page.BringToFront, cdp.Empty{}); err != nil && ctx.Err() == nil && !p.ended(err) {
		p.t.Fatalf("browsertest: to the front: %v", err)
	}
}
