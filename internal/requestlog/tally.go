package requestlog

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// This file counts what is written. A tally is of one merchant, or of everybody,
// and of five minutes, and it is written in the transaction of the exchanges that
// it counts. Each process has tallies of its own, which start at nothing, so
// that writing one is no reading, and writing it twice changes nothing.

// Outcome is what an assessment came to.
type Outcome string

// The outcomes.
const (
	OutcomeApproved Outcome = "approved"
	OutcomeReferred Outcome = "referred" // approved, and the order waits for a person
	OutcomeDeferred Outcome = "deferred" // approved so far; finalize decides
	OutcomeAsked    Outcome = "asked"    // the customer was asked for more, or to mend what was said
	OutcomeDenied   Outcome = "denied"
)

// outcomes are in the order in which they are stored. A new one comes last.
var outcomes = [...]Outcome{OutcomeApproved, OutcomeReferred, OutcomeDeferred, OutcomeAsked, OutcomeDenied}

// The bounds of a tally.
const (
	operationsCounted = 64  // those beyond count as the unknown operation
	causesCounted     = 24  // those beyond count together
	causeText         = 160 // bytes of a path or a reason
	talliesOpen       = 4096
)

// tallyKey is what a tally is of.
type tallyKey struct {
	everybody bool
	merchant  string
	start     int64 // in seconds since 1970
}

func keysOf(e *Exchange) [2]tallyKey {
	start := e.At.Unix()
	start -= ((start % home.TallySpan) + home.TallySpan) % home.TallySpan
	return [2]tallyKey{{true, "", start}, {false, searchable(e.MerchantID), start}}
}

// tally counts.
type tally struct {
	key           tallyKey
	id            string
	shed, dropped uint64
	outcomes      [len(outcomes)]uint64
	operations    []operationTally
	causes        []Cause
	others        Cause // that had no place of their own
	changed       bool
}

type operationTally struct {
	name    string
	classes Classes
	took    durations
}

// Classes are counts by the first digit of the status; the first one is of those
// without an answer.
type Classes [6]uint64

// All is their sum.
func (c *Classes) All() (all uint64) {
	for _, n := range c {
		all += n
	}
	return all
}

func (c *Classes) add(other *Classes) {
	for i := range c {
		c[i] += other[i]
	}
}

// Cause is what several exchanges failed for, and who did.
type Cause struct {
	Operation string
	Status    int
	Code      string // of the protocol
	// Rule and Path are of the first violation, Path without the indices of lists.
	Rule checkout.Rule
	Path string
	// Reason stands in their place where no rule was broken, without ids, numbers
	// and addresses, and without the words of who denied a payment.
	Reason string

	Count       uint64
	First, Last time.Time
	// Newest is the correlation id of the last, and MerchantID whose it is.
	Newest, MerchantID string
}

// causeKey is what makes two causes the same.
type causeKey struct {
	operation, code, path, reason string
	rule                          checkout.Rule
	status                        int
}

func (c *Cause) key() causeKey {
	return causeKey{c.Operation, c.Code, c.Path, c.Reason, c.Rule, c.Status}
}

// Include counts what the other one has counted.
func (c *Cause) Include(other *Cause) {
	if other.Count == 0 {
		return
	}
	if c.Count == 0 || other.First.Before(c.First) {
		c.First = other.First
	}
	if c.Count == 0 || !other.Last.Before(c.Last) {
		c.Last, c.Newest, c.MerchantID = other.Last, other.Newest, other.MerchantID
	}
	c.Count += other.Count
}

// codeRejected is the protocol's for a payment that was denied.
const codeRejected = "REJECTED"

