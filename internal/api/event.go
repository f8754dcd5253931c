package api

import "github.com/kvitto/kvitto/internal/wire"

// eventNames are what a page may tell.
var eventNames = map[string]bool{
	"init": true, "misuse": true, "buttons_load": true, "flow_shown": true, "flow_hidden": true, "failure": true,
}

const eventNamesText = "one of init, misuse, buttons_load, flow_shown, flow_hidden, failure"

// Bounds of what pages tell: nobody's browser fills the request log.
const (
	eventDetailMax  = 4 << 10 // bytes
	eventBodyMax    = eventDetailMax + 512
	eventsOfSession = 200 // recorded; what comes after is counted only
)

// noteEvent records what happened in the browser alone.
func noteEvent(x *exchange) (answer, error) {
	if _, err := x.pageSession(); err != nil {
		return answer{}, err
	}
	event, err := wire.DecodeEvent(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(event.Problems) > 0 {
		return answer{}, badBody(event.Problems)
	}
	if !eventNames[event.Name] {
		return answer{}, badValue("event", event.Name, eventNamesText)
	}
	if event.DetailBytes > eventDetailMax {
		return answer{}, badValue("detail", "more than 4 KiB", "an object of at most 4 KiB")
	}
	x.record.Operation = "browser_event_" + event.Name
	return noContent()
}
