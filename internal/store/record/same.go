package record

import (
	"bytes"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Same tells whether a document, of whichever version, has what the session has.
func Same(document []byte, s *checkout.Session) (bool, error) {
	var stored checkout.Session
	if err := Decode(document, &stored); err != nil {
		return false, err
	}
	return bytes.Equal(appendDocument(nil, &stored), appendDocument(nil, s)), nil
}
