package requestlog

import (
	"encoding/binary"
	"hash/fnv"
	"iter"
)

// sessionMarkSize is the bytes of one exchange in runs.sessions.
const sessionMarkSize = 4

// sessionMark is a short name of a session: different sessions may share one.
func sessionMark(sessionID string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(sessionID)) // never fails
	return h.Sum32()
}

func appendSessionMark(marks []byte, sessionID string) []byte {
	return binary.LittleEndian.AppendUint32(marks, sessionMark(sessionID))
}

// marked gives the places in marks that hold the session's mark.
func marked(marks []byte, sessionID string) iter.Seq[int] {
	wanted := sessionMark(sessionID)
	return func(yield func(int) bool) {
		for i := 0; i+sessionMarkSize <= len(marks); i += sessionMarkSize {
			if binary.LittleEndian.Uint32(marks[i:]) == wanted && !yield(i/sessionMarkSize) {
				return
			}
		}
	}
}
