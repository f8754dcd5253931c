package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner walks the text of a body once, from left to right, and checks it on
// the way: JSON's grammar, names that come twice, UTF-8, nesting. Everything it
// returns is a piece of the body; nothing is copied here. It exists beside the JSON
// library because reading a cart was the most expensive step of an update (see
// docs/adr/0006-own-json-scanner.md); tests compare it with the library and
// with the standard one.
type scanner struct {
	body  string
	at    int   // of the next byte
	depth int   // of open objects and lists
	err   error // the first malformation; everything stops there

	names []string // of the open objects, each object's behind its parent's
	many  map[int]map[string]bool
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = &Malformation{What: what, Offset: min(s.at, len(s.body))}
	}
}

// lacks fails with what must stand here, or with the end of the text.
func (s *scanner) lacks(what string) {
	if s.at >= len(s.body) {
		what = "the text ends too early"
	}
	s.fail(what)
}

// Malformation is why a body is no JSON object, and where. It is an
// ErrMalformed.
type Malformation struct {
	What   string
	Offset int // bytes before the place
}

func (m *Malformation) Error() string {
	return ErrMalformed.Error() + ": " + m.What + " (byte " + strconv.Itoa(m.Offset) + ")"
}

// Unwrap makes errors.Is find ErrMalformed.
func (m *Malformation) Unwrap() error { return ErrMalformed }

// Kinds of values, as peek tells them.
const (
	kindEnd    = 0
	kindString = '"'
	kindNumber = '0'
	kindNull   = 'n'
	kindTrue   = 't'
	kindFalse  = 'f'
	kindObject = '{'
	kindList   = '['
)

// peek passes over white space and tells what comes next: a kind, or the byte
// itself when no value begins with it.
func (s *scanner) peek() byte {
	for s.at < len(s.body) {
		switch c := s.body[s.at]; c {
		case ' ', '\n', '\r', '\t':
			s.at++
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return kindNumber
		default:
			return c
		}
	}
	return kindEnd
}

// value passes over one value and returns its text.
func (s *scanner) value() string {
	kind := s.peek()
	start := s.at
	switch kind {
	case kindString:
		s.text()
	case kindNumber:
		s.number()
	case kindNull:
		s.literal("null")
	case kindTrue:
		s.literal("true")
	case kindFalse:
		s.literal("false")
	case kindObject:
		s.object(func(string) { s.value() })
	case kindList:
		s.list(func(int) { s.value() })
	default:
		s.unexpected()
	}
	return s.body[start:s.at]
}

// unexpected says what stands where a value must.
func (s *scanner) unexpected() {
	rest := s.body[s.at:]
	switch {
	case rest == "":
		s.fail("the text ends where a value must stand")
	case strings.HasPrefix(rest, "\ufeff"):
		s.fail("the text begins with a byte order mark")
	default:
		r, _ := utf8.DecodeRuneInString(rest)
		s.fail("no value begins with " + strconv.QuoteRune(r))
	}
}

func (s *scanner) literal(word string) {
	if len(s.body)-s.at < len(word) || s.body[s.at:s.at+len(word)] != word {
		s.fail("a word that is neither null, true nor false")
		return
	}
	s.at += len(word)
}

// open enters an object or list; close leaves it.
func (s *scanner) open() bool {
	if s.depth == DepthMax {
		s.fail("nested deeper than " + strconv.Itoa(DepthMax) + " levels")
		return false
	}
	s.depth++
	s.at++
	return true
}

func (s *scanner) close() {
	s.depth--
	s.at++
}

