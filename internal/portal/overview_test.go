package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// assessed are browser's calls that came to an outcome.
func assessed(first int, outcomes ...requestlog.Outcome) (list []requestlog.Exchange) {
	for i, outcome := range outcomes {
		list = append(list, requestlog.Exchange{CorrelationID: idAt(first + i), MerchantID: "shoes", At: noon, Duration: 40 * time.Millisecond, Method: "POST",
			Operation: "browser_authorize", Status: 200, Outcome: outcome})
	}
	return list
}

func TestTheOverviewCountsAndGroups(t *testing.T) {
	t.Parallel()
	old := refusedTax()
	old.CorrelationID, old.At = idAt(-40000), noon.Add(-40000*time.Second)
	failed := served(1)[0]
	failed.CorrelationID, failed.Status, failed.Reason = idAt(50), 503, "the store did not answer"
	shed := served(1)[0]
	shed.CorrelationID, shed.Shed = idAt(51), true
	all := append([]requestlog.Exchange{old, refusedTax(), failed, shed}, served(3)...)
	all = append(all, assessed(60, requestlog.OutcomeApproved, requestlog.OutcomeReferred, requestlog.OutcomeDenied, requestlog.OutcomeAsked)...)
	s := open(t, all...)
	day := s.page("/portal/")
	has(t, day,
		`data-testid="requests">11</a>`, "8 done, ", `?from=2026-03-03T13%3A00&amp;status=4xx">2 refused</a>`, `status=5xx">1 failed</a>`,
		`data-testid="rate">66.7 %`, "1 approved, 1 approved and to be reviewed, 1 denied", "asked for more 1 ×", `data-testid="shed">1<`,
		"2 ×</b>", "create session: order_lines[…].total_tax_amount", "since 00:53, last 5 minutes ago", "read session: the store did not answer",
		`role="img" aria-label="Requests in the last 24 hours: 8 done, 2 refused, 1 failed or not answered, at most 10 in an hour"`,
		`aria-label="Authorizations in the last 24 hours: 1 approved, 1 approved, to be reviewed, 1 denied, at most 3 in an hour"`,
		`<th scope="row">Wed 12:00</th><td class="end">8</td><td class="end">1</td><td class="end">1</td>`)
	hour := s.page("/portal/?period=hour")
	has(t, hour, `data-testid="requests">10</a>`, "1 ×</b>", "Requests in the last hour", `aria-current="true" data-testid="period-hour"`)
	has(t, s.page("/portal/?period=week"), "Wed 4 Mar 12:00", "Requests in the last 7 days")
	has(t, s.page("/portal/?period=nonsense"), `aria-current="true" data-testid="period-day"`)
}

// TestABusyDayKeepsItsRefusals: what was refused is found behind any number of
// exchanges that were not.
func TestABusyDayKeepsItsRefusals(t *testing.T) {
	t.Parallel()
	many := served(2100)
	for i := range many {
		many[i].At = noon
	}
	has(t, open(t, append([]requestlog.Exchange{refusedTax()}, many...)...).page("/portal/"), ">2,101</a>", "2,100 done", "1 refused</a>", "create session: order_lines[…].total_tax_amount")
}

// TestCausesThatHaveNoPlaceAreCounted: the page names the most frequent ones.
func TestCausesThatHaveNoPlaceAreCounted(t *testing.T) {
	t.Parallel()
	var all []requestlog.Exchange
	for i := range 12 {
		e := refusedTax()
		e.CorrelationID, e.Violations, e.Reason = idAt(i), nil, "reason "+strings.Repeat("x", i)
		all = append(all, e)
	}
	page := open(t, all...).page("/portal/")
	has(t, page, "<b class=\"times\">4 ×</b> <span></span> <div>other causes")
	if n := strings.Count(page, `data-testid="cause"`); n != 8 {
		t.Errorf("%d causes", n)
	}
}

// TestTriedAgainIsNoOtherCause: a callback that is tried again and one that is
// given up failed for the same.
func TestTriedAgainIsNoOtherCause(t *testing.T) {
	t.Parallel()
	var all []requestlog.Exchange
	for i, reason := range []string{"callback x, attempt 1: refused; it is tried again", "callback x, attempt 2, the last: refused"} {
		e := served(1)[0]
		e.CorrelationID, e.Operation, e.Status, e.Reason = idAt(i), "authorization_callback", 0, reason
		all = append(all, e)
	}
	has(t, open(t, all...).page("/portal/"), "2 ×</b>", "authorization callback: refused</a>")
}

// TestLittleIsSeenBesideMuch: one refusal among many has a bar too.
func TestLittleIsSeenBesideMuch(t *testing.T) {
	t.Parallel()
	page := open(t, append(served(600), refusedTax())...).page("/portal/")
	has(t, page, `<rect class="bad"`, `height="2" rx="2"></rect>`)
}

// TestAChosenMerchant: an operator looks at one, and nobody at one that is not
// there.
func TestAChosenMerchant(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, merchant := range []string{"shoes", "books"} {
		e := refusedTax()
		e.CorrelationID, e.MerchantID = idAt(i), merchant
		e.Violations[0].Path = "of_" + merchant
		s.log.add(e)
		if err := s.store.AddMerchant(t.Context(), store.Merchant{ID: merchant, Name: merchant, CreatedAt: noon}); err != nil {
			t.Fatal(err)
		}
	}
	has(t, s.page("/portal/"), `data-testid="requests">2</a>`, "of_shoes", "of_books", `<option value="">all</option>`)
	one := s.page("/portal/?period=hour&merchant=books")
	has(t, one, `data-testid="requests">1</a>`, "of_books", "<option selected>books</option>", "merchant=books&amp;period=week", "merchant=books&amp;status=4xx")
	lacks(t, one, "of_shoes")
	if w := s.ask("GET", "/portal/?merchant=socks"); w.Code != 404 {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// TestEmptyTimesTeach: what to do where nothing happened.
func TestEmptyTimesTeach(t *testing.T) {
	t.Parallel()
	s := open(t)
	for period, want := range map[string]string{"hour": "Nothing was counted in the last hour", "week": "Nothing was counted in the last 7 days"} {
		page := s.page("/portal/?period=" + period)
		has(t, page, want, "curl -u demo:demo")
		if offers := strings.Contains(page, `<a href="/portal/?period=week">Look at`); offers != (period != "week") {
			t.Errorf("%s offers a longer time: %v", period, offers)
		}
	}
}

// TestEachOfManyMerchantsHasAnOverview, also those for whom the list has no room.
func TestEachOfManyMerchantsHasAnOverview(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", Role: account.RoleAdmin})
	for n := range 205 {
		if err := s.store.AddMerchant(t.Context(), store.Merchant{ID: fmt.Sprintf("many-%03d", n), CreatedAt: noon}); err != nil {
			t.Fatal(err)
		}
	}
	for merchant, want := range map[string]int{"many-000": http.StatusOK, "many-204": http.StatusOK, "many-205": http.StatusNotFound} {
		if got := s.answer(httptest.NewRequest(http.MethodGet, "https://pay.example.com/portal/?merchant="+merchant, nil)).Code; got != want {
			t.Errorf("%s: %d, want %d", merchant, got, want)
		}
	}
}
