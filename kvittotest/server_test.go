package kvittotest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/kvittotest"
)

func create(t *testing.T, c *client.Client) client.NewSession {
	t.Helper()
	session, err := c.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// refusal is the *client.Error in err; the test fails without one.
func refusal(t *testing.T, err error) *client.Error {
	t.Helper()
	var refused *client.Error
	if !errors.As(err, &refused) {
		t.Fatalf("the error is %v, want a *client.Error", err)
	}
	return refused
}

func TestServersDoNotMeet(t *testing.T) {
	t.Parallel()
	one, other := kvittotest.Start(t), kvittotest.Start(t)
	if one.URL == other.URL {
		t.Fatalf("both servers listen at %s", one.URL)
	}
	session := create(t, one.Client)
	if _, err := one.Client.ReadSession(t.Context(), session.SessionID); err != nil {
		t.Errorf("the server of the session does not know it: %v", err)
	}
	_, err := other.Client.ReadSession(t.Context(), session.SessionID)
	if e := refusal(t, err); e.Status != http.StatusNotFound {
		t.Errorf("the other server answers %v, want 404", err)
	}
}

func TestMerchantsDoNotMeet(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t, kvittotest.WithMerchant("shirts"))
	session := create(t, server.Client)
	if _, err := server.Merchant("shirts").ReadSession(t.Context(), session.SessionID); err != nil {
		t.Errorf("WithMerchant is not the user name of Client: %v", err)
	}
	socks := server.Merchant("socks")
	_, err := socks.ReadSession(t.Context(), session.SessionID)
	if e := refusal(t, err); e.Status != http.StatusNotFound {
		t.Errorf("another merchant gets %v, want 404", err)
	}

	server.Advance(72 * time.Hour)
	ours, err := server.Client.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := socks.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ours.Advanced != 72*time.Hour || theirs.Advanced != 0 {
		t.Errorf("the clocks were moved by %s and %s, want 72h and nothing", ours.Advanced, theirs.Advanced)
	}
}

func TestWithClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2031, time.March, 4, 12, 0, 0, 0, time.UTC)
	server := kvittotest.Start(t, kvittotest.WithClock(func() time.Time { return noon }))
	created := create(t, server.Client)
	server.Advance(time.Hour)
	session, err := server.Client.ReadSession(t.Context(), created.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	if want := noon.Add(48 * time.Hour); !session.ExpiresAt.Equal(want) {
		t.Errorf("the session expires at %s, want %s", session.ExpiresAt, want)
	}
	clock, err := server.Client.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := noon.Add(time.Hour); !clock.Now.Equal(want) {
		t.Errorf("the clock shows %s, want %s", clock.Now, want)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		outcome                      string
		approved, token, form, final bool
	}{
		{outcome: "", approved: true, token: true, form: true},
		{outcome: client.Approve, approved: true, token: true, form: true},
		{outcome: client.Refer, approved: true, token: true, form: true},
		{outcome: client.FinalizeRequired, approved: true, form: true, final: true},
		{outcome: client.InvalidFields, form: true},
		{outcome: client.Cancel, form: true},
		{outcome: client.Deny},
		{outcome: client.TechnicalError},
	} {
		t.Run("outcome "+test.outcome, func(t *testing.T) {
			t.Parallel()
			server := kvittotest.Start(t)
			r := server.Authorize(create(t, server.Client).SessionID, test.outcome)
			if r.Approved != test.approved || (r.AuthorizationToken != "") != test.token ||
				r.ShowForm != test.form || r.FinalizeRequired != test.final {
				t.Errorf("the result is %s", r.Raw)
			}
			if fields := r.Error.InvalidFields; (len(fields) > 0) != (test.outcome == client.InvalidFields) {
				t.Errorf("the invalid fields are %q", fields)
			}
		})
	}
}

