package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/proxy"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// exchange is one request on its way: it gathers the record while the answer
// is made.
type exchange struct {
	api     *API
	request *http.Request
	started time.Time
	caller  service.Caller
	record  requestlog.Exchange
	allow   string // the Allow header of a 405
	closing bool   // the body was not read to its end: the connection must close
}

// answer is what goes back: a status and a body in the recorded layout.
type answer struct {
	status int
	body   []byte
	failed bool
}

func newExchange(a *API, r *http.Request) *exchange {
	now := time.Now()
	return &exchange{api: a, request: r, started: now, record: requestlog.Exchange{
		CorrelationID: a.NewID(now), At: now.UTC(), Method: r.Method, Path: sentPath(r),
	}}
}

// sentPath is the path as the client wrote it, without the query.
func sentPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if len(path) > pathKept {
		path = path[:pathKept]
	}
	return path
}

// pathKept bounds the path in a record, in bytes.
const pathKept = 2048

// ok is an answer with a JSON body in the recorded layout.
func ok(compact []byte) (answer, error) {
	return answer{status: http.StatusOK, body: wire.Pretty(make([]byte, 0, len(compact)*3/2), compact)}, nil
}

// noContent is the answer of operations that say nothing.
func noContent() (answer, error) {
	return answer{status: http.StatusNoContent}, nil
}

// failure turns a refusal into its answer and notes it in the record.
func (x *exchange) failure(refusal *checkout.Refusal) answer {
	f := wire.FailureOf(refusal)
	x.record.ErrorCode, x.record.ErrorMessages = f.Code, f.Messages
	x.record.Reason, x.record.Violations = refusal.Reason, refusal.Violations
	compact := wire.AppendFailure(nil, f, x.record.CorrelationID)
	return answer{status: f.Status, body: wire.Pretty(nil, compact), failed: true}
}

// readBody reads a bounded body. A GET or DELETE may carry one (clients send a
// stray "{}"): it is read and ignored.
func (x *exchange) readBody() error {
	r := x.request
	if r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	if r.ContentLength > BodyMax {
		x.closing = true
		return tooLarge()
	}
	if r.Method == http.MethodPost {
		if err := x.mediaType(); err != nil {
			x.closing = true
			return err
		}
	}
	body, err := readAll(r)
	if err != nil {
		x.closing = true
		if errors.Is(err, ErrStopping) {
			return &checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the server is stopping and the body had not arrived; send it again"}
		}
		return &checkout.Refusal{Kind: checkout.KindBadRequest, Reason: "the body could not be read: " + err.Error()}
	}
	if len(body) > BodyMax {
		x.closing = true
		return tooLarge()
	}
	x.record.RequestBody = body
	return nil
}

func tooLarge() error {
	return &checkout.Refusal{Kind: checkout.KindTooLarge, Reason: "the body is larger than " + strconv.Itoa(BodyMax) + " bytes"}
}

// readAll reads at most one byte more than BodyMax.
func readAll(r *http.Request) ([]byte, error) {
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	return io.ReadAll(io.LimitReader(r.Body, BodyMax+1))
}

// mediaType takes JSON under any of its names, and no name at all.
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
	if (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && (name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json")) {
		return nil
	}
	return &checkout.Refusal{Kind: checkout.KindUnsupportedMediaType, Reason: "Content-Type " + strconv.Quote(sent) + " is not JSON; send application/json"}
}

// recordPatience is how long a refusal waits for its place in the record.
const recordPatience = 5 * time.Second

// finish completes the record and keeps it before anything is answered.
func (x *exchange) finish(answer *answer) {
	x.record.Status = answer.status
	x.record.ResponseBody = answer.body
	x.record.Duration = time.Since(x.started)
	ctx := x.request.Context()
	if x.record.Refused() {
		// A client that hangs up must not take its explanation with it.
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
		defer cancel()
		ctx = patient
	}
	if err := x.api.Recorder.Record(ctx, x.record); err != nil {
		x.api.Logger.Error("cannot record the exchange", "correlation_id", x.record.CorrelationID, "cause", err)
	}
	if x.api.Observe != nil {
		x.api.Observe(&x.record)
	}
}

// Header values that never change, shared between answers: net/http only reads
// them.
var (
	headerNosniff      = []string{"nosniff"}
	headerXSS          = []string{"1; mode=block"}
	headerCacheControl = []string{"no-cache, no-store, max-age=0, must-revalidate"}
	headerPragma       = []string{"no-cache"}
	headerExpires      = []string{"0"}
	headerFrame        = []string{"DENY"}
	headerJSON         = []string{"application/json;charset=utf-8"}
	headerJSONError    = []string{"application/json"}
	headerTransport    = []string{"max-age=31536000; includeSubDomains"}
	headerBasic        = []string{`Basic realm="very closed site"`}
	headerClose        = []string{"close"}
	headerRetryAfter   = []string{"1"}
)

// write sends the answer with the headers that recordings show. A 204 has
// neither type nor length.
func (x *exchange) write(w http.ResponseWriter, answer *answer) {
	h := w.Header()
	h["Klarna-Correlation-Id"] = []string{x.record.CorrelationID}
	h["Render-Time"] = []string{strconv.FormatInt(x.record.Duration.Milliseconds(), 10)}
	h["X-Content-Type-Options"] = headerNosniff
	h["X-Xss-Protection"] = headerXSS
	h["Cache-Control"] = headerCacheControl
	h["Pragma"] = headerPragma
	h["Expires"] = headerExpires
	h["X-Frame-Options"] = headerFrame
	if proxy.Secure(x.request) {
		h["Strict-Transport-Security"] = headerTransport
	}
	if answer.failed {
		h["Content-Type"] = headerJSONError
		if x.api.Playground != nil && x.record.MerchantID != "" {
			h["Kvitto-Explanation"] = []string{x.api.PublicURL + "/kvitto/v1/exchanges/" + x.record.CorrelationID}
		}
	} else if len(answer.body) > 0 {
		h["Content-Type"] = headerJSON
	}
	switch answer.status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = headerBasic
	case http.StatusMethodNotAllowed:
		h["Allow"] = []string{x.allow}
	case http.StatusServiceUnavailable:
		h["Retry-After"] = headerRetryAfter
	}
	if x.closing {
		h["Connection"] = headerClose
	}
	if len(answer.body) > 0 {
		h["Content-Length"] = []string{strconv.Itoa(len(answer.body))}
	}
	w.WriteHeader(answer.status)
	// A client that has gone away is its own affair: the state is committed.
	_, _ = w.Write(answer.body)
}
