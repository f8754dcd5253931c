package api

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/kvitto/kvitto/internal/wire"
)

// eventNames are what a page may tell.
var eventNames = map[string]bool{
	"init": true, "misuse": true, "buttons_load": true, "flow_shown": true, "flow_hidden": true, "failure": true,
}

const eventNamesText = "one of init, misuse, buttons_load, flow_shown, flow_hidden, failure"

// Bounds of what pages tell: nobody's browser fills the request log.
const (
	eventDetailMax    = 4 << 10 // bytes
	eventBodyMax      = eventDetailMax + 512
	eventsOfSession   = 200 // recorded; what comes after is counted only
	eventSessionsKept = 16384
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

// eventCounts are how many events of each session were recorded. A session that
// was forgotten for others begins anew.
type eventCounts struct {
	mu       sync.Mutex
	sessions *simplelru.LRU[string, int]
}

// count tells whether one more may be recorded.
func (c *eventCounts) count(sessionID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions == nil {
		c.sessions, _ = simplelru.NewLRU[string, int](eventSessionsKept, nil) // it fails for a size of 0
	}
	n, _ := c.sessions.Get(sessionID)
	if n >= eventsOfSession {
		return false
	}
	c.sessions.Add(sessionID, n+1)
	return true
}