func TestReferredOrderIsPending(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	token := server.Authorize(create(t, server.Client).SessionID, client.Refer).AuthorizationToken
	order, err := server.Client.PlaceOrder(t.Context(), token, cart)
	if err != nil {
		t.Fatal(err)
	}
	if order.FraudStatus != "PENDING" {
		t.Errorf("fraud_status is %q, want PENDING", order.FraudStatus)
	}
}

func TestRefusedPassword(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	_, err := client.New(server.URL, server.Username, "invalid").CreateSession(t.Context(), cart)
	if e := refusal(t, err); e.Status != http.StatusUnauthorized || e.Code != "UNAUTHORIZED" {
		t.Errorf("the password %q gets %v, want 401 UNAUTHORIZED", "invalid", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	session := create(t, server.Client)
	_, err := server.Client.UpdateSession(t.Context(), session.SessionID, map[string]any{"order_amount": 1})
	text := server.Explain(refusal(t, err).CorrelationID)
	for _, want := range []string{"update_session: 400 BAD_VALUE", "Bad value: order_amount", "sent      1\n", "expected  49900\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation does not say %q:\n%s", want, text)
		}
	}
}

// TestFailureShowsTheExchanges: a failing test has the conversation in its log,
// and the shortcuts fail the test.
func TestFailureShowsTheExchanges(t *testing.T) {
	t.Parallel()
	reached := false
	failed := newStandIn(t.Context()).run(func(t testing.TB) {
		server := kvittotest.Start(t)
		if _, err := server.Client.CreateSession(t.Context(), cart); err != nil {
			t.Fatalf("create session: %v", err)
		}
		server.Authorize("no-such-session", client.Approve)
		reached = true
	})
	if reached || failed == nil {
		t.Fatal("Authorize of an unknown session did not end the test")
	}
	for _, want := range []string{
		"404 NOT_FOUND: Invalid session id", "200  create_session", "404  authorize", "why: no session of this merchant has this id",
	} {
		if !strings.Contains(failed.Error(), want) {
			t.Errorf("the log does not say %q:\n%v", want, failed)
		}
	}
}

func TestSuccessIsSilent(t *testing.T) {
	t.Parallel()
	quiet := newStandIn(t.Context())
	err := quiet.run(func(t testing.TB) {
		if _, err := kvittotest.Start(t).Client.CreateSession(t.Context(), cart); err != nil {
			t.Fatalf("create session: %v", err)
		}
	})
	if err != nil || quiet.log != "" {
		t.Errorf("the test logged %q, %v", quiet.log, err)
	}
}

// TestNextIsForAPageUnderTest: a page gets the result at once. The test's own
// stand-in would get it too.
func TestNextIsForAPageUnderTest(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	session := create(t, server.Client)
	server.Next(client.Next{Outcome: client.Deny, Interaction: client.InteractionNone})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		server.URL+"/kp/v1/sessions/"+session.SessionID+"/authorize", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+session.ClientToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"approved" : false`) {
		t.Errorf("%v %s", err, body)
	}
	if result := server.Authorize(session.SessionID, ""); !result.Approved {
		t.Errorf("it came twice: %+v", result)
	}
}

// TestAFaultIsForTheCodeUnderTest: an order is placed whose answer is lost, and the
// code that asks again gets it.
func TestAFaultIsForTheCodeUnderTest(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	session := create(t, server.Client)
	token := server.Authorize(session.SessionID, client.Approve).AuthorizationToken
	server.Fault(client.Fault{Kind: client.LoseAnswer, Operation: "create_order"})
	if order, err := server.Client.PlaceOrder(t.Context(), token, cart); err == nil {
		t.Errorf("it is answered: %+v", order)
	}
	placed, err := server.Client.Orders(t.Context(), client.OrderQuery{})
	if err != nil || len(placed.Orders) != 1 {
		t.Fatalf("%+v, %v", placed, err)
	}
	if again, err := server.Client.PlaceOrder(t.Context(), token, cart); err != nil || again.OrderID != placed.Orders[0].OrderID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
}
