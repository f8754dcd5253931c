package api

import (
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// route is one operation.
type route struct {
	operation string // Klarna's name in the merchant portal where it has one
	handle    func(*exchange) (answer, error)
	// query are the names of its query parameters: a handler sees no others.
	query []string
}

// routes is the one table of paths and methods.
func (a *API) routes() map[string]map[string]route {
	table := map[string]map[string]route{
		"/payments/v1/sessions": {
			http.MethodPost: {"create_session", createSession, nil},
		},
		"/payments/v1/sessions/{session_id}": {
			http.MethodGet:  {"read_session", readSession, nil},
			http.MethodPost: {"update_session", updateSession, nil},
		},
		"/payments/v1/authorizations/{authorization_token}": {
			http.MethodDelete: {"cancel_authorization", cancelAuthorization, nil},
		},
		"/payments/v1/authorizations/{authorization_token}/order": {
			http.MethodPost: {"create_order", createOrder, nil},
		},
		"/payments/v1/authorizations/{authorization_token}/customer-token": {
			http.MethodPost: {"create_customer_token", createCustomerToken, nil},
		},
	}
	// Why something was refused, and whether a body is right, is for the shops
	// of an operator too.
	table["/kvitto/v1/exchanges/{correlation_id}"] = map[string]route{http.MethodGet: {"read_exchange", readExchange, nil}}
	table["/kvitto/v1/exchanges"] = map[string]route{http.MethodGet: {"search_exchanges", searchExchanges, exchangesQueryNames}}
	table["/kvitto/v1/sessions/{session_id}/exchanges"] = map[string]route{http.MethodGet: {"read_session_exchanges", sessionExchanges, []string{"limit"}}}
	table["/kvitto/v1/sessions/{session_id}/timeline"] = map[string]route{http.MethodGet: {"read_session_timeline", sessionTimeline, nil}}
	table["/kvitto/v1/check"] = map[string]route{http.MethodPost: {"check", check, []string{"session_id"}}}
	table["/kvitto/v1/offers"] = map[string]route{http.MethodGet: {"read_offers", readOffers, offersQueryNames}}
	table["/kvitto/v1/assessments/{assessment_id}"] = map[string]route{http.MethodGet: {"read_assessment", readAssessment, nil}}
	table["/kvitto/v1/assessments/replay"] = map[string]route{http.MethodPost: {operationReplay, replayAssessments, []string{"after", "from", "limit", "to"}}}
	table["/kvitto/v1/sessions/{session_id}/assessments"] = map[string]route{http.MethodGet: {"read_session_assessments", sessionAssessments, nil}}
	a.pageRoutes(table)
	a.callbackRoutes(table)
	a.reviewRoutes(table)
	a.orderRoutes(table)
	if a.Playground == nil {
		return table
	}
	for _, call := range []risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize} {
		table["/kvitto/v1/sessions/{session_id}/"+string(call)] = map[string]route{
			http.MethodPost: {string(call), func(x *exchange) (answer, error) { return browserCall(x, call) }, nil},
		}
	}
	table["/kvitto/v1/clock"] = map[string]route{
		http.MethodGet:  {"read_clock", readClock, nil},
		http.MethodPost: {"advance_clock", advanceClock, nil},
	}
	if a.Next != nil {
		table["/kvitto/v1/next"] = map[string]route{
			http.MethodGet:    {"read_next", readNext, nil},
			http.MethodPost:   {"prime_next", primeNext, nil},
			http.MethodDelete: {"clear_next", clearNext, nil},
		}
	}
	if a.Faults != nil {
		table["/kvitto/v1/faults"] = map[string]route{
			http.MethodGet:    {"read_faults", readFaults, nil},
			http.MethodPost:   {"add_fault", addFault, nil},
			http.MethodDelete: {"clear_faults", clearFaults, nil},
		}
	}
	return table
}

// Operations of pages that are treated apart.
const (
	operationReview = "browser_review"
	operationEvent  = "browser_event"
)

// pageRoutes are the browser's API.
func (a *API) pageRoutes(table map[string]map[string]route) {
	if a.Tokens == nil {
		return
	}
	const session = pagesPrefix + "sessions/{session_id}/"
	for _, call := range []risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize} {
		table[session+string(call)] = map[string]route{
			http.MethodPost: {"browser_" + string(call), func(x *exchange) (answer, error) { return pageCall(x, call) }, nil},
		}
	}
	table[session+"review"] = map[string]route{http.MethodPost: {operationReview, review, nil}}
	table[session+"events"] = map[string]route{http.MethodPost: {operationEvent, noteEvent, nil}}
	table[expressPath] = map[string]route{http.MethodPost: {"browser_create_session", createSession, nil}}
}

// callbackRoutes show a merchant what its server is told; only a playground
// lets it be changed.
func (a *API) callbackRoutes(table map[string]map[string]route) {
	if a.Callbacks == nil {
		return
	}
	const callbacks = "/kvitto/v1/callbacks"
	table[callbacks] = map[string]route{http.MethodGet: {"read_callbacks", readCallbacks, []string{"session_id", "state"}}}
	table[callbacks+"/secret"] = map[string]route{http.MethodGet: {"read_callback_secret", readCallbackSecret, nil}}
	if a.Playground == nil {
		return
	}
	table[callbacks+"/hold"] = map[string]route{http.MethodPost: {"hold_callbacks", holdCallbacks, nil}}
	table[callbacks+"/{callback_id}/duplicate"] = map[string]route{http.MethodPost: {"duplicate_callback", duplicateCallback, nil}}
	table[callbacks+"/{callback_id}/delay"] = map[string]route{http.MethodPost: {"delay_callback", delayCallback, nil}}
	for _, step := range []store.CallbackStep{store.CallbackRelease, store.CallbackReplay, store.CallbackDrop} {
		table[callbacks+"/{callback_id}/"+string(step)] = map[string]route{
			http.MethodPost: {string(step) + "_callback", func(x *exchange) (answer, error) { return stepCallback(x, step) }, nil},
		}
	}
}

// query are the parameters that the operation has. What it does not name here it
// cannot read, so that the documents of internal/openapi can be held to it.
func (x *exchange) query() url.Values {
	sent := x.request.URL.Query()
	for name := range sent {
		if !slices.Contains(x.route.query, name) {
			delete(sent, name)
		}
	}
	return sent
}

func allowed(methods map[string]route) string {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
