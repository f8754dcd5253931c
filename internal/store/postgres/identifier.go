package postgres

import (
	"crypto/rand"
	"encoding/binary"
)

// changeNames makes the ids of the changes of one batch: they share 96 random
// bits and end with their place in the batch.
type changeNames [12]byte

func newChangeNames() changeNames {
	var names changeNames
	_, _ = rand.Read(names[:]) // documented never to fail
	return names
}

func (n changeNames) at(place int) [16]byte {
	var id [16]byte
	copy(id[:], n[:])
	binary.BigEndian.PutUint32(id[12:], uint32(place))
	return id
}

// placeOf is the place that an id made by at ends with.
func placeOf(id [16]byte) int { return int(binary.BigEndian.Uint32(id[12:])) }
