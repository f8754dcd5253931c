package cli_test

import (
	"regexp"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/kvittotest"
)

// TestReviewsOnTheCommandLine: what waits is listed, claimed, accepted, stopped;
// what is refused says why.
func TestReviewsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	server := kvittotest.Start(t)
	const body = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,
		"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}]}`
	calls := client.New(server.URL, "demo", "demo")
	session, err := calls.CreateSession(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	run := func(exit int, want string, args ...string) {
		t.Helper()
		code, stdout, stderr := command(t, append(append([]string{"reviews"}, args...), "--url", server.URL)...)
		if code != exit || !regexp.MustCompile(want).MatchString(stdout+stderr) {
			t.Fatalf("%v: exit %d, %s%s, want %s", args, code, stdout, stderr, want)
		}
	}
	run(0, "^no reviews: ", "list")
	approved, err := calls.Authorize(t.Context(), session.SessionID, client.BrowserCall{Outcome: client.RejectLater, AfterMinutes: 90})
	if err != nil {
		t.Fatal(err)
	}
	order, err := calls.PlaceOrder(t.Context(), approved.AuthorizationToken, body)
	if err != nil || order.FraudStatus != "PENDING" {
		t.Fatal(order, err)
	}
	id := order.OrderID
	run(0, `^`+id+`  open            100 SEK  due 20\S+Z  merchant demo\n$`, "list")
	run(0, `claimed .* claimed by anna\n  the order reads  PENDING\n  referred  .*reject_later\n  when it is due   reject\n$`, "claim", id, "--by", "anna")
	run(1, `anna has claimed the review`, "accept", id)
	run(0, `accepted.*\n  the order reads  ACCEPTED\n(?s:.*)  decided          20\S+Z by anna: known\n$`, "accept", id, "--by", "anna", "--reason", "known")
	run(0, `^\{"order_id":"`+id+`",.*"state":"stopped",.*"stopped_by":"demo".*\}\n$`, "stop", id, "--json")
	run(0, `stopped(?s:.*)  stopped          20\S+Z by demo\n$`, "show", id)
	run(0, `^\{"reviews":\[\{"order_id":"`+id+`".*\}\]\}\n$`, "list", "--decided", "--json")
	run(1, `404 NOT_FOUND`, "reject", session.SessionID)
	run(2, `one order id`, "release")
	if code, _, stderr := command(t, "reviews", "list", "--data", t.TempDir()); code != 1 || !regexp.MustCompile("there is no store").MatchString(stderr) {
		t.Errorf("the operator's: exit %d, %s", code, stderr)
	}
}
