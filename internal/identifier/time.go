package identifier

import (
	"encoding/hex"
	"time"
)

// Time is when an id was made, in milliseconds; ok is false for a text that does
// not begin as New's ids do. It is a hint where to look for what has the id. No
// rule may depend on it: the clock of a playground may be anywhere.
func Time(id string) (at time.Time, ok bool) {
	const length = len("xxxxxxxx-xxxx")
	if len(id) < length || id[8] != '-' {
		return time.Time{}, false
	}
	var b [6]byte
	if _, err := hex.Decode(b[:], []byte(id[:8]+id[9:length])); err != nil {
		return time.Time{}, false
	}
	var ms int64
	for _, part := range b {
		ms = ms<<8 | int64(part)
	}
	return time.UnixMilli(ms).UTC(), true
}
