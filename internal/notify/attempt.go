package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/outbound"
)

// Bounds of an attempt. The times are those documented for the original.
const (
	connectMax = 2 * time.Second
	readMax    = 2 * time.Second
	attemptMax = connectMax + readMax
	headerMax  = 16 << 10 // bytes of an answer's header that are read
	bodyKept   = 2 << 10  // bytes of an answer's body that are read and kept
	textKept   = 512      // bytes of a header's value or an error that are kept
)

// Answer is what became of an attempt.
type Answer struct {
	At       time.Time         `json:"at"`
	Duration time.Duration     `json:"duration"`
	Status   int               `json:"status,omitempty"` // 0 when there was none
	Headers  map[string]string `json:"headers,omitempty"`
	Body     []byte            `json:"body,omitempty"`  // its beginning
	Error    string            `json:"error,omitempty"` // why there was no answer
	// Twice asks for a second delivery after the one that is taken; such an answer
	// may have no attempt in it.
	Twice bool `json:"twice,omitempty"`
}

// DecodeAnswer reads an answer as the outbox keeps it; none is the zero value.
func DecodeAnswer(kept []byte) (Answer, error) {
	var answer Answer
	if len(kept) == 0 {
		return answer, nil
	}
	err := json.Unmarshal(kept, &answer)
	return answer, err
}

func (a *Answer) encode() ([]byte, error) { return json.Marshal(a) }

// headersKept are the headers of an answer that help to understand it.
var headersKept = []string{"Content-Type", "Location", "Retry-After", "Server"}

// sender makes attempts. Every connection is new, so that its address is looked
// at each time.
type sender struct {
	secure, plain *http.Client
}

func newSender(policy outbound.Policy, trusted *tls.Config) *sender {
	client := func(secure bool) *http.Client {
		return &http.Client{
			Transport: &http.Transport{
				DialContext: policy.Dialer(connectMax, secure).DialContext, TLSClientConfig: trusted, TLSHandshakeTimeout: connectMax,
				ResponseHeaderTimeout: readMax, MaxResponseHeaderBytes: headerMax,
				DisableKeepAlives: true, DisableCompression: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &sender{secure: client(true), plain: client(false)}
}

// send makes one attempt; the header is the request's.
func (s *sender) send(ctx context.Context, to *url.URL, header http.Header, body []byte) (answer Answer) {
	ctx, cancel := context.WithTimeout(ctx, attemptMax)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		answer.Error = "the address is no URL"
		return answer
	}
	request.Header = header
	client := s.secure
	if to.Scheme == "http" {
		client = s.plain
	}
	response, err := client.Do(request)
	if err != nil {
		answer.Error = failure(ctx, err)
		return answer
	}
	defer func() { _ = response.Body.Close() }() // what follows is not wanted
	answer.Status = response.StatusCode
	for _, name := range headersKept {
		if value := response.Header.Get(name); value != "" {
			if answer.Headers == nil {
				answer.Headers = map[string]string{}
			}
			answer.Headers[name] = beginning(value)
		}
	}
	// The status has decided; a body that is late or broken changes nothing.
	answer.Body, _ = io.ReadAll(io.LimitReader(response.Body, bodyKept))
	return answer
}

// failure says why there was no answer, without the address: its query may hold
// a secret.
func failure(ctx context.Context, err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if ctx.Err() != nil {
		return "no answer within " + attemptMax.String()
	}
	return beginning(err.Error())
}

func beginning(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), textKept)], "")
}
