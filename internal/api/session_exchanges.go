package api

import (
	"strconv"

	"github.com/kvitto/kvitto/internal/wire"
)

// The number of exchanges in one answer. Each may carry a body of a megabyte.
const (
	exchangesDefault = 100
	exchangesMax     = 1000
)

// sessionExchanges tells a session's story: what the shop's server and the
// customer's browser asked and were answered, oldest first. A session that is
// unknown, or another merchant's, has none.
func sessionExchanges(x *exchange) (answer, error) {
	limit := exchangesDefault
	if sent := x.request.URL.Query().Get("limit"); sent != "" {
		number, err := strconv.Atoi(sent)
		if err != nil || number < 1 || number > exchangesMax {
			return answer{}, badValue("limit", sent, "a number from 1 to "+strconv.Itoa(exchangesMax))
		}
		limit = number
	}
	found, err := x.api.Recorder.OfSession(x.request.Context(), x.caller.MerchantID, x.request.PathValue("session_id"), limit)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	views := make([]wire.Exchange, len(found))
	for i := range found {
		views[i] = exchangeView(&found[i])
	}
	return ok(wire.AppendExchanges(nil, views))
}
