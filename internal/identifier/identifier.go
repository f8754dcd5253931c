// Package identifier makes the ids of sessions, authorizations, orders and
// exchanges. They look like UUIDs, as clients know them, and begin with the
// time of their making, so that what is stored together was made together and
// indexes grow at one end; 74 bits are random, so that none can be guessed.
//
// It must not know what the ids are used for. The time in an id is a hint where
// to look for something, never a fact to decide on.
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

// Format is the text of 16 bytes as a UUID, in lower case.
func Format(b [16]byte) string {
	var text [36]byte
	hex.Encode(text[0:8], b[0:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:36], b[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
