package home

import (
	"encoding/binary"
	"hash/fnv"
)

// markSize is the bytes of a mark, which is a short name of a name (FNV-1a,
// little endian): different names may share one.
const markSize = 4

// AppendMark appends the mark of a name: the id of a session or an order, or a
// token. The number stands in files and must not change.
func AppendMark(marks []byte, name string) []byte {
	return binary.LittleEndian.AppendUint32(marks, mark(name))
}

// HasMark tells whether marks may stand for the name.
func HasMark(marks []byte, name string) bool {
	wanted := mark(name)
	for ; len(marks) >= markSize; marks = marks[markSize:] {
		if binary.LittleEndian.Uint32(marks) == wanted {
			return true
		}
	}
	return false
}

func mark(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()
}
