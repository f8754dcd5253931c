package requestlog

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
)

// redaction is what is done to bodies before they are stored. It is used by one
// goroutine.
type redaction struct {
	personal bool      // personal data is masked too
	hash     hash.Hash // HMAC with the log's key; nil where nothing is to be found by it
	keyed    []byte    // hashes of the values that were met, each keyedSize long
	// wary: the bodies may be no JSON. Those of a call that was served are.
	wary bool
	// eraser is nil but where somebody is erased from what was stored.
	eraser *eraser
}

func newRedaction(options *Options) redaction {
	return redaction{personal: options.MaskPersonal, hash: hmac.New(sha256.New, options.SearchKey)}
}

// how is the way in which a value is stored.
type how uint8

const (
	asItIs      how = iota
	hidden          // ***
	initial         // S***
	mailbox         // a***@example.com
	lastDigits      // ***67
	year            // 1980-***
	signIn          // an e-mail address or a phone number
	objectApart     // what is in an object is decided on by itself; anything else is hidden
)

// hows are the ways for properties that are personal, unless it is initial. The
// city and the region of an address stay: they explain decisions, and name
// nobody.
var hows = map[string]how{
	"attachment":       objectApart,
	"billing_address":  objectApart,
	"body":             hidden, // of an attachment
	"city":             asItIs,
	"code":             hidden,
	"customer":         objectApart,
	"date_of_birth":    year,
	"email":            mailbox,
	"gender":           hidden,
	"login":            signIn,
	"merchant_data":    hidden,
	"phone":            lastDigits,
	"region":           asItIs,
	"shipping_address": objectApart,
}

// personalHow is how the value of a property is stored where personal data is
// masked. The object is the name under which the property's object stands.
func personalHow(object, name string) how {
	shared, about := personalObjects[object]
	_, isObject := personalObjects[name]
	if !isObject && !personalNames[name] && (!about || listed(shared, name)) {
		return asItIs
	}
	return howNamed(name)
}

// howNamed is how the value of a property that is personal is stored.
func howNamed(name string) how {
	if way, known := hows[name]; known {
		return way
	}
	return initial
}

// apply masks a text.
func (h how) apply(text string) string {
	if text == "" || strings.HasPrefix(text, mask) {
		return text // that it is missing is the explanation
	}
	if at := strings.LastIndexByte(text, '@'); at > 0 && (h == mailbox || h == signIn) {
		return first(text) + mask + text[at:]
	}
	switch h {
	case asItIs:
		return text
	case mailbox, initial:
		return first(text) + mask
	case lastDigits, signIn:
		if digits := checkout.PhoneDigits(text); len(digits) >= checkout.WholePhoneMin {
			return mask + digits[len(digits)-2:]
		}
	case year:
		if len(text) >= 4 && isDigits([]byte(text[:4])) {
			return text[:4] + "-" + mask
		}
	case hidden, objectApart:
	}
	return mask
}

