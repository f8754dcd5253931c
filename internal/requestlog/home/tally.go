package home

// Tally is what one writer has counted of the exchanges that began in one span
// of time. It is written with them, again and again, as it grows: the newest
// takes the place of the one before. Several of a span add up.
type Tally struct {
	// Everybody tells that it is of all merchants; MerchantID is empty then.
	Everybody  bool
	MerchantID string
	Start      int64  // of the span, in seconds since 1970
	ID         string // no two tallies of one span and merchant have the same
	Data       []byte
}

// TallyRange is which tallies are looked for: those of one merchant, or of
// everybody, whose spans start from From on and before To.
type TallyRange struct {
	Everybody  bool
	MerchantID string
	From, To   int64 // in seconds since 1970
}

// TallySpan is the length of a span, in seconds. Spans start at its multiples.
const TallySpan = 5 * 60
