package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/overload"
)

// readBody reads a bounded body. A GET or DELETE may carry one (clients send a
// stray "{}"): it is read and ignored.
func (x *exchange) readBody() error {
	r := x.request
	if r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	bodyMax := x.bodyMax()
	if r.ContentLength > int64(bodyMax) {
		x.closing = true
		return tooLarge(bodyMax)
	}
	if r.Method == http.MethodPost {
		if err := x.mediaType(); err != nil {
			x.closing = true
			return err
		}
	}
	body, err := x.readAll(bodyMax)
	if errors.Is(err, errNoMemory) {
		x.closing = true
		return &checkout.Refusal{Kind: checkout.KindOverloaded, Reason: "large bodies take all the memory they may; nothing was changed"}
	} else if errors.Is(err, ErrStopping) {
		x.closing = true
		return &checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the server is stopping and the body had not arrived; send it again"}
	} else if err != nil {
		x.closing = true
		return &checkout.Refusal{Kind: checkout.KindBadRequest, Reason: "the body could not be read: " + err.Error()}
	}
	if len(body) > bodyMax {
		x.closing = true
		return tooLarge(bodyMax)
	}
	x.record.RequestBody = body
	return nil
}

func tooLarge(bodyMax int) error {
	return &checkout.Refusal{Kind: checkout.KindTooLarge, Reason: "the body is larger than " + strconv.Itoa(bodyMax) + " bytes"}
}

// errNoMemory: other large bodies take all of their budget.
var errNoMemory = errors.New("no memory for the body")

// bodyStart is what a body of unknown length gets at first, in bytes.
const bodyStart = 4 << 10

// readAll reads at most one byte more than bodyMax. A body of the usual size
// gets its memory at once; a larger one gets it from the budget, and only when
// the first part has arrived: who announces much and sends little costs little.
func (x *exchange) readAll(bodyMax int) ([]byte, error) {
	r := x.request
	if r.ContentLength > 0 && r.ContentLength <= overload.BodyFree {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	size, grown := bodyStart, func(size int) int { return min(2*size, bodyMax+1) }
	if r.ContentLength > 0 {
		size, grown = overload.BodyFree, func(int) int { return int(r.ContentLength) }
	}
	body := make([]byte, 0, size)
	for {
		n, err := fill(r.Body, body[len(body):size])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF && int64(len(body)) < r.ContentLength:
			return body, io.ErrUnexpectedEOF
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		case len(body) > bodyMax, int64(len(body)) == r.ContentLength:
			return body, nil
		}
		size = grown(size)
		if !x.reserveBody(size) {
			return body, errNoMemory
		}
		body = append(make([]byte, 0, size), body...)
	}
}

// fill reads until buf is full. Unlike io.ReadFull it leaves the difference
// between a body that ends and one that is cut off.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var read int
		read, err = r.Read(buf[n:])
		n += read
	}
	return n, err
}

// reserveBody takes what a body of the size needs beyond what is free.
func (x *exchange) reserveBody(size int) bool {
	need := int64(size) - overload.BodyFree - x.reserved
	if need <= 0 {
		return true
	}
	if !x.api.Bodies.Reserve(need) {
		return false
	}
	x.reserved += need
	return true
}

func (x *exchange) releaseBody() {
	if x.reserved > 0 {
		x.api.Bodies.Release(x.reserved)
		x.reserved = 0
	}
}

// mediaType takes JSON under any of its names, and no name at all; a rule file
// is text.
func (x *exchange) mediaType() error {
	header := x.request.Header
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &checkout.Refusal{Kind: checkout.KindUnsupportedMediaType, Reason: "Content-Encoding " + strconv.Quote(encoding) + " is not supported"}
	}
	sent := header.Get("Content-Type")
	if sent == "" || sent == "application/json" {
		return nil
	}
	name, _, err := mime.ParseMediaType(sent)
	if x.record.Operation == operationReplay {
		if name == "text/plain" || name == "application/toml" {
			return nil
		}
		return &checkout.Refusal{Kind: checkout.KindUnsupportedMediaType, Reason: "Content-Type " + strconv.Quote(sent) + " is no rule file; send text/plain"}
	}
	if (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && (name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json")) {
		return nil
	}
	return &checkout.Refusal{Kind: checkout.KindUnsupportedMediaType, Reason: "Content-Type " + strconv.Quote(sent) + " is not JSON; send application/json"}
}

// leftMax is how much of an unread body net/http may throw away before the
// answer, so that its connection can be used again, in bytes. It arrives with
// the headers in nearly every case, and the read timeout bounds the others.
const leftMax = 64 << 10

// leaveBody prepares an answer to a request whose body nobody read, and tells
// whether the connection must close. The answer to a large body, or to one of
// unknown length, does not wait for it.
func leaveBody(w http.ResponseWriter, r *http.Request) (closing bool) {
	if r.ContentLength >= 0 && r.ContentLength <= leftMax {
		return false
	}
	// net/http reads on when the handler has returned, also from a connection
	// that closes. Not every writer has a deadline; then that is bounded by size.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	return true
}