// causeOf is why one exchange failed.
func causeOf(e *Exchange) Cause {
	c := Cause{
		Operation: searchable(e.Operation), Status: e.Status, Code: e.ErrorCode, Count: 1, First: e.At, Last: e.At,
		Newest: searchable(e.CorrelationID), MerchantID: searchable(e.MerchantID),
	}
	if len(e.Violations) > 0 {
		c.Rule, c.Path = e.Violations[0].Rule, cut(withoutIndices(e.Violations[0].Path))
		if hasAddress(c.Path) { // of a property that no protocol has
			c.Path = "…"
		}
		return c
	}
	reason := e.Reason
	if reason == "" {
		reason = strings.Join(e.ErrorMessages, "; ")
	}
	if e.ErrorCode == codeRejected {
		// What follows are the words of who decided, who may name the customer.
		reason, _, _ = strings.Cut(reason, ": ")
	}
	c.Reason = cut(withoutNumbers(reason))
	return c
}

func cut(text string) string {
	if len(text) <= causeText {
		return text
	}
	text = text[:causeText]
	for !utf8.ValidString(text) && len(text) > causeText-utf8.UTFMax {
		text = text[:len(text)-1]
	}
	return text + "…"
}

// withoutIndices turns order_lines[12].name into order_lines[].name.
func withoutIndices(path string) string {
	if strings.IndexByte(path, '[') < 0 {
		return path
	}
	kept := make([]byte, 0, len(path))
	inside := false
	for i := range len(path) {
		c := path[i]
		if inside && '0' <= c && c <= '9' {
			continue
		}
		inside = c == '['
		kept = append(kept, c)
	}
	return string(kept)
}

// withoutNumbers puts … for ids, numbers, addresses and what hangs on them, so that
// reasons that differ in nothing else are one, and so that none of a person's values
// is counted: nobody could take it out again.
func withoutNumbers(text string) string {
	if len(text) > 4*causeText {
		text = text[:4*causeText]
		text = text[:strings.LastIndexByte(text, ' ')+1] // half an address does not look like one
	}
	var kept strings.Builder
	for len(text) > 0 {
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		if word := text[:end]; hasAddress(word) {
			const around = `"'()<>[]{},;:.!?`
			left := strings.TrimLeft(word, around)
			bare := strings.TrimRight(left, around)
			kept.WriteString(word[:len(word)-len(left)] + "…" + left[len(bare):])
		} else {
			wordWithoutNumbers(&kept, word)
		}
		if end < len(text) {
			kept.WriteByte(text[end])
			end++
		}
		text = text[end:]
	}
	return kept.String()
}

func hasAddress(word string) bool {
	return strings.Contains(word, "@") || strings.Contains(word, "%40")
}

// wordWithoutNumbers writes a word that has no space.
func wordWithoutNumbers(kept *strings.Builder, text string) {
	const within = "-:." // of an id, a time or an address
	for start := 0; start < len(text); {
		end := start
		digits, letters := false, false
		for end < len(text) && (letter(text[end]) || digit(text[end]) || strings.IndexByte(within, text[end]) >= 0) {
			digits, letters = digits || digit(text[end]), letters || letter(text[end]) && !hexadecimal(text[end])
			end++
		}
		word := text[start:end]
		switch {
		case end == start:
			end++
			kept.WriteByte(text[start])
		case digits && !letters:
			bare := strings.TrimRight(word, within)
			kept.WriteString("…" + word[len(bare):])
		default:
			kept.WriteString(longNumbers.ReplaceAllLiteralString(word, "…"))
		}
		start = end
	}
}

// longNumbers stand within words that are names otherwise, such as utf8.
var longNumbers = regexp.MustCompile(`[0-9]{4,}`)

