package home

// Replacement is what takes the place of what is stored of somebody.
type Replacement struct {
	Key         Key // of a block or a refusal
	Packed      bool
	Data        []byte
	Explanation string // of a refusal
	// Segments are those that have the piece, with all of their terms.
	Segments []SegmentTerms
}

// SegmentTerms are the terms of a segment that is there.
type SegmentTerms struct {
	Key   Key
	Terms []string
}
