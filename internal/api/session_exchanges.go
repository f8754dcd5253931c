package api

import (
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/wire"
)

// Bounds of one answer. A body of more than listedBodyMax is left out of it, and
// so is what comes when listedMax is full: reading the exchange itself gives it.
const (
	exchangesDefault = 100
	exchangesMax     = 1000
	listedBodyMax    = 4 << 10 // bytes
	listedMax        = 2 << 20 // bytes of all bodies and explanations
)

// sessionExchanges tells a session's story: what the shop's server and the
// customer's browser asked and were answered, oldest first. A session that is
// unknown, or another merchant's, has none.
func sessionExchanges(x *exchange) (answer, error) {
	count := exchangesDefault
	if sent := x.query().Get("limit"); sent != "" {
		var err error
		if count, err = limit("limit", sent, exchangesMax); err != nil {
			return answer{}, err
		}
	}
	found, err := x.api.Recorder.OfSession(x.request.Context(), x.caller.MerchantID, x.request.PathValue("session_id"),
		requestlog.Bounds{Count: count, Body: listedBodyMax, Bodies: listedMax})
	if err != nil {
		return answer{}, storeFailed(err)
	}
	views := make([]wire.Exchange, len(found))
	for i := range found {
		views[i] = exchangeView(&found[i])
	}
	return ok(wire.AppendExchanges(nil, views))
}
