package requestlog

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// A term is what the index knows of a word, an amount or a property of an
// exchange: forty bits of a hash, so that terms are short and the index holds
// nobody's data. Two words may share a term; what the index finds is looked at.

// The kinds of terms. What stands in files must keep its meaning.
const (
	termWord     = "w"
	termAmount   = "a"
	termID       = "i" // a correlation id that is none of ours; those are found by their time
	termKeyed    = "k"
	termMerchant = "m"
	// These are there twice, once with the merchant: on a server of many merchants
	// one's refusals are few.
	termStatus    = "s"
	termClass     = "c"
	termMethod    = "h"
	termOperation = "o"
)

// vocabulary gathers the terms of a segment.
type vocabulary struct {
	seen  map[uint64]bool
	texts map[uint64]bool // hashes of whole texts, most of which come again
	lower []byte
}

func newVocabulary() *vocabulary {
	return &vocabulary{seen: map[uint64]bool{}, texts: map[uint64]bool{}}
}

const termBits = 40

// hashOf is FNV-1a of the kind and the parts, with a NUL before each part.
func hashOf(kind string, parts ...[]byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	for i := range len(kind) {
		sum = (sum ^ uint64(kind[i])) * prime
	}
	for _, part := range parts {
		sum *= prime // a NUL
		for _, c := range part {
			sum = (sum ^ uint64(c)) * prime
		}
	}
	return (sum ^ sum>>termBits) & (1<<termBits - 1)
}

// termOf is how a term is written: eight letters and digits.
func termOf(hash uint64) string {
	const digits = "abcdefghijklmnopqrstuvwxyz234567"
	var text [termBits / 5]byte
	for i := range text {
		text[i] = digits[hash>>(5*i)&31]
	}
	return string(text[:])
}

func term(kind string, parts ...[]byte) string { return termOf(hashOf(kind, parts...)) }

func (v *vocabulary) add(kind string, parts ...[]byte) { v.seen[hashOf(kind, parts...)] = true }

// exchange adds all terms of an exchange.
func (v *vocabulary) exchange(k *kept) {
	v.add(termMerchant, k.merchantID)
	for _, of := range [...]struct {
		kind  string
		value []byte
	}{{termStatus, number(k.status)}, {termClass, number(k.status / 100)}, {termMethod, k.method}, {termOperation, k.operation}} {
		v.add(of.kind, of.value)
		v.add(of.kind, k.merchantID, of.value)
	}
	if !isUUID(k.correlationID) {
		v.lower = appendLower(v.lower[:0], k.correlationID)
		v.add(termID, v.lower)
	}
	for _, id := range [...][]byte{k.sessionID, k.orderID, k.authorizationToken} {
		v.text(id)
	}
	for keyed := k.keyed; len(keyed) >= keyedSize; keyed = keyed[keyedSize:] {
		v.add(termKeyed, keyed[:keyedSize])
	}
	for _, body := range [...][]byte{k.request, k.response} {
		v.body(body)
	}
}

func (v *vocabulary) text(text []byte) {
	whole := hashOf("", text)
	if v.texts[whole] {
		return
	}
	v.texts[whole] = true
	v.lower = appendLower(v.lower[:0], text)
	words(v.lower, func(from, to int) { v.add(termWord, v.lower[from:to]) })
}

func (v *vocabulary) body(body []byte) {
	lex(body, func(kind kind, name, text []byte) bool {
		switch {
		case kind != kindBare || !isDigits(text):
			v.text(text)
		case indexedAmount(name):
			v.add(termAmount, text)
		}
		return true
	})
}

// indexedAmount tells whether a number under the name is in the index: the
// amounts that people know. A cart has many others, which few look for.
func indexedAmount(name []byte) bool {
	return bytes.HasSuffix(name, []byte("amount")) && !bytes.Contains(name, []byte("tax")) && !bytes.Contains(name, []byte("discount"))
}

// terms are those gathered, in an order that is always the same.
func (v *vocabulary) terms() []string {
	all := make([]string, 0, len(v.seen))
	for hash := range v.seen {
		all = append(all, termOf(hash))
	}
	slices.Sort(all)
	return all
}

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

// termsOf is what a segment must have that holds what is asked for.
func termsOf(q *Query, text []wanted) home.Terms {
	var all home.Terms
	one := func(terms ...string) { all = append(all, home.Choice{terms}) }
	of := func(kind string, value []byte) {
		if q.AllMerchants {
			one(term(kind, value))
		} else {
			one(term(kind, []byte(q.MerchantID), value))
		}
	}
	if !q.AllMerchants {
		one(term(termMerchant, []byte(q.MerchantID)))
	}
	if q.Method != "" {
		of(termMethod, []byte(q.Method))
	}
	if q.Operation != "" {
		of(termOperation, []byte(q.Operation))
	}
	switch {
	case q.StatusFrom == 0:
	case q.StatusFrom == q.StatusTo:
		of(termStatus, number(q.StatusFrom))
	case q.StatusFrom/100 == q.StatusTo/100:
		of(termClass, number(q.StatusFrom/100))
	}
	for _, id := range [...]string{q.SessionID, q.OrderID} {
		if terms := wordTerms(bytes.ToLower([]byte(id))); len(terms) > 0 {
			one(terms...)
		}
	}
	for i := range text {
		if choice := text[i].terms(); len(choice) > 0 {
			all = append(all, choice)
		}
	}
	return all
}

// wordTerms are those of the words of a text, without the words that a pair has: a
// pair is rarer, and every frequent word is a long list to go through.
func wordTerms(lower []byte) (terms []string) {
	type span struct{ from, to int }
	var all []span
	words(lower, func(from, to int) { all = append(all, span{from, to}) })
	for _, s := range all {
		inPair := slices.ContainsFunc(all, func(other span) bool { return other != s && other.from <= s.from && s.to <= other.to })
		if !inPair {
			terms = append(terms, term(termWord, lower[s.from:s.to]))
		}
	}
	return terms
}

// terms are the ways in which an exchange may have the word; none when it has
// nothing that is in the index.
func (w *wanted) terms() (choice home.Choice) {
	asWords := wordTerms(w.text)
	if len(asWords) == 0 {
		return nil
	}
	choice = home.Choice{asWords, {term(termID, w.text)}}
	for _, hash := range w.keyed {
		choice = append(choice, []string{term(termKeyed, hash)})
	}
	if w.digits {
		choice = append(choice, []string{term(termAmount, w.text)})
	}
	if w.path == nil {
		return choice
	}
	// At a path stands a word, an indexed amount, or a value that is in no index:
	// then its name is all there is to go by.
	var name []byte
	for _, step := range w.path {
		if !step.array {
			name = []byte(step.name)
		}
	}
	atPath := wordTerms(bytes.ToLower(name))
	switch {
	case !bare(w.value[0]) || !isDigits(w.value):
		atPath = append(atPath, wordTerms(w.value)...)
	case indexedAmount(name):
		choice = append(choice, append(slices.Clone(atPath), term(termAmount, w.value)))
		atPath = append(atPath, term(termWord, w.value))
	}
	return append(choice, atPath)
}
