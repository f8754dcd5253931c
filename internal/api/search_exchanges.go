package api

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/wire"
)

// searchDefault is how many exchanges a page has when nothing is said.
const searchDefault = 50

// searchExchanges lists the merchant's exchanges, the newest first. What is
// asked of another merchant finds nothing, like what is unknown. Reading the log
// leaves no trace in it: who follows it would see nothing but that.
func searchExchanges(x *exchange) (answer, error) {
	query, err := exchangesQuery(x.query())
	if err != nil {
		return answer{}, err
	}
	query.MerchantID = x.caller.MerchantID
	page, err := x.api.Recorder.Search(x.request.Context(), query)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	views := make([]wire.Exchange, len(page.Exchanges))
	for i := range page.Exchanges {
		views[i] = exchangeView(&page.Exchanges[i])
	}
	x.unrecorded = true
	return ok(wire.AppendFoundExchanges(nil, views, page.Next, page.Partial))
}

// searchTextMax bounds the texts of a query, in bytes. The longest that is
// looked for is a client token.
const searchTextMax = requestlog.TextMax

// exchangesQuery reads what is asked for.
func exchangesQuery(sent url.Values) (q requestlog.Query, err error) {
	q.Limit = searchDefault
	for name, values := range sent {
		value := values[len(values)-1]
		if len(value) > searchTextMax {
			return q, badValue(name, value[:64], "at most "+strconv.Itoa(searchTextMax)+" bytes")
		}
		if err := setExchangesQuery(&q, name, value); err != nil {
			return q, err
		}
	}
	return q, nil
}

// exchangesQueryNames are what can be asked for.
var exchangesQueryNames = []string{"before", "from", "limit", "method", "operation", "order_id", "session_id", "status", "text", "to"}

func setExchangesQuery(q *requestlog.Query, name, value string) (err error) {
	if value == "" {
		return nil
	}
	switch name {
	case "text":
		q.Text = value
	case "status":
		q.StatusFrom, q.StatusTo, err = statuses(value)
	case "method":
		q.Method = strings.ToUpper(value)
	case "operation":
		q.Operation = value
	case "session_id":
		q.SessionID = value
	case "order_id":
		q.OrderID = value
	case "from":
		q.From, err = instant(name, value)
	case "to":
		q.To, err = instant(name, value)
	case "before":
		q.Before = value
	case "limit":
		q.Limit, err = limit(name, value, requestlog.SearchMax)
	}
	return err
}

// limit reads how much of a list is asked for.
func limit(name, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, badValue(name, value, "a number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}

var (
	statusClass = regexp.MustCompile(`^([1-5])[xX]{2}$`)
	statusRange = regexp.MustCompile(`^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$`)
)

// statuses reads 404, 4xx or 400-499.
func statuses(value string) (from, to int, err error) {
	if class := statusClass.FindStringSubmatch(value); class != nil {
		from = int(class[1][0]-'0') * 100
		return from, from + 99, nil
	}
	parts := statusRange.FindStringSubmatch(value)
	if parts == nil {
		return 0, 0, badValue("status", value, "a status such as 404, a class such as 4xx, or a range such as 400-499")
	}
	from, _ = strconv.Atoi(parts[1]) // three digits
	if to = from; parts[2] != "" {
		to, _ = strconv.Atoi(parts[2])
	}
	return from, to, nil
}

func instant(name, value string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return at, badValue(name, value, "a time such as 2026-11-25T12:00:00Z (RFC 3339)")
	}
	return at, nil
}