// first is the first character of a text.
func first(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// keyedSize is the bytes of a keyed hash.
const keyedSize = 8

// What is looked for as a whole. It stands in hashes.
const (
	keyedMail  = "e"
	keyedPhone = "p"
	keyedToken = "t"
)

// keyedOf is under what a property's value is found as a whole: it is masked or
// may be. A sign-in is an e-mail address or a phone number.
func keyedOf(name string) string {
	switch name {
	case "email", "login":
		return keyedMail
	case "phone":
		return keyedPhone
	case "client_token":
		return keyedToken
	}
	return ""
}

// appendKeyed appends the keyed hash of a value; without the key nobody can tell
// whether it stands for a value.
func (x *redaction) appendKeyed(dst []byte, kind, value string) []byte {
	if kind == keyedMail && !strings.Contains(value, "@") {
		kind = keyedPhone
	}
	switch kind {
	case keyedMail:
		value = strings.ToLower(strings.TrimSpace(value))
	case keyedPhone:
		if value = checkout.PhoneDigits(value); len(value) < checkout.WholePhoneMin {
			return dst
		}
	}
	x.hash.Reset()
	x.hash.Write([]byte(kind)) // never fails
	x.hash.Write([]byte{0})
	x.hash.Write([]byte(value))
	start := len(dst)
	return x.hash.Sum(dst)[:start+keyedSize]
}

// keyedWords are the keyed hashes that a typed word may stand for.
func (x *redaction) keyedWords(word string) (keyed [][]byte) {
	switch {
	case strings.Contains(word, "@"):
		keyed = append(keyed, x.appendKeyed(nil, keyedMail, word))
	case strings.Count(word, ".") == 2:
		keyed = append(keyed, x.appendKeyed(nil, keyedToken, word))
	}
	if hash := x.appendKeyed(nil, keyedPhone, word); hash != nil {
		keyed = append(keyed, hash)
	}
	return keyed
}

// marks are how the personal properties, or the properties of objects that have
// some, end.
var marks = [...]string{"address", "address2", "customer", "gender", "attachment", "merchant_data", "email", "phone", "login", "_name", "_birth",
	"code", "attention", "vat_id", "registration_id"}

// marked has the marks under their last two letters, as places in marks and one
// more. Looking only at what is before a quote takes a fraction of looking for
// all of them, and most names end otherwise. No two marks end alike but in what
// alike has.
var marked, alike = markTables()

func markTables() (marked, alike *[1 << 16]uint8) {
	marked, alike = new([1 << 16]uint8), new([1 << 16]uint8)
	for i, end := range marks {
		table := marked
		if table[lastTwo([]byte(end))] != 0 {
			table = alike
		}
		table[lastTwo([]byte(end))] = uint8(i + 1)
	}
	return marked, alike
}

func lastTwo(text []byte) uint16 { return uint16(text[len(text)-2])<<8 | uint16(text[len(text)-1]) }

// endsPersonal tells whether a personal property may end before one of the
// quotes of a text.
func endsPersonal(text []byte) bool {
	for i, c := range text {
		if c != '"' {
			continue
		}
		name := text[:i]
		for len(name) > 0 && name[len(name)-1] == '\\' { // in a string it is escaped
			name = name[:len(name)-1]
		}
		if len(name) < 2 {
			continue
		}
		last := lastTwo(name)
		if at := marked[last]; at != 0 && (hasMark(name, at) || alike[last] != 0 && hasMark(name, alike[last])) {
			return true
		}
	}
	return false
}

func hasMark(name []byte, at uint8) bool {
	end := marks[at-1]
	return len(name) >= len(end) && string(name[len(name)-len(end):]) == end
}

// keyedNames are of values that are found as a whole, besides secrets. Under a
// rare letter each, as those are. An e-mail address is rarer than its name: it has an @.
var keyedNames = [...]struct {
	rare  byte
	names []string
}{{'h', []string{"phone"}}, {'g', []string{"login"}}}

func containsKeyed(text []byte) bool {
	for i := range keyedNames {
		if contains(text, keyedNames[i].rare, keyedNames[i].names) {
			return true
		}
	}
	return bytes.IndexByte(text, '@') >= 0
}

// mentions tells whether a text could name a property that has to be looked at.
func (x *redaction) mentions(text []byte) bool {
	if containsSecret(text) || x.personal && endsPersonal(text) {
		return true
	}
	return !x.personal && x.hash != nil && containsKeyed(text)
}

// mustNotStay tells whether a text that cannot be rewritten may not be stored.
// It needs no quotes to be about a person.
func (x *redaction) mustNotStay(text []byte) bool {
	return containsSecret(text) || x.namesPerson(text)
}

// namesPerson tells whether what is personal is named in a text in which names
// need no quotes.
func (x *redaction) namesPerson(text []byte) bool {
	return x.personal && slices.ContainsFunc(marks[:], func(end string) bool { return bytes.Contains(text, []byte(end)) })
}

// scalar is the stored form of a string or a number, and notes its hash.
func (x *redaction) scalar(way how, kind string, value jsontext.Value) jsontext.Value {
	text := string(value)
	switch value.Kind() {
	case '"':
		unquoted, _ := jsontext.AppendUnquote(nil, value)
		text = string(unquoted)
	case '0':
	default:
		if way == asItIs || value.Kind() == 'n' {
			return value
		}
		return quote(mask)
	}
	if x.eraser != nil {
		if way == asItIs {
			return x.eraser.without(value, text)
		}
		x.eraser.note(text)
		return x.eraser.erased(value)
	}
	if kind != "" && text != mask && x.hash != nil {
		x.keyed = x.appendKeyed(x.keyed, kind, text)
	}
	if way == asItIs {
		return value
	}
	return quote(way.apply(text))
}
