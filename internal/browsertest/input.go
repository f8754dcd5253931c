package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// reachable is true when an element can be clicked: it is there, shown,
// enabled, at rest, and nothing lies over its middle.
const reachable = `async (selector) => {
  const element = document.querySelector(selector)
  if (!element) throw 'no element matches'
  if (element.matches(':disabled')) throw 'it is disabled'
  element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'})
  const place = () => element.getBoundingClientRect()
  const before = place()
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  const after = place()
  if (!element.checkVisibility({visibilityProperty: true}) || after.width === 0 || after.height === 0) throw 'it is not visible'
  if (before.x !== after.x || before.y !== after.y || before.width !== after.width) throw 'it is moving'
  const top = document.elementFromPoint(after.x + after.width / 2, after.y + after.height / 2)
  const labels = [element, ...(element.labels ?? [])]
  if (!top || !labels.some((l) => l.contains(top) || top.contains(l))) throw 'it is covered by ' + (top ? top.outerHTML.slice(0, 200) : 'nothing')
  return true
}`

// Click waits until the first element that matches the selector can be clicked,
// moves the mouse to its middle and clicks, as a customer does.
func (d *Document) Click(selector string) {
	d.page.t.Helper()
	d.click(selector, 1)
}

// DoubleClick clicks twice at once.
func (d *Document) DoubleClick(selector string) {
	d.page.t.Helper()
	d.click(selector, 2)
}

func (d *Document) click(selector string, times int64) {
	d.page.t.Helper()
	d.Wait(reachable, selector)
	ctx, cancel := d.page.bounded()
	defer cancel()
	x, y, err := d.middle(ctx, selector)
	if err != nil {
		d.page.t.Fatalf("browsertest: %s: click %s: %v", d, selector, err)
	}
	events := []input.DispatchMouseEventParams{{Type: chromedp.MouseMoved, X: x, Y: y}}
	for n := range times {
		event := input.DispatchMouseEventParams{Type: chromedp.MousePressed, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: n + 1}
		events = append(events, event)
		event.Type, event.Buttons = chromedp.MouseReleased, 0
		events = append(events, event)
	}
	for _, event := range events {
		if _, err := chromedp.Call(ctx, input.DispatchMouseEvent, event); err != nil && !d.page.ended(err) {
			d.page.t.Fatalf("browsertest: %s: click %s: %v", d, selector, err)
		}
	}
}

// ended tells that a window closed under an event, which may be its effect.
func (p *Page) ended(err error) bool { return errors.Is(err, chromedp.ErrTargetDetached) }

// middle is where an element is in the window, whatever frame it is in.
func (d *Document) middle(ctx context.Context, selector string) (x, y float64, err error) {
	object, err := d.run(ctx, called(d.page.t.Fatalf, "(s) => document.querySelector(s)", []any{selector}), false)
	if err != nil {
		return 0, 0, err
	}
	found, err := chromedp.Call(ctx, dom.GetContentQuads, dom.GetContentQuadsParams{ObjectID: object.ObjectID})
	if err != nil {
		return 0, 0, err
	}
	if len(found.Quads) == 0 || len(found.Quads[0]) != 8 {
		return 0, 0, errors.New("it has no place on the page")
	}
	q := found.Quads[0]
	return (q[0] + q[2] + q[4] + q[6]) / 4, (q[1] + q[3] + q[5] + q[7]) / 4, nil
}

// Type clicks on a field and replaces what is in it, in one go as an on-screen
// keyboard does. Page.Keys types key by key.
func (d *Document) Type(selector, text string) {
	d.page.t.Helper()
	d.Click(selector)
	d.Do("(s) => document.querySelector(s).select?.()", selector)
	if text == "" {
		d.page.Press("Delete")
		return
	}
	ctx, cancel := d.page.bounded()
	defer cancel()
	if _, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		d.page.t.Fatalf("browsertest: %s: type into %s: %v", d, selector, err)
	}
}

// keys are the names that Press takes, beside single characters.
var keys = map[string]string{
	"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace, "Delete": kb.Delete,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown,
}

var modifiers = map[string]chromedp.Modifier{
	"Shift": chromedp.ModifierShift, "Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt, "Meta": chromedp.ModifierMeta,
}

// Press presses keys, one after another, wherever the focus is: "Tab",
// "Shift+Tab", "Enter", "Escape", "Space", "ArrowDown", "Control+a".
func (p *Page) Press(names ...string) {
	p.t.Helper()
	for _, name := range names {
		parts := strings.Split(name, "+")
		key, known := keys[parts[len(parts)-1]]
		if !known {
			key = parts[len(parts)-1]
		}
		var held []chromedp.Modifier
		for _, m := range parts[:len(parts)-1] {
			bit, known := modifiers[m]
			if !known {
				p.t.Fatalf("browsertest: press %q: no such modifier", name)
			}
			held = append(held, bit)
		}
		if len([]rune(key)) != 1 {
			p.t.Fatalf("browsertest: press %q: no such key", name)
		}
		p.strike(key, chromedp.KeyModifiers(held...))
	}
}

// Keys types text wherever the focus is.
func (p *Page) Keys(text string) {
	p.t.Helper()
	p.strike(text)
}

func (p *Page) strike(text string, options ...chromedp.KeyOption) {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.KeyEvent(text, options...)); err != nil && !p.ended(err) {
		p.t.Fatalf("browsertest: type %q: %v", text, err)
	}
}

// Focus is the element that has the focus.
type Focus struct {
	URL    string `json:"url"` // of the document it is in
	Tag    string `json:"tag"` // lower case
	ID     string `json:"id"`
	TestID string `json:"testID"` // data-testid
	Name   string `json:"name"`   // what it is called: aria-label, label or text
}

func (f Focus) String() string {
	return fmt.Sprintf("<%s id=%q data-testid=%q> %q in %s", f.Tag, f.ID, f.TestID, f.Name, f.URL)
}

const (
	active = `(() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
})()`
	described = `function () {
  const name = this.getAttribute('aria-label') ?? this.labels?.[0]?.textContent ?? this.textContent ?? ''
  return {url: location.href, tag: this.tagName.toLowerCase(), id: this.id, testID: this.dataset.testid ?? '',
    name: this === document.body ? '' : name.trim().replace(/\s+/g, ' ').slice(0, 80)}
}`
)

// Focused tells what has the focus, through frames.
func (p *Page) Focused() Focus {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	frame, err := p.focused(ctx)
	if err != nil {
		p.t.Fatalf("browsertest: focus: %v", err)
	}
	return frame
}

func (p *Page) focused(ctx context.Context) (focus Focus, err error) {
	unique, err := p.script(ctx)
	if err != nil {
		return focus, err
	}
	no, yes := false, true
	for {
		answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: active, UniqueContextID: unique, ReturnByValue: &no})
		if err != nil {
			return focus, err
		}
		if answer.Result.ObjectID == "" {
			return focus, nil // no element has it
		}
		node, err := chromedp.Call(ctx, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: answer.Result.ObjectID})
		if err != nil {
			return focus, err
		}
		inner := ""
		if node.Node.NodeName == "IFRAME" {
			inner = p.running(cdp.FrameID(node.Node.FrameID))
		}
		if inner != "" {
			unique = inner
			continue
		}
		words, err := chromedp.Call(ctx, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
			FunctionDeclaration: described, ObjectID: answer.Result.ObjectID, ReturnByValue: &yes,
		})
		if err != nil {
			return focus, err
		}
		return focus, json.Unmarshal(words.Result.Value, &focus)
	}
}
