package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/client"
)

// sent is what a stub server received.
type sent struct {
	Method, Path, Query, Body, ContentType, Username, Password string
}

// stub answers every request alike and tells what it received.
func stub(t *testing.T, status int, body string) (url string, received func() sent) {
	t.Helper()
	requests := make(chan sent, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		username, password, _ := r.BasicAuth()
		requests <- sent{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(text), r.Header.Get("Content-Type"), username, password}
		w.Header().Set("Klarna-Correlation-Id", "the-id")
		w.WriteHeader(status)
		if _, err := io.WriteString(w, body); err != nil {
			t.Errorf("answer: %v", err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() sent {
		select {
		case s := <-requests:
			return s
		default:
			t.Fatal("the server received nothing")
			return sent{}
		}
	}
}

// request is a call of a method and what the server must receive.
type request struct {
	do   func(*client.Client) error
	want sent
}

func requests(ctx context.Context) map[string]request {
	body := map[string]int{"order_amount": 1}
	const text = `{"order_amount":1}`
	return map[string]request{
		"create": {
			func(c *client.Client) error { _, err := c.CreateSession(ctx, body); return err },
			sent{Method: "POST", Path: "/payments/v1/sessions", Body: text},
		},
		"read": {
			func(c *client.Client) error { _, err := c.ReadSession(ctx, "a/b ?"); return err },
			sent{Method: "GET", Path: "/payments/v1/sessions/a%2Fb%20%3F"},
		},
		"update": {
			func(c *client.Client) error { _, err := c.UpdateSession(ctx, "s", body); return err },
			sent{Method: "POST", Path: "/payments/v1/sessions/s", Body: text},
		},
		"order": {
			func(c *client.Client) error { _, err := c.PlaceOrder(ctx, "a", body); return err },
			sent{Method: "POST", Path: "/payments/v1/authorizations/a/order", Body: text},
		},
		"cancel": {
			func(c *client.Client) error { _, err := c.CancelAuthorization(ctx, "a"); return err },
			sent{Method: "DELETE", Path: "/payments/v1/authorizations/a"},
		},
		"token": {
			func(c *client.Client) error { _, err := c.CreateCustomerToken(ctx, "a", body); return err },
			sent{Method: "POST", Path: "/payments/v1/authorizations/a/customer-token", Body: text},
		},
		"load": {
			func(c *client.Client) error { _, err := c.Load(ctx, "s", nil); return err },
			sent{Method: "POST", Path: "/kvitto/v1/sessions/s/load"},
		},
		"explain": {
			func(c *client.Client) error { _, err := c.Explain(ctx, "e"); return err },
			sent{Method: "GET", Path: "/kvitto/v1/exchanges/e"},
		},
		"timeline": {
			func(c *client.Client) error { _, err := c.Timeline(ctx, "s"); return err },
			sent{Method: "GET", Path: "/kvitto/v1/sessions/s/timeline"},
		},
		"exchanges": {
			func(c *client.Client) error { _, err := c.Exchanges(ctx, "s"); return err },
			sent{Method: "GET", Path: "/kvitto/v1/sessions/s/exchanges"},
		},
		"check": {
			func(c *client.Client) error { _, err := c.Check(ctx, body, "a&b"); return err },
			sent{Method: "POST", Path: "/kvitto/v1/check", Query: "session_id=a%26b", Body: text},
		},
		"advance": {
			func(c *client.Client) error { _, err := c.Advance(ctx, 90*time.Minute); return err },
			sent{Method: "POST", Path: "/kvitto/v1/clock", Body: `{"advance":"1h30m0s"}`},
		},
		"authorize": {func(c *client.Client) error {
			later := false
			_, err := c.Authorize(ctx, "s", client.BrowserCall{
				PaymentMethodCategory: "pay_now", AutoFinalize: &later, Data: body, Outcome: client.InvalidFields, InvalidFields: []string{"x"}})
			return err
		}, sent{Method: "POST", Path: "/kvitto/v1/sessions/s/authorize",
			Body: `{"payment_method_category":"pay_now","auto_finalize":false,"data":{"order_amount":1},` +
				`"outcome":"invalid_fields","invalid_fields":["x"]}`}},
		"nothing asked": {
			func(c *client.Client) error { _, err := c.Reauthorize(ctx, "s", client.BrowserCall{}); return err },
			sent{Method: "POST", Path: "/kvitto/v1/sessions/s/reauthorize", Body: `{}`},
		},
	}
}

// orderRequests are those about lists of orders.
func orderRequests(ctx context.Context) map[string]request {
	return map[string]request{
		"orders": {
			func(c *client.Client) error {
				_, err := c.Orders(ctx, client.OrderQuery{
					OrderID: "0199f3b8", Reference: "A&1", FraudStatus: "PENDING", Status: "CAPTURED", From: time.Unix(0, 0), Limit: 5, After: "1.x"})
				return err
			},
			sent{Method: "GET", Path: "/kvitto/v1/orders",
				Query: "after=1.x&fraud_status=PENDING&from=1970-01-01T00%3A00%3A00Z&limit=5&merchant_reference=A%261&order_id=0199f3b8&status=CAPTURED"},
		},
		"all orders": {
			func(c *client.Client) error { _, err := c.Orders(ctx, client.OrderQuery{}); return err },
			sent{Method: "GET", Path: "/kvitto/v1/orders"},
		},
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	all := requests(t.Context())
	maps.Copy(all, orderRequests(t.Context()))
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, received := stub(t, http.StatusNoContent, "")
			if err := test.do(client.New(url+"/", "demo", "sesame")); err != nil {
				t.Fatal(err)
			}
			test.want.Username, test.want.Password = "demo", "sesame"
			if test.want.Body != "" {
				test.want.ContentType = "application/json"
			}
			if diff := cmp.Diff(test.want, received()); diff != "" {
				t.Errorf("the request differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextIsSentAsItStands(t *testing.T) {
	t.Parallel()
	const text = "{ \"order_amount\" : 1,, }"
	for name, body := range map[string]any{"string": text, "bytes": []byte(text), "raw message": json.RawMessage(text)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, received := stub(t, http.StatusNoContent, "")
			if _, err := client.New(url, "demo", "x").CreateSession(t.Context(), body); err != nil {
				t.Fatal(err)
			}
			if got := received().Body; got != text {
				t.Errorf("the body is %q, want %q", got, text)
			}
		})
	}
}

func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, test := range map[string]struct {
		do   func(url string) error
		says string
	}{
		"an empty id": {func(url string) error {
			_, err := client.New(url, "demo", "x").UpdateSession(ctx, "", "{}")
			return err
		}, `update session: "" is not an id`},
		"an id that is a path": {func(url string) error {
			_, err := client.New(url, "demo", "x").ReadSession(ctx, "..")
			return err
		}, `read session: ".." is not an id`},
		"a body that is no JSON": {func(url string) error {
			_, err := client.New(url, "demo", "x").CreateSession(ctx, make(chan int))
			return err
		}, "create session: json: unsupported type"},
		"no base URL": {func(url string) error {
			_, err := client.New(strings.TrimPrefix(url, "http://"), "demo", "x").Clock(ctx)
			return err
		}, "read clock: "},
		"a base URL without a host": {func(string) error {
			_, err := client.New("http://", "demo", "x").Clock(ctx)
			return err
		}, "is not a base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				t.Errorf("the server received %s %s", r.Method, r.URL)
			}))
			t.Cleanup(server.Close)
			if err := test.do(server.URL); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v, want %q in it", err, test.says)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   client.Error
		says   string
	}{
		"the protocol's": {400, `{"correlation_id":"another","error_code":"BAD_VALUE","error_messages":["Bad value: order_amount"]}`,
			client.Error{Status: 400, Code: "BAD_VALUE", Messages: []string{"Bad value: order_amount"}},
			"create session: 400 BAD_VALUE: Bad value: order_amount (correlation id the-id)"},
		"without a message": {401, `{"error_code":"UNAUTHORIZED","error_messages":[]}`,
			client.Error{Status: 401, Code: "UNAUTHORIZED", Messages: []string{}}, "create session: 401 UNAUTHORIZED (correlation id the-id)"},
		"a proxy's":  {502, "<html>", client.Error{Status: 502}, "create session: 502 Bad Gateway (correlation id the-id)"},
		"a redirect": {302, "", client.Error{Status: 302}, "create session: 302 Found (correlation id the-id)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := stub(t, test.status, test.body)
			_, err := client.New(url, "demo", "x").CreateSession(t.Context(), "{}")
			var got *client.Error
			if !errors.As(err, &got) {
				t.Fatalf("the error is %v, want a *client.Error", err)
			}
			test.want.Operation, test.want.CorrelationID, test.want.Raw = "create session", "the-id", []byte(test.body)
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("the error differs (-want +got):\n%s", diff)
			}
			if got.Error() != test.says {
				t.Errorf("the error says %q, want %q", got, test.says)
			}
		})
	}
}

func TestAnswerThatIsNoJSON(t *testing.T) {
	t.Parallel()
	url, _ := stub(t, http.StatusOK, "welcome to the internet")
	_, err := client.New(url, "demo", "x").CreateSession(t.Context(), "{}")
	var refused *client.Error
	if err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "create session: answer: ") {
		t.Errorf("the error is %v, want one about the answer", err)
	}
}

// TestTimeLimits: a server that never answers ends a call at the client's limit
// or the context's, whichever is earlier.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	hasty := client.New(server.URL, "demo", "x", client.WithTimeout(time.Millisecond))
	if _, err := hasty.Clock(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client's limit gave %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.New(server.URL, "demo", "x").Clock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the context's end gave %v", err)
	}
}
