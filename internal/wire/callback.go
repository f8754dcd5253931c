package wire

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// AppendCallback writes the body of a message to a merchant's server. A push has
// none: its address says which order it is about.
func AppendCallback(dst []byte, callback *checkout.Callback) []byte {
	if callback.Kind == checkout.CallbackPush {
		return dst
	}
	w := writer{buf: dst}
	w.open('{')
	if callback.Kind == checkout.CallbackNotification {
		w.text("order_id", callback.OrderID)
		w.text("event_type", callback.EventType)
	} else {
		w.text("authorization_token", callback.AuthorizationToken)
		w.text("session_id", callback.SessionID)
	}
	w.close('}')
	return w.buf
}

// Callback is a message to a merchant's server and the newest answer to it.
type Callback struct {
	ID, Kind, SessionID, URL, State string
	CreatedAt, DueAt                time.Time
	Attempts                        int
	Released, UnderWay, Waiting     bool
	Twice                           bool // it is to be delivered twice
	Body                            []byte

	AnsweredAt time.Time // zero before the first attempt
	Duration   time.Duration
	Status     int // 0 when there was no answer
	Headers    map[string]string
	Answer     []byte // the beginning of the body
	Error      string
}

// AppendCallbacks writes a list, and whether the merchant's callbacks are held.
func AppendCallbacks(dst []byte, held bool, list []Callback) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.boolean("held", held)
	writeList(&w, "callbacks", list, w.callback)
	w.close('}')
	return w.buf
}

func (w *writer) callback(c *Callback) {
	w.open('{')
	w.text("callback_id", c.ID)
	w.text("kind", c.Kind)
	w.text("session_id", c.SessionID)
	w.text("url", c.URL)
	w.text("state", c.State)
	w.timestamp("created_at", c.CreatedAt)
	if c.Waiting {
		w.timestamp("due_at", c.DueAt)
		w.boolean("released", c.Released)
		w.boolean("under_way", c.UnderWay)
		w.boolean("twice", c.Twice)
	}
	w.integer("attempts", int64(c.Attempts))
	w.body("body", c.Body)
	if !c.AnsweredAt.IsZero() {
		w.key("answer")
		w.answer(c)
	}
	w.close('}')
}

func (w *writer) answer(c *Callback) {
	w.open('{')
	w.timestamp("at", c.AnsweredAt)
	w.milliseconds("duration_ms", c.Duration)
	if c.Error != "" {
		w.text("error", c.Error)
		w.close('}')
		return
	}
	w.integer("status", int64(c.Status))
	w.key("headers")
	w.open('{')
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		w.text(name, c.Headers[name])
	}
	w.close('}')
	w.text("body", strings.ToValidUTF8(string(c.Answer), "\uFFFD"))
	w.close('}')
}

// AppendWebhookSecret writes what callbacks are signed with.
func AppendWebhookSecret(dst []byte, secret string) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("webhook_secret", secret)
	w.close('}')
	return w.buf
}

// DecodeHold reads the body of hold callbacks; problems are values of a wrong
// type.
func DecodeHold(body []byte) (hold checkout.Boolean, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	err = d.document(func(name string) {
		if name == "hold" {
			d.readBoolean(&hold)
			return
		}
		d.value()
	})
	return hold, d.problems, err
}

// DecodeDelay reads the body of delay callback; problems are values of a wrong
// type.
func DecodeDelay(body []byte) (seconds checkout.Integer, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	err = d.document(func(name string) {
		if name == "seconds" {
			d.readInteger(&seconds)
			return
		}
		d.value()
	})
	return seconds, d.problems, err
}
