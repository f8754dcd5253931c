package requestlog

import "slices"

// Bounds are of what is in memory at once, for lists of exchanges. Zero, or
// less, is no bound.
type Bounds struct {
	Count  int // exchanges; those that come later are left away
	Body   int // bytes of one body
	Bodies int // bytes of all bodies and explanations together
}

// bodyBound leaves out of exchanges what is too large while they are searched
// for. Nil leaves out nothing. What is left out is marked, and Find has it.
type bodyBound struct{ each, left int }

func boundOf(b Bounds) *bodyBound {
	if b.Body <= 0 && b.Bodies <= 0 {
		return nil
	}
	const boundless = int(^uint(0) >> 1)
	bound := &bodyBound{each: boundless, left: boundless}
	if b.Body > 0 {
		bound.each = b.Body
	}
	if b.Bodies > 0 {
		bound.left = b.Bodies
	}
	return bound
}

// admit tells whether a body of the size is kept, and counts it.
func (b *bodyBound) admit(size int) bool {
	if b == nil {
		return true
	}
	if size > b.each || size > b.left {
		return false
	}
	b.left -= size
	return true
}

// explain is explain with the first violations and messages only, where all of
// them are too large.
func (b *bodyBound) explain(e *Exchange, text []byte) error {
	if err := explain(e, text); err != nil || b.admit(len(text)) {
		return err
	}
	// The first of each are what the answer was made of; they are small.
	e.Violations = slices.Clone(e.Violations[:min(len(e.Violations), explanationStart)])
	e.ErrorMessages = slices.Clone(e.ErrorMessages[:min(len(e.ErrorMessages), explanationStart)])
	e.LeftOut = true
	return nil
}

// explanationStart is how many violations and messages of a large explanation
// are kept.
const explanationStart = 3
