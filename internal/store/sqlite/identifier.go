package sqlite

import (
	"errors"

	ids "github.com/kvitto/kvitto/internal/identifier"
)

// identifier is a UUID as it is stored. Version and variant are not looked at:
// the protocol's ids have the form only.
type identifier [16]byte

var errIdentifier = errors.New("sqlite: an id must be a UUID in lower case, like 0b1d9815-165e-42e2-8867-35bc03789e00")

// pairAt is where the two digits of each byte stand.
var pairAt = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// parseIdentifier reads the canonical form and nothing else, so that an id has
// one spelling: what was stored under one is never found under another.
func parseIdentifier(s string, id *identifier) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
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

// text is the canonical form.
func (id *identifier) text() string { return ids.Format(*id) }

// identifierText is the canonical form of a stored id, "" of NULL.
func identifierText(stored []byte) string {
	if len(stored) != len(identifier{}) {
		return ""
	}
	id := identifier(stored)
	return id.text()
}
