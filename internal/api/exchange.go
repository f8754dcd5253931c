package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/proxy"
	"github.com/kvitto/kvitto/internal/ratelimit"
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
	route   route
	record  requestlog.Exchange
	allow   string // the Allow header of a 405
	closing bool   // the body was not read to its end: the connection must close
	// reserved is what the body takes of the budget, in bytes.
	reserved int64
	decision ratelimit.Decision
	class    ratelimit.Class
	// unrecorded: the refusal is one of many that are counted instead.
	unrecorded bool
	unread     bool   // refused before the body
	page       bool   // the caller is a page with a client token
	tokenOf    string // the session of that token
	bare       bool   // recorded without its bodies
	// assessmentID names the assessment that was made, for those who may read it.
	assessmentID string
	fault        *lab.Fault          // of the playground, that the call met; nil for none
	writer       http.ResponseWriter // leads to the connection
	retryAfter   string              // of a 429, in seconds; empty for none
	values       [2]string           // of the headers that every answer has
}

// answer is what goes back: a status and a body in the recorded layout.
type answer struct {
	status int
	body   []byte
	failed bool
	// stream, when not nil, makes lines of JSON after the headers; line fails when
	// the client has gone away. The record has the answer without them.
	stream func(ctx context.Context, line func([]byte) error)
}

func newExchange(a *API, r *http.Request) *exchange {
	now := time.Now()
	return &exchange{api: a, request: r, started: now, page: a.Tokens != nil && forPages(r.URL.Path), record: requestlog.Exchange{
		CorrelationID: a.NewID(now), At: now.UTC(), Method: r.Method, Path: sentPath(r),
	}}
}

// sentPath is the path as the client wrote it, without the query.
func sentPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if len(path) > pathKept {
		path = path[:pathKept]
	}
	if len(path) < len(r.RequestURI) {
		return strings.Clone(path) // the record must not hold on to the rest
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

// recordPatience is how long a refusal waits for its place in the record.
const recordPatience = 20 * time.Second

// finish completes the record and keeps it before anything is answered.
func (x *exchange) finish(answer *answer) {
	x.record.Status = answer.status
	x.record.ResponseBody = answer.body
	x.record.Duration = time.Since(x.started)
	if x.fault != nil {
		x.record.Reason = strings.TrimPrefix(x.record.Reason+"; "+x.fault.Story(), "; ")
	}
	ctx := x.request.Context()
	if x.record.Durable() {
		// A client that hangs up must not take its explanation with it.
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
		defer cancel()
		ctx = patient
	}
	x.strip()
	if x.unrecorded {
		x.observe()
		return
	}
	if err := x.api.Recorder.Record(ctx, x.record); err != nil {
		x.api.Logger.Error("cannot record the exchange", "correlation_id", x.record.CorrelationID, "cause", err)
	}
	x.observe()
}

func (x *exchange) observe() {
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
	headerLines        = []string{"application/x-ndjson"}
	headerJSONError    = []string{"application/json"}
	headerTransport    = []string{"max-age=31536000; includeSubDomains"}
	headerBasic        = []string{`Basic realm="very closed site"`}
	headerBearer       = []string{"Bearer"}
	headerClose        = []string{"close"}
	headerRetryAfter   = []string{"1"}
)

// write sends the answer with the headers that recordings show. A 204 has
// neither type nor length.
func (x *exchange) write(w http.ResponseWriter, answer *answer) {
	h := w.Header()
	if x.unread && leaveBody(w, x.request) {
		x.closing = true
	}
	x.values = [2]string{x.record.CorrelationID, strconv.FormatInt(x.record.Duration.Milliseconds(), 10)}
	h["Klarna-Correlation-Id"] = x.values[0:1:1]
	h["Render-Time"] = x.values[1:2:2]
	h["X-Content-Type-Options"] = headerNosniff
	h["X-Xss-Protection"] = headerXSS
	h["Cache-Control"] = headerCacheControl
	h["Pragma"] = headerPragma
	h["Expires"] = headerExpires
	h["X-Frame-Options"] = headerFrame
	// For localhost it would keep browsers from every other server there.
	if proxy.Secure(x.request) && !hostname.Local(x.request.Host) {
		h["Strict-Transport-Security"] = headerTransport
	}
	if answer.failed {
		h["Content-Type"] = headerJSONError
		if x.record.MerchantID != "" && !x.unrecorded {
			h["Kvitto-Explanation"] = []string{x.api.Addresses(x.request).API + "/kvitto/v1/exchanges/" + x.record.CorrelationID}
		}
	} else if answer.stream != nil {
		h["Content-Type"] = headerLines
	} else if len(answer.body) > 0 {
		h["Content-Type"] = headerJSON
	}
	if x.assessmentID != "" {
		h["Kvitto-Assessment-Id"] = []string{x.assessmentID}
	}
	switch answer.status {
	case http.StatusUnauthorized:
		if h["Www-Authenticate"] = headerBasic; x.page {
			// A browser would show its own dialog for the other.
			h["Www-Authenticate"] = headerBearer
		}
	case http.StatusMethodNotAllowed:
		h["Allow"] = []string{x.allow}
	case http.StatusTooManyRequests:
		if x.retryAfter != "" {
			h["Retry-After"] = []string{x.retryAfter}
		}
	case http.StatusServiceUnavailable:
		h["Retry-After"] = headerRetryAfter
	}
	if x.decision.Limited {
		x.api.limits.set(h, x.class, x.decision.Remaining)
	}
	if x.closing {
		h["Connection"] = headerClose
	}
	if len(answer.body) > 0 {
		h["Content-Length"] = []string{strconv.Itoa(len(answer.body))}
	}
	w.WriteHeader(answer.status)
	if answer.stream != nil {
		answer.stream(x.request.Context(), lineWriter(w))
		return
	}
	// A client that has gone away is its own affair: the state is committed.
	_, _ = w.Write(answer.body)
}

// linePatience is how long a client may take for a line. The whole answer may
// take longer than the server lets others.
const linePatience = 30 * time.Second

// lineWriter writes lines at once.
func lineWriter(w http.ResponseWriter) func([]byte) error {
	control := http.NewResponseController(w)
	return func(line []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(linePatience)) // a recorder in a test has none
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return control.Flush()
	}
}
