package notify

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// record keeps the attempt as an exchange of the session, so that a developer
// finds it among the shop's own calls. The query of the address stays out.
func (n *Notifier) record(ctx context.Context, c *store.Callback, answer *Answer, result Result) {
	if n.options.Record == nil {
		return
	}
	path := "(no URL)"
	if to, err := outbound.Target(c.URL); err == nil {
		path = to.Host + to.EscapedPath()
	}
	exchange := requestlog.Exchange{
		CorrelationID: n.options.NewID(answer.At), MerchantID: c.MerchantID, At: answer.At, Duration: answer.Duration,
		Method: http.MethodPost, Path: path, Operation: string(c.Kind) + "_callback", Status: answer.Status,
		SessionID: c.SessionID, RequestBody: c.Body, ResponseBody: answer.Body, Reason: reason(c, answer, result),
	}
	bounded, cancel := context.WithTimeout(ctx, storeMax/2)
	defer cancel()
	if err := n.options.Record(bounded, exchange); err != nil {
		n.options.Logger.Error("cannot record the delivery of a callback", "callback_id", c.ID, "cause", err)
	}
}

// reason says what became of a callback that was not taken; "" of one that was.
func reason(c *store.Callback, answer *Answer, result Result) string {
	if result == ResultDelivered {
		return ""
	}
	said := answer.Error
	if said == "" {
		wanted := "2xx"
		if c.Kind == checkout.CallbackNotification {
			wanted = "200"
		}
		said = fmt.Sprintf("the receiver answered %d and not %s", answer.Status, wanted)
	}
	if result == ResultFailed {
		return fmt.Sprintf("callback %s, attempt %d, the last: %s", c.ID, c.Attempts+1, said)
	}
	return fmt.Sprintf("callback %s, attempt %d: %s; it is tried again", c.ID, c.Attempts+1, said)
}
