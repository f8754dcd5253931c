package identifier

import "time"

// Time is when an id was made, in milliseconds; ok is false for a text that is
// no id. It is a hint where to look for what has the id. No rule may depend on
// it: the clock of a playground may be anywhere.
func Time(id string) (at time.Time, ok bool) {
	var b [16]byte
	if !Parse(id, &b) {
		return time.Time{}, false
	}
	var ms int64
	for _, part := range b[:6] {
		ms = ms<<8 | int64(part)
	}
	return time.UnixMilli(ms).UTC(), true
}