func digit(c byte) bool       { return '0' <= c && c <= '9' }
func letter(c byte) bool      { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func hexadecimal(c byte) bool { return 'a' <= c && c <= 'f' }

// tallier has the tallies of a writer that may still grow. It is used by one
// goroutine.
type tallier struct {
	open    map[tallyKey]*tally
	changed []*tally
	batch   []home.Tally
	data    []byte // of the batch
}

func newTallier() tallier { return tallier{open: map[tallyKey]*tally{}} }

// forget begins all tallies anew, beside the stored ones. Nobody knows whether a
// write that failed came through: if so, the tally is there with it; if not, the
// one from before is.
func (t *tallier) forget() { clear(t.open) }

// count adds what is about to be written and gives the tallies that changed. They
// are valid until the next call.
func (t *tallier) count(successes, refusals []Exchange, dropped drops) []home.Tally {
	t.changed = t.changed[:0]
	for _, exchanges := range [...][]Exchange{successes, refusals} {
		for i := range exchanges {
			t.add(&exchanges[i])
		}
	}
	for key, n := range dropped {
		t.of(key).dropped += n
	}
	clear(t.batch)
	t.batch, t.data = t.batch[:0], reuse(t.data)
	for _, one := range t.changed {
		start := len(t.data)
		t.data = one.append(t.data)
		t.batch = append(t.batch, home.Tally{
			Everybody: one.key.everybody, MerchantID: one.key.merchant, Start: one.key.start, ID: one.id, Data: t.data[start:len(t.data):len(t.data)],
		})
		one.changed = false
	}
	t.makeRoom()
	return t.batch
}

// makeRoom forgets the tallies of spans that are over, and all when there are too
// many even then: they begin anew when something is to be counted.
func (t *tallier) makeRoom() {
	if len(t.open) <= talliesOpen {
		return
	}
	newest := int64(math.MinInt64)
	for key := range t.open {
		newest = max(newest, key.start)
	}
	maps.DeleteFunc(t.open, func(key tallyKey, _ *tally) bool { return key.start < newest })
	if len(t.open) > talliesOpen {
		t.forget()
	}
}

// of is the tally of the key, which is about to change.
func (t *tallier) of(key tallyKey) *tally {
	one := t.open[key]
	if one == nil {
		one = &tally{key: key, id: identifier.New(time.Now())}
		t.open[key] = one
	}
	if !one.changed {
		one.changed = true
		t.changed = append(t.changed, one)
	}
	return one
}

func (t *tallier) add(e *Exchange) {
	if e.At.IsZero() {
		return
	}
	var why Cause
	if !e.Done() {
		why = causeOf(e)
	}
	for _, key := range keysOf(e) {
		one := t.of(key)
		one.add(e)
		if why.Count > 0 {
			one.include(&why)
		}
	}
}

func (t *tally) add(e *Exchange) {
	o := t.operation(e.Operation)
	o.classes[max(0, min(e.Status/100, len(o.classes)-1))]++
	o.took.add(e.Duration)
	if e.Shed {
		t.shed++
	}
	if i := slices.Index(outcomes[:], e.Outcome); i >= 0 {
		t.outcomes[i]++
	}
}

func (t *tally) operation(name string) *operationTally {
	for i := range t.operations {
		if t.operations[i].name == name {
			return &t.operations[i]
		}
	}
	if len(t.operations) >= operationsCounted && name != "" {
		return t.operation("")
	}
	t.operations = append(t.operations, operationTally{name: strings.Clone(name)})
	return &t.operations[len(t.operations)-1]
}

func (t *tally) include(why *Cause) {
	key := why.key()
	for i := range t.causes {
		if t.causes[i].key() == key {
			t.causes[i].Include(why)
			return
		}
	}
	if len(t.causes) < causesCounted {
		t.causes = append(t.causes, *why)
		return
	}
	t.others.Include(why)
}

// drops count the successes that were not kept at all.
type drops map[tallyKey]uint64

// add counts one. When there are too many merchants it is counted for everybody only.
func (d *drops) add(e *Exchange) {
	if *d == nil {
		*d = drops{}
	}
	for _, key := range keysOf(e) {
		if _, known := (*d)[key]; known || key.everybody || len(*d) < talliesOpen {
			(*d)[key]++
		}
	}
}

func (d *drops) take() drops {
	taken := *d
	*d = nil
	return taken
}

// putBack keeps them for the next transaction.
func (d *drops) putBack(taken drops) {
	if *d == nil {
		*d = taken
		return
	}
	for key, n := range taken {
		(*d)[key] += n
	}
}
