package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Message is a line of the console.
type Message struct {
	Kind string // log, info, warning, error, debug of the console; uncaught; the browser's: security, network, ...
	Text string
	URL  string // of the script or the resource, if known
}

func (m Message) String() string { return m.Kind + ": " + m.Text + " (" + m.URL + ")" }

// grave messages fail a test that did not expect them.
func (m Message) grave() bool {
	return m.Kind == "uncaught" || m.Kind == "security" && strings.Contains(m.Text, "Content Security Policy")
}

// hear takes the events of the tab in. It runs on the browser's goroutine.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExecutionContextCreated:
		var aux struct {
			IsDefault bool
			FrameID   string
		}
		if json.Unmarshal(e.Context.AuxData, &aux) == nil && aux.IsDefault {
			p.turn(func() { p.contexts[cdp.FrameID(aux.FrameID)] = e.Context.UniqueID })
		}
	case *runtime.EventExecutionContextDestroyed:
		p.turn(func() {
			for id, unique := range p.contexts {
				if unique == e.ExecutionContextUniqueID {
					delete(p.contexts, id)
				}
			}
		})
	case *runtime.EventExecutionContextsCleared:
		p.turn(func() { clear(p.contexts) })
	case *runtime.EventExceptionThrown:
		p.note(Message{"uncaught", thrown(e.ExceptionDetails), e.ExceptionDetails.URL})
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, arg := range e.Args {
			words = append(words, shown(arg))
		}
		url := ""
		if e.StackTrace != nil && len(e.StackTrace.CallFrames) > 0 {
			url = e.StackTrace.CallFrames[0].URL
		}
		p.note(Message{string(e.Type), strings.Join(words, " "), url})
	case *log.EventEntryAdded:
		p.note(Message{string(e.Entry.Source), e.Entry.Text, e.Entry.URL})
	}
}

func (p *Page) turn(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Page) note(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
}

// Console is everything said so far, in order.
func (p *Page) Console() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Message(nil), p.messages...)
}

// WaitConsole waits for a message that contains text.
func (p *Page) WaitConsole(text string) Message {
	p.t.Helper()
	ctx, cancel := p.bounded()
	defer cancel()
	for {
		for _, m := range p.Console() {
			if strings.Contains(m.Text, text) {
				return m
			}
		}
		if ctx.Err() != nil {
			p.t.Fatalf("browsertest: the console never said %q", text)
		}
		wait(ctx, nil)
	}
}

// Expect allows uncaught errors and breaches of the content security policy
// that contain text.
func (p *Page) Expect(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, text)
}

// judge fails the test for what nobody expected.
func (p *Page) judge() {
	p.mu.Lock()
	defer p.mu.Unlock()
messages:
	for _, m := range p.messages {
		if !m.grave() {
			continue
		}
		for _, text := range p.expected {
			if strings.Contains(m.Text, text) {
				continue messages
			}
		}
		p.t.Errorf("browsertest: the page failed: %s", m)
	}
}

// tell writes what a reader of a failed test wants to know.
func (p *Page) tell() {
	var text strings.Builder
	if all, err := p.frames(p.ctx); err == nil {
		for _, f := range all {
			fmt.Fprintf(&text, "\n  frame %s %s\n    shows %q", f.name, f.url, p.words(f.id))
		}
	}
	for _, m := range p.Console() {
		fmt.Fprintf(&text, "\n  %s", m)
	}
	p.t.Logf("browsertest: frames and console of the page:%s", text.String())
}

// words are what a frame says to its reader; empty when it cannot be asked.
func (p *Page) words(id cdp.FrameID) string {
	const tellMax = 2 * time.Second // a page that hangs must not hold the report up
	ctx, cancel := context.WithTimeout(p.ctx, tellMax)
	defer cancel()
	yes := true
	answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: `document.body.innerText.replace(/\s+/g, ' ').slice(0, 600)`, UniqueContextID: p.running(id), ReturnByValue: &yes,
	})
	if err != nil || answer.Result == nil {
		return ""
	}
	return shown(answer.Result)
}

func thrown(e *runtime.ExceptionDetails) string {
	text := e.Text
	if e.Exception != nil {
		text += " " + shown(e.Exception)
	}
	return text
}

func shown(o *runtime.RemoteObject) string {
	if o.Description != "" {
		return o.Description
	}
	var text string
	if json.Unmarshal(o.Value, &text) == nil {
		return text
	}
	if len(o.Value) > 0 {
		return string(o.Value)
	}
	return string(o.Type)
}
