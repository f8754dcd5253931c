package store

// AppendKeys writes keys down one after the other, as engines keep those of an
// assessment.
func AppendKeys(into []byte, keys []SubjectKey) []byte {
	for i := range keys {
		into = append(into, keys[i][:]...)
	}
	return into
}

// KeysOf reads what AppendKeys wrote. What is left over is no key.
func KeysOf(packed []byte) []SubjectKey {
	var keys []SubjectKey
	for len(packed) >= len(SubjectKey{}) {
		keys = append(keys, SubjectKey(packed[:len(SubjectKey{})]))
		packed = packed[len(SubjectKey{}):]
	}
	return keys
}
