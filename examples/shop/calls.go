package shop

import (
	"context"
	"net/http"
	"time"
)

// This file shows what the shop said to its payment server. A shop of your own
// has a log instead.

const callsMax = 30 // kept of a visit, the newest

// call is one exchange with the payment server.
type call struct {
	At            time.Time
	Method, Path  string
	Status        int // 0 when there was no answer
	CorrelationID string
}

// Failed tells whether the call was refused or not answered.
func (c call) Failed() bool { return c.Status < 200 || c.Status > 299 }

// calls are in the order they were made.
type calls []call

func (c *calls) add(one call) {
	*c = append(*c, one)
	if len(*c) > callsMax {
		*c = (*c)[len(*c)-callsMax:]
	}
}

func (c calls) has(correlationID string) bool {
	for _, one := range c {
		if one.CorrelationID == correlationID {
			return correlationID != ""
		}
	}
	return false
}

type visitKey struct{}

// recorder is a transport that notes each call of a visit. The visit is locked
// by the handler that calls.
type recorder struct{ next http.RoundTripper }

func (t recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	at := time.Now()
	response, err := t.next.RoundTrip(r)
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		one := call{At: at, Method: r.Method, Path: r.URL.Path}
		if err == nil {
			one.Status, one.CorrelationID = response.StatusCode, response.Header.Get("Klarna-Correlation-Id")
		}
		v.calls.add(one)
	}
	return response, err
}

// explain shows what Kvitto knows of a call of this visit.
func (s *shop) explain(w http.ResponseWriter, r *http.Request, v *visit) {
	id := r.PathValue("id")
	if !v.calls.has(id) {
		s.notFound(w, r, v)
		return
	}
	// Looking is no call of the cart.
	exchange, err := s.payments.Explain(context.WithValue(r.Context(), visitKey{}, nil), id)
	text := exchange.String()
	if err != nil {
		text = "The payment server has no explanation for this call."
	}
	s.render(w, http.StatusOK, v, view{Page: "call", Title: "A call, explained", Text: text})
}
