package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kvitto/kvitto/internal/rawhttp"
)

// troublemaker is a client that behaves badly, on a session of its own.
type troublemaker struct {
	*system
	random      *rand.Rand
	credentials string
	session     string
	cart        cart
}

// troublemakers is how many of them a system has.
const troublemakers = 6

// troubleEvery is how long each waits between two of its requests.
const troubleEvery = 250 * time.Millisecond

func (p *plan) newTroublemaker(s *system, n int) *troublemaker {
	return &troublemaker{system: s, random: rand.New(rand.NewPCG(p.seed, uint64(1000+n))), credentials: rawhttp.Basic("trouble", "secret"), cart: newCart(3)}
}

// work goes on until ctx ends.
func (t *troublemaker) work(ctx context.Context) {
	for pause(ctx, troubleEvery) {
		if t.session == "" {
			t.create()
			continue
		}
		switch n := t.random.IntN(40); {
		case n < 10:
			t.abortBody()
		case n < 20:
			t.abortAnswer()
		case n < 26:
			t.closeHalf()
		case n < 32:
			t.sendTooMuch()
		case n < 35:
			t.connectOnly()
		case n < 39:
			t.sendSlowly()
		default:
			t.stall()
		}
	}
}

// on runs work on a connection of its own to one of the processes.
func (t *troublemaker) on(work func(c *rawhttp.Connection)) {
	c, err := dial(context.Background(), t.processes[t.random.IntN(len(t.processes))].address)
	if err != nil {
		t.tally.lose("a connection", err)
		return
	}
	defer c.Close()
	work(c)
}

// update is a whole request that changes the session.
func (t *troublemaker) update() (start, body []byte) {
	body = t.cart.body(1 + t.random.Int64N(1000))
	return rawhttp.AppendHead(nil, "POST", sessionsPath+"/"+t.session, t.credentials, len(body)), body
}

// hear waits for the answer to a request that was sent.
func (t *troublemaker) hear(c *rawhttp.Connection, class string, want ...int) rawhttp.Answer {
	a, err := c.Answer()
	if err != nil {
		t.tally.lose(class, err)
		return a
	}
	t.tally.answer(class, a.Status)
	for _, status := range append(want, 503) {
		if a.Status == status {
			return a
		}
	}
	t.tally.mistake("%s: status %d, want %v: %s", class, a.Status, want, a.Body)
	return a
}

func (t *troublemaker) create() {
	t.on(func(c *rawhttp.Connection) {
		body := t.cart.body(1)
		if _, err := c.Write(append(rawhttp.AppendHead(nil, "POST", sessionsPath, t.credentials, len(body)), body...)); err != nil {
			t.tally.lose("create session", err)
			return
		}
		t.session = t.hear(c, "create session", 200).Text("session_id")
	})
}

// gone ends a connection, with a farewell or without one.
func (t *troublemaker) gone(c *rawhttp.Connection) {
	if t.random.IntN(2) == 0 {
		_ = c.SetLinger(0) // the server is told that the connection is broken
	}
	_ = c.Close()
	t.tally.abort()
}

// abortBody goes away in the middle of the body.
func (t *troublemaker) abortBody() {
	t.on(func(c *rawhttp.Connection) {
		start, body := t.update()
		_, _ = c.Write(append(start, body[:t.random.IntN(len(body))]...)) // it is gone either way
		t.gone(c)
	})
}

// abortAnswer goes away when the request is sent.
func (t *troublemaker) abortAnswer() {
	t.on(func(c *rawhttp.Connection) {
		start, body := t.update()
		_, _ = c.Write(append(start, body...)) // it is gone either way
		t.gone(c)
	})
}

// closeHalf says that nothing more comes, and listens. A server may take that
// for a client that has gone away.
func (t *troublemaker) closeHalf() {
	t.on(func(c *rawhttp.Connection) {
		start, body := t.update()
		_, err := c.Write(append(start, body...))
		if err == nil {
			err = c.CloseWrite()
		}
		var a rawhttp.Answer
		if err == nil {
			a, err = c.Answer()
		}
		if err != nil {
			t.tally.abort()
			return
		}
		t.tally.answer("half-closed connection", a.Status)
	})
}

// announced is a body above the limit of one MiB.
const announced = 2 << 20

func (t *troublemaker) sendTooMuch() {
	t.on(func(c *rawhttp.Connection) {
		start := rawhttp.AppendHead(nil, "POST", sessionsPath+"/"+t.session, t.credentials, announced)
		if _, err := c.Write(append(start, make([]byte, 8<<10)...)); err != nil {
			t.tally.lose("body too large", err)
			return
		}
		t.hear(c, "body too large", 413)
	})
}

// connectOnly sends nothing: there is nothing to count.
func (t *troublemaker) connectOnly() {
	t.on(func(*rawhttp.Connection) {})
}

// sendSlowly takes about two seconds for a body, which is allowed.
func (t *troublemaker) sendSlowly() {
	t.on(func(c *rawhttp.Connection) {
		start, body := t.update()
		const pieces = 10
		all := append(start, body...)
		for i := range pieces {
			if _, err := c.Write(all[i*len(all)/pieces : (i+1)*len(all)/pieces]); err != nil {
				t.tally.lose("slow sender", err)
				return
			}
			pause(context.Background(), 200*time.Millisecond)
		}
		t.hear(c, "slow sender", 204)
	})
}

// stall stops in the middle of the body and waits: the server's time for
// reading ends first.
func (t *troublemaker) stall() {
	t.on(func(c *rawhttp.Connection) {
		start, body := t.update()
		if _, err := c.Write(append(start, body[:len(body)/2]...)); err != nil {
			t.tally.lose("stalled sender", err)
			return
		}
		t.hear(c, "stalled sender", 400)
	})
}
