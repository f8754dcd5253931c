package cli

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

// seen is an exchange as the caller saw it.
type seen struct {
	Method        string
	Path          string
	Status        int
	Took          time.Duration // until the whole answer was read
	CorrelationID string
	Request       []byte
	Response      []byte
}

// recorder is a transport that keeps what passes through it. It serves one
// caller at a time.
type recorder struct {
	next      http.RoundTripper
	exchanges []seen
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	e := seen{Method: request.Method, Path: request.URL.EscapedPath()}
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		// In memory: neither reading nor closing can fail.
		e.Request, _ = io.ReadAll(body)
	}
	started := time.Now()
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	e.Response, err = io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	e.Took = time.Since(started)
	response.Body = io.NopCloser(bytes.NewReader(e.Response))
	e.Status, e.CorrelationID = response.StatusCode, response.Header.Get("Klarna-Correlation-Id")
	r.exchanges = append(r.exchanges, e)
	return response, nil
}
