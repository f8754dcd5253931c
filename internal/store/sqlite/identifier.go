package sqlite

import (
	"errors"

	ids "github.com/kvitto/kvitto/internal/identifier"
)

// identifier is a UUID as it is stored. Version and variant are not looked at:
// the protocol's ids have the form only.
type identifier [16]byte

var errIdentifier = errors.New("sqlite: an id must be a UUID in lower case, like 0b1d9815-165e-42e2-8867-35bc03789e00")

// parseIdentifier reads the canonical form and nothing else, so that an id has
// one spelling: what was stored under one is never found under another.
func parseIdentifier(s string, id *identifier) bool { return ids.Parse(s, (*[16]byte)(id)) }

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
