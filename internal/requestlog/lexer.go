package requestlog

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// kind is what stands in a body.
type kind uint8

const (
	kindName kind = iota // of a property
	kindText             // a string
	kindBare             // a number, or a word of a body that is no JSON
)

// lex visits the names, strings and numbers of a body, in their order, with the
// name that stands before each, until visit returns false. It takes
// what it gets: a body that is no JSON has words too. Names and texts are valid
// until the next visit. It is a few times faster than a decoder, which counts
// where all bodies of a log are read.
func lex(body []byte, visit func(kind kind, name, text []byte) bool) {
	var name, scratch []byte
	for i := 0; i < len(body); {
		switch c := body[i]; {
		case c == '"':
			end := stringEnd(body, i+1)
			text := body[i+1 : min(end, len(body))]
			if bytes.IndexByte(text, '\\') >= 0 && end < len(body) {
				// A string with an unknown escape keeps what came before it.
				scratch, _ = jsontext.AppendUnquote(scratch[:0], body[i:end+1])
				text = scratch
			}
			i = end + 1
			kind := kindText
			if next := afterSpace(body, i); next < len(body) && body[next] == ':' {
				kind, name, i = kindName, append(name[:0], text...), next+1
			}
			if !visit(kind, name, text) {
				return
			}
		case bare(c):
			end := i + 1
			for end < len(body) && bare(body[end]) {
				end++
			}
			if !visit(kindBare, name, body[i:end]) {
				return
			}
			i = end
		default:
			i++
		}
	}
}

// stringEnd is the place of the quote that ends a string.
func stringEnd(body []byte, i int) int {
	for i < len(body) && body[i] != '"' {
		if body[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

func afterSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\n' || body[i] == '\r' || body[i] == '\t') {
		i++
	}
	return i
}

func bare(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf || c == '-' || c == '.' || c == '+'
}

// wordMax is the bytes of a word that count.
const wordMax = 64

// words visits the words of a text in lower case, by where each begins and ends:
// letters and digits in a row.
// An id in the form of a UUID is one word. Two words that something else than a
// space joins, as in ORD-2026/17, are visited as a pair too: each of them may
// be everywhere and both together nowhere.
func words(lower []byte, visit func(from, to int)) {
	before := -1 // where the word before begins, when it is joined to what comes
	for i := 0; i < len(lower); {
		id, end := uuidAt(lower, i), i+uuidLength
		if !id {
			end = wordEnd(lower, i)
		}
		if end == i {
			_, size := utf8.DecodeRune(lower[i:])
			if lower[i] <= ' ' {
				before = -1
			}
			i += size
			continue
		}
		visit(i, min(end, i+wordMax))
		if before >= 0 && !id {
			visit(before, min(end, before+2*wordMax))
		}
		if before = i; id { // it is rare enough
			before = -1
		}
		i = end
	}
}

// wordEnd is where a word ends that begins at i; i when none does.
func wordEnd(lower []byte, i int) int {
	for i < len(lower) {
		size := wordRune(lower[i:])
		if size == 0 {
			return i
		}
		i += size
	}
	return i
}

// wordRune is the size of the letter or digit in front of a text; 0 when it is
// something else.
func wordRune(text []byte) int {
	if c := text[0]; c < utf8.RuneSelf {
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRune(text)
	if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
		return size
	}
	return 0
}

const uuidLength = 36

// isUUID tells whether a text is a UUID and nothing else.
func isUUID(text []byte) bool { return len(text) == uuidLength && uuidAt(text, 0) }

// uuidAt tells whether a UUID stands at i, and begins and ends there.
func uuidAt(text []byte, i int) bool {
	if len(text)-i < uuidLength || text[i+8] != '-' || i > 0 && wordRune(text[i-1:]) != 0 {
		return false
	}
	for n, c := range text[i : i+uuidLength] {
		if n == 8 || n == 13 || n == 18 || n == 23 {
			if c != '-' {
				return false
			}
		} else if hexDigit(c) < 0 {
			return false
		}
	}
	return len(text)-i == uuidLength || wordRune(text[i+uuidLength:]) == 0
}

// appendLower appends a text in lower case.
func appendLower(dst, text []byte) []byte {
	start := len(dst)
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return append(dst[:start], bytes.ToLower(text)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
