package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TimeoutDefault bounds a call, from the first byte sent to the last received.
const TimeoutDefault = 30 * time.Second

// answerMax bounds an answer, in bytes. The longest is a recorded exchange: two
// bodies of a mebibyte with room for their escapes.
const answerMax = 16 << 20

// Client speaks for one merchant. It is safe for concurrent use.
type Client struct {
	base               *url.URL
	baseErr            error // told by every call
	username, password string
	http               *http.Client
	timeout            time.Duration
}

// transport is shared by all clients, but not with the rest of the program:
// every httptest.Server that closes tears the connections of
// http.DefaultTransport.
var transport = &http.Transport{
	Proxy:               http.ProxyFromEnvironment,
	ForceAttemptHTTP2:   true,
	MaxIdleConnsPerHost: 64,
	IdleConnTimeout:     90 * time.Second,
	TLSHandshakeTimeout: 10 * time.Second,
}

// Option changes a Client that is being made.
type Option func(*Client)

// WithHTTPClient sends through another http.Client: a transport of your own, a
// private certificate, a proxy.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithTimeout bounds every call; TimeoutDefault when it is not used. A context
// with an earlier deadline ends a call earlier.
func WithTimeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// New returns a client of the server at baseURL, for example
// http://127.0.0.1:7420. A base URL that cannot be used is reported by the
// first call.
func New(baseURL, username, password string, options ...Option) *Client {
	c := &Client{username: username, password: password, timeout: TimeoutDefault, http: &http.Client{
		Transport: transport,
		// The protocol has no redirects. Following one would turn a POST into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	c.base, c.baseErr = parseBase(baseURL)
	for _, option := range options {
		option(c)
	}
	return c
}

func parseBase(baseURL string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(baseURL, "/"))
	if err == nil && ((base.Scheme != "http" && base.Scheme != "https") || base.Host == "") {
		err = fmt.Errorf("%q is not a base URL; one looks like http://127.0.0.1:7420", baseURL)
	}
	return base, err
}

// call is one request.
type call struct {
	operation string // for messages
	method    string
	path      string // {id} stands for the id
	id        string
	query     url.Values
	body      any // nil sends none
}

// do sends a call and fills in the answer.
func (c *Client) do(ctx context.Context, call call, answer interface{ received(Answer) }) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(ctx, call)
	if err != nil {
		return fmt.Errorf("%s: %w", call.operation, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", call.operation, err)
	}
	raw, err := readAnswer(response)
	if err != nil {
		return fmt.Errorf("%s: answer: %w", call.operation, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return newError(call.operation, response, raw)
	}
	if len(raw) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber() // a float would spoil large amounts
		if err := decoder.Decode(answer); err != nil {
			return fmt.Errorf("%s: answer: %w", call.operation, err)
		}
	}
	answer.received(Answer{CorrelationID: response.Header.Get(correlationHeader), Raw: raw})
	return nil
}

const correlationHeader = "Klarna-Correlation-Id"

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	if c.baseErr != nil {
		return nil, c.baseErr
	}
	path := call.path
	if strings.Contains(path, "{id}") {
		// An empty id would reach another operation: update would be create.
		if call.id == "" || call.id == "." || call.id == ".." {
			return nil, fmt.Errorf("%q is not an id", call.id)
		}
		path = strings.Replace(path, "{id}", url.PathEscape(call.id), 1)
	}
	body, err := encode(call.body)
	if err != nil {
		return nil, err
	}
	target := c.base.String() + path
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(c.username, c.password)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "kvitto-client")
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// encode is the text of a body. No body of the protocol is a JSON string, so a
// string is JSON already.
func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return body, nil
	case json.RawMessage:
		return body, nil
	case string:
		return []byte(body), nil
	default:
		return json.Marshal(body)
	}
}

func readAnswer(response *http.Response) (raw []byte, err error) {
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	raw, err = io.ReadAll(io.LimitReader(response.Body, answerMax+1))
	if err == nil && len(raw) > answerMax {
		err = fmt.Errorf("longer than %d bytes", answerMax)
	}
	return raw, err
}
