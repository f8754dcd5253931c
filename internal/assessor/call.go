package assessor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// Bounds of a question beside its time.
const (
	answerMax      = 64 << 10 // bytes of an answer's body
	headerMax      = 16 << 10 // bytes of its header
	connectionsMax = 256      // to the server, in each process
	idleMax        = 90 * time.Second
	causeMax       = 200 // bytes of a cause that are kept
)

// failure is a question without an answer. It holds nothing of the question and
// nothing of a merchant or customer.
type failure struct {
	result Result
	what   string
}

func (f *failure) String() string { return string(f.result) + ": " + f.what }

func nonsense(what string) *failure { return &failure{ResultNonsense, what} }

func newClient(o *Options, secure bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: o.Policy.Dialer(TimeoutMax, secure).DialContext, TLSClientConfig: o.Trusted, TLSHandshakeTimeout: TimeoutMax,
			MaxConnsPerHost: connectionsMax, MaxIdleConnsPerHost: connectionsMax, IdleConnTimeout: idleMax,
			MaxResponseHeaderBytes: headerMax, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask puts one question. It does not end with the customer's request: who closes
// a page would else decide by it.
func (a *Assessor) ask(ctx context.Context, in *risk.Input, made *risk.Assessment, at time.Time) (checkout.Decision, *failure) {
	limit := a.options.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	body := question(in, made)
	request, err := http.NewRequestWithContext(bounded, http.MethodPost, a.to.String(), bytes.NewReader(body))
	if err != nil {
		return checkout.Decision{}, &failure{ResultDown, "the address is no URL"}
	}
	id := a.options.NewID(at)
	// The key lets the client ask once more when the server has closed a kept
	// connection: a question changes nothing.
	request.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"Kvitto"}, "Idempotency-Key": {id}}
	outbound.Sign(request.Header, a.options.Secret, id, at, body)
	response, err := a.client.Do(request)
	if err != nil {
		return checkout.Decision{}, a.broken(bounded, err)
	}
	defer func() { _ = response.Body.Close() }() // what follows is not wanted
	if response.StatusCode != http.StatusOK {
		return checkout.Decision{}, nonsense("the status is " + strconv.Itoa(response.StatusCode) + " and not 200")
	}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return checkout.Decision{}, nonsense("the Content-Type is not application/json")
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerMax+1))
	switch {
	case err != nil:
		return checkout.Decision{}, a.broken(bounded, err)
	case len(answer) > answerMax:
		return checkout.Decision{}, nonsense("the body is longer than " + strconv.Itoa(answerMax) + " bytes")
	}
	return decisionOf(answer)
}

// broken tells a server that is slow from one that is not there. The address is
// left out: its query may hold a secret.
func (a *Assessor) broken(bounded context.Context, err error) *failure {
	if bounded.Err() != nil {
		return &failure{ResultSlow, "no answer within " + a.options.Timeout.String()}
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	text := err.Error()
	return &failure{ResultDown, strings.ToValidUTF8(text[:min(len(text), causeMax)], "")}
}

// question is the body of a request.
func question(in *risk.Input, made *risk.Assessment) []byte {
	content := in.Content
	if content == nil {
		content = &checkout.Content{}
	}
	signals := risk.Signals(in)
	told := make([]wire.Signal, len(signals))
	for i, signal := range signals {
		told[i] = wire.Signal(signal) // true and whole numbers are written as JSON writes them
	}
	return wire.AppendAssessorQuestion(nil, &wire.AssessorQuestion{
		MerchantID: in.MerchantID, SessionID: in.SessionID, Call: string(in.Call), At: in.Now, Content: content,
		Login: in.Login, DeviceID: in.DeviceID, IP: in.IP, Signals: told,
		Rules: wire.RulesAnswer{Outcome: string(made.Decision.Outcome), Rule: made.Rule, Reason: made.Decision.Reason,
			RuleSet: made.RuleSet, Version: made.Version, Failed: made.Failed},
	})
}
