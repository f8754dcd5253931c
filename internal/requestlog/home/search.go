package home

import (
	"math"
	"strings"
	"time"
)

// Kind is what a key names.
type Kind uint8

// The kinds of keys.
const (
	KindBlock Kind = iota
	KindRefusal
	KindSegment // all that is in one
)

// Key names something that is kept, so that it can be loaded.
type Key struct {
	FirstID, LastID string // of a refusal both are its correlation id
	Kind            Kind
	Place           Place
}

// Place is where a home finds what has a key. Number orders segments: see
// SegmentNumber.
type Place struct {
	Number int64
	Day    string
}

// Piece is a block or a refusal.
type Piece struct {
	Block   *Block // nil for a refusal
	Refusal *Refusal
}

// Segment is some pieces of one minute, with every term that is in any of them:
// what the index of a home is made of.
type Segment struct {
	FirstID, LastID string    // of all pieces
	At              time.Time // the newest beginning of an exchange in it
	Keys            []Key     // of its pieces
	Terms           []string  // each once: letters a to z and digits
}

// Minute is the time of an id as it counts for the order of segments: the number
// that its first eight digits are, which is a good minute (65.5 s). Ids
// of other kinds get one too, so that a higher id never has a lower minute.
func Minute(id string) uint32 {
	var minute uint32
	for i := range 8 {
		digit := uint32(0)
		if i < len(id) {
			switch c := id[i]; {
			case '0' <= c && c <= '9':
				digit = uint32(c - '0')
			case 'a' <= c && c <= 'f':
				digit = uint32(c-'a') + 10
			case c < '0':
				return minute << (4 * (8 - i))
			default: // it comes after all that begin with the digit before it
				if digit = 9; c > 'f' {
					digit = 15
				}
				minute = minute<<4 | digit
				rest := 4 * (7 - i)
				return minute<<rest | (1<<rest - 1)
			}
		}
		minute = minute<<4 | digit
	}
	return minute
}

// MinuteOf is the minute of the ids that are made at a time.
func MinuteOf(at time.Time) uint32 { return uint32(min(max(at.UnixMilli(), 0)>>16, math.MaxUint32)) }

// segmentsOfMinute bounds how many segments a minute has: at a quarter of a
// megabyte each more than any disk takes.
const segmentsOfMinute = 1 << 16

// SegmentNumber is the first number that a segment of the minute may have. The
// numbers of the minute after begin at MinuteEnd.
func SegmentNumber(minute uint32) int64 { return int64(minute) * segmentsOfMinute }

// MinuteEnd is the first number after those of the minute.
func MinuteEnd(minute uint32) int64 { return (int64(minute) + 1) * segmentsOfMinute }

// Scope tells what a list has.
type Scope uint8

// The scopes of a list.
const (
	Everything Scope = iota
	Unindexed        // what no segment has
)

// AboveAll is above every id.
const AboveAll = "\U0010ffff"

// Wanted is what segments are looked for.
type Wanted struct {
	Terms Terms
	// Below and From bound the numbers of segments: from From on, below Below.
	Below, From int64
	Limit       int
}

// Terms are what a segment must have: of each Choice one alternative, with all
// its terms.
type Terms []Choice

// Choice is some alternatives.
type Choice [][]string

// Expression writes the terms with the operators of a database's language, which
// knows parentheses.
func (t Terms) Expression(quote, and, or string) string {
	all := make([]string, len(t))
	for i, choice := range t {
		alternatives := make([]string, len(choice))
		for j, terms := range choice {
			alternatives[j] = "(" + quote + strings.Join(terms, quote+and+quote) + quote + ")"
		}
		all[i] = "(" + strings.Join(alternatives, or) + ")"
	}
	return strings.Join(all, and)
}
