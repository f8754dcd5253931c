package identifier

import "time"

// Before is less than every id that was made at the time or later, and greater
// than all that were made before: where to begin to look.
func Before(at time.Time) string {
	var b [16]byte
	ms := at.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (8 * (5 - i)))
	}
	return Format(b)
}

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
