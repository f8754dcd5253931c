// Package compression packs what is stored when that saves pages: large session
// documents and bodies of exchanges.
//
// It owns the choice of algorithm (S2: fast enough to cost less than the pages
// it saves) and when packing pays. It must not know what the bytes mean; that a
// stored value is packed is for its owner to remember.
package compression

import (
	"sync"

	"github.com/klauspost/compress/s2"
)

// Min is the size from which bytes are packed. A body of fifty order lines
// shrinks to about a sixth; a small one would not fill fewer pages.
const Min = 2048

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// Append appends the packed form of src to dst if that is smaller than src and
// src is large enough to be worth it; ok tells whether it did. src must not
// overlap the free part of dst.
func Append(dst, src []byte) (packed []byte, ok bool) {
	if len(src) < Min {
		return dst, false
	}
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	block := encode(buffer, src)
	if len(block) >= len(src) {
		return dst, false
	}
	return append(dst, block...), true
}

// Replace is Append for bytes that give way to their packed form: dst[start:]
// becomes the mark and what was there, packed.
func Replace(dst []byte, start int, mark byte) (packed []byte, ok bool) {
	src := dst[start:]
	if len(src) < Min {
		return dst, false
	}
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	block := encode(buffer, src)
	if len(block) >= len(src) {
		return dst, false
	}
	return append(append(dst[:start], mark), block...), true
}

func encode(buffer *[]byte, src []byte) []byte {
	if need := s2.MaxEncodedLen(len(src)); cap(*buffer) < need {
		*buffer = make([]byte, need)
	}
	return s2.Encode((*buffer)[:cap(*buffer)], src)
}

// Unpack returns what was packed, or an error when it is damaged.
func Unpack(packed []byte) ([]byte, error) { return s2.Decode(nil, packed) }

// UnpackInto is Unpack into the memory of a buffer, if it is large enough.
func UnpackInto(buffer, packed []byte) ([]byte, error) {
	return s2.Decode(buffer[:cap(buffer)], packed)
}
