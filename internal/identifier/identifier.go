// Package identifier makes the ids of sessions, authorizations, orders and
// exchanges. They look like UUIDs, as clients know them, and begin with the
// time of their making, so that what is stored together was made together and
// indexes grow at one end; 74 bits are random, so that none can be guessed.
//
// It must not know what the ids are used for. The time in an id is a hint where
// to look for something and whether it has had its time, never a fact to decide
// on otherwise.
package identifier

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// New returns an id in the form xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx.
func New(now time.Time) string {
	var b [16]byte
	// Documented never to fail: it ends the process where the system has no
	// randomness.
	_, _ = rand.Read(b[6:])
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.UnixMilli()))
	copy(b[:6], at[2:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return Format(b)
}

// First is the text that is before every id of that time and after.
func First(at time.Time) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(0, at.UnixMilli())))
	var id [16]byte
	copy(id[:6], b[2:])
	return Format(id)
}

// Preceding is the greatest id that is less than another; ok is false for a text that
// is no id, and for the least.
func Preceding(id string) (before string, ok bool) {
	var b [16]byte
	if !Parse(id, &b) {
		return "", false
	}
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]--; b[i] != 0xff {
			return Format(b), true
		}
	}
	return "", false
}

// Format is the text of 16 bytes as a UUID, in lower case.
func Format(b [16]byte) string {
	var text [Chars]byte
	return string(Append(text[:0], b))
}

// Chars is the length of an id.
const Chars = 36

// Append appends what Format writes.
func Append(dst []byte, b [16]byte) []byte {
	var text [Chars]byte
	hex.Encode(text[0:8], b[0:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:36], b[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(dst, text[:]...)
}

// pairAt is where the two digits of each byte stand.
var pairAt = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// Parse reads what Format writes and nothing else, so that an id has one
// spelling: what was stored under one is never found under another. Version and
// variant are not looked at: the protocol's ids have the form only.
func Parse(s string, id *[16]byte) bool {
	if len(s) != Chars || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i, at := range pairAt {
		high, low := hexDigit(s[at]), hexDigit(s[at+1])
		if high > 15 || low > 15 {
			return false
		}
		id[i] = high<<4 | low
	}
	return true
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	default:
		return 255
	}
}
