package api

import (
	"net/http"
	"sort"
	"strings"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// route is one operation.
type route struct {
	operation string // Klarna's name in the merchant portal where it has one
	handle    func(*exchange) (answer, error)
}

// routes is the one table of paths and methods.
func (a *API) routes() map[string]map[string]route {
	table := map[string]map[string]route{
		"/payments/v1/sessions": {
			http.MethodPost: {"create_session", createSession},
		},
		"/payments/v1/sessions/{session_id}": {
			http.MethodGet:  {"read_session", readSession},
			http.MethodPost: {"update_session", updateSession},
		},
		"/payments/v1/authorizations/{authorization_token}": {
			http.MethodDelete: {"cancel_authorization", cancelAuthorization},
		},
		"/payments/v1/authorizations/{authorization_token}/order": {
			http.MethodPost: {"create_order", createOrder},
		},
		"/payments/v1/authorizations/{authorization_token}/customer-token": {
			http.MethodPost: {"create_customer_token", createCustomerToken},
		},
	}
	// Why something was refused, and whether a body is right, is for the shops
	// of an operator too.
	table["/kvitto/v1/exchanges/{correlation_id}"] = map[string]route{http.MethodGet: {"read_exchange", readExchange}}
	table["/kvitto/v1/exchanges"] = map[string]route{http.MethodGet: {"search_exchanges", searchExchanges}}
	table["/kvitto/v1/sessions/{session_id}/exchanges"] = map[string]route{http.MethodGet: {"read_session_exchanges", sessionExchanges}}
	table["/kvitto/v1/check"] = map[string]route{http.MethodPost: {"check", check}}
	table["/kvitto/v1/offers"] = map[string]route{http.MethodGet: {"read_offers", readOffers}}
	table["/kvitto/v1/assessments/{assessment_id}"] = map[string]route{http.MethodGet: {"read_assessment", readAssessment}}
	table["/kvitto/v1/assessments/replay"] = map[string]route{http.MethodPost: {operationReplay, replayAssessments}}
	table["/kvitto/v1/sessions/{session_id}/assessments"] = map[string]route{http.MethodGet: {"read_session_assessments", sessionAssessments}}
	a.pageRoutes(table)
	a.callbackRoutes(table)
	a.reviewRoutes(table)
	a.orderRoutes(table)
	if a.Playground == nil {
		return table
	}
	for _, call := range []risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize} {
		table["/kvitto/v1/sessions/{session_id}/"+string(call)] = map[string]route{
			http.MethodPost: {string(call), func(x *exchange) (answer, error) { return browserCall(x, call) }},
		}
	}
	table["/kvitto/v1/clock"] = map[string]route{
		http.MethodGet:  {"read_clock", readClock},
		http.MethodPost: {"advance_clock", advanceClock},
	}
	if a.Next != nil {
		table["/kvitto/v1/next"] = map[string]route{
			http.MethodGet:    {"read_next", readNext},
			http.MethodPost:   {"prime_next", primeNext},
			http.MethodDelete: {"clear_next", clearNext},
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
			http.MethodPost: {"browser_" + string(call), func(x *exchange) (answer, error) { return pageCall(x, call) }},
		}
	}
	table[session+"review"] = map[string]route{http.MethodPost: {operationReview, review}}
	table[session+"events"] = map[string]route{http.MethodPost: {operationEvent, noteEvent}}
	table[expressPath] = map[string]route{http.MethodPost: {"browser_create_session", createSession}}
}

// callbackRoutes show a merchant what its server is told; only a playground
// lets it be changed.
func (a *API) callbackRoutes(table map[string]map[string]route) {
	if a.Callbacks == nil {
		return
	}
	const callbacks = "/kvitto/v1/callbacks"
	table[callbacks] = map[string]route{http.MethodGet: {"read_callbacks", readCallbacks}}
	table[callbacks+"/secret"] = map[string]route{http.MethodGet: {"read_callback_secret", readCallbackSecret}}
	if a.Playground == nil {
		return
	}
	table[callbacks+"/hold"] = map[string]route{http.MethodPost: {"hold_callbacks", holdCallbacks}}
	table[callbacks+"/{callback_id}/duplicate"] = map[string]route{http.MethodPost: {"duplicate_callback", duplicateCallback}}
	table[callbacks+"/{callback_id}/delay"] = map[string]route{http.MethodPost: {"delay_callback", delayCallback}}
	for _, step := range []store.CallbackStep{store.CallbackRelease, store.CallbackReplay, store.CallbackDrop} {
		table[callbacks+"/{callback_id}/"+string(step)] = map[string]route{
			http.MethodPost: {string(step) + "_callback", func(x *exchange) (answer, error) { return stepCallback(x, step) }},
		}
	}
}

func allowed(methods map[string]route) string {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