// object reads an object whose bracket is next. read must pass over the value
// of the property; the name lives as long as the body.
func (s *scanner) object(read func(name string)) {
	if !s.open() {
		return
	}
	own := len(s.names)
	for first := true; s.err == nil; first = false {
		kind := s.peek()
		if kind == '}' && first {
			break
		}
		if !first {
			if kind == '}' {
				break
			}
			if kind != ',' {
				s.lacks("a property must be followed by a comma or a closing brace")
				return
			}
			s.at++
			kind = s.peek()
		}
		if kind != kindString {
			s.lacks("a property must begin with its name")
			return
		}
		name := s.text()
		s.note(name, own)
		if s.peek() != ':' {
			s.lacks("a name must be followed by a colon")
			return
		}
		s.at++
		read(name)
	}
	s.names = s.names[:own]
	delete(s.many, own)
	if s.err == nil {
		s.close()
	}
}

// linearMax is how many names of an object are compared one by one.
const linearMax = 32

// note remembers a name of the object and refuses one that came before.
func (s *scanner) note(name string, own int) {
	for _, known := range s.names[own:] {
		if known == name {
			s.twice(name)
			return
		}
	}
	if len(s.names)-own < linearMax {
		s.names = append(s.names, name)
		return
	}
	// No object of the protocol has so many: the rest goes into a set.
	set := s.many[own]
	if set == nil {
		set = make(map[string]bool)
		if s.many == nil {
			s.many = make(map[int]map[string]bool)
		}
		s.many[own] = set
	}
	if set[name] {
		s.twice(name)
	}
	set[name] = true
}

func (s *scanner) twice(name string) {
	s.fail("the name " + clip(strconv.Quote(name)) + " comes twice")
}

// list reads a list whose bracket is next. read must pass over the element.
func (s *scanner) list(read func(index int)) {
	if !s.open() {
		return
	}
	for index := 0; s.err == nil; index++ {
		kind := s.peek()
		if kind == ']' {
			break
		}
		if index > 0 {
			if kind != ',' {
				s.lacks("an element must be followed by a comma or a closing bracket")
				return
			}
			s.at++
			if s.peek() == ']' {
				s.fail("a list must not end with a comma")
				return
			}
		}
		read(index)
	}
	if s.err == nil {
		s.close()
	}
}

// text reads a string: the piece of the body between the quotes, or its
// meaning when there are escapes.
func (s *scanner) text() string {
	start := s.at
	s.at++
	escaped := false
	for s.at < len(s.body) {
		c := s.body[s.at]
		if plain[c] {
			s.at++
			continue
		}
		switch {
		case c == '"':
			s.at++
			if !escaped {
				return s.body[start+1 : s.at-1]
			}
			meaning, err := jsontext.AppendUnquote(nil, s.body[start:s.at])
			if err != nil {
				s.fail("a string has a bad escape")
			}
			return string(meaning)
		case c == '\\':
			escaped = true
			s.at += 2 // what follows is checked with the meaning
		case c < ' ':
			s.fail("a string has a control character")
			return ""
		default:
			r, size := utf8.DecodeRuneInString(s.body[s.at:])
			if r == utf8.RuneError && size == 1 {
				s.fail("a string is not valid UTF-8")
				return ""
			}
			s.at += size
		}
	}
	s.at = len(s.body)
	s.fail("a string does not end")
	return ""
}

// plain are the bytes of a string that mean themselves.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// number passes over a number of JSON's grammar.
func (s *scanner) number() {
	if s.body[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.body) && s.body[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return
	}
	if s.at < len(s.body) && s.body[s.at] == '.' {
		s.at++
		if !s.digits() {
			return
		}
	}
	if s.at < len(s.body) && s.body[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.body) && (s.body[s.at] == '+' || s.body[s.at] == '-') {
			s.at++
		}
		s.digits()
	}
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.body) && s.body[s.at]-'0' <= 9 {
		s.at++
	}
	if s.at == start {
		s.fail("a number lacks a digit")
		return false
	}
	return true
}

// end makes sure that nothing but white space follows.
func (s *scanner) end() {
	s.peek()
	if s.err == nil && s.at < len(s.body) {
		s.fail("there is text after the object")
	}
}
