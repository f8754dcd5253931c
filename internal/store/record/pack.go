package record

import (
	"fmt"

	"github.com/kvitto/kvitto/internal/compression"
)

// packedMark is the first byte of a packed document, one that JSON never
// begins with; the packed bytes follow.
const packedMark = 0x01

// pack replaces the document dst[start:] by its packed form if that is worth
// it.
func pack(dst []byte, start int) []byte {
	packed, _ := compression.Replace(dst, start, packedMark)
	return packed
}

// unpack is the document of what was stored of a session.
func unpack(stored []byte) ([]byte, error) { return unpackA("session", stored) }

// unpackA is the document of what was stored; what names it in the error.
func unpackA(what string, stored []byte) ([]byte, error) {
	if len(stored) == 0 || stored[0] != packedMark {
		return stored, nil
	}
	document, err := compression.Unpack(stored[1:])
	if err != nil {
		return nil, fmt.Errorf("record: a stored %s is damaged: %w", what, err)
	}
	return document, nil
}
