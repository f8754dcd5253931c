package sqlite

import (
	"encoding/hex"
	"errors"
)

// identifier is a UUID as it is stored. Version and variant are not looked at:
// the protocol's ids have the form only.
type identifier [16]byte

var errIdentifier = errors.New("sqlite: an id must be a UUID in lower case, like 0b1d9815-165e-42e2-8867-35bc03789e00")

// parseIdentifier reads the canonical form and nothing else, so that an id has
// one spelling: what was stored under one is never found under another.
func parseIdentifier(s string, id *identifier) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	out := 0
	for i := 0; i < 36; i += 2 {
		if s[i] == '-' {
			i++
		}
		high, low := hexDigit(s[i]), hexDigit(s[i+1])
		if high > 15 || low > 15 {
			return false
		}
		id[out] = high<<4 | low
		out++
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

// text is the canonical form.
func (id *identifier) text() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// identifierText is the canonical form of a stored id, "" of NULL.
func identifierText(stored []byte) string {
	if len(stored) != len(identifier{}) {
		return ""
	}
	id := identifier(stored)
	return id.text()
}
