package home

// Key names a block or a refusal that is kept, so that it can be loaded.
type Key struct {
	FirstID, LastID string // of a refusal both are its correlation id
	Refusal         bool
	Place           Place
}

// Place is where a home finds what has a key; only the home looks at it.
type Place struct {
	Seq int64
	Day string
}

// Piece is a block or a refusal.
type Piece struct {
	Block   *Block // nil for a refusal
	Refusal *Refusal
}
