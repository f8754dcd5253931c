package requestlog

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// The form of a stored tally: its version; what was shed and dropped; the outcomes;
// the operations with their classes and durations; the causes, and those that had
// no place. Numbers are varints, texts and lists stand behind their lengths, and
// of the durations only those that are not zero stand there, each behind its place.

const tallyVersion = 1

var errTallyVersion = errors.New("a tally was written by a newer version of this program")

func (t *tally) append(dst []byte) []byte {
	dst = append(dst, tallyVersion)
	dst = appendCounts(dst, t.shed, t.dropped)
	dst = appendCounts(dst, uint64(len(t.outcomes)))
	dst = appendCounts(dst, t.outcomes[:]...)
	dst = appendCounts(dst, uint64(len(t.operations)))
	for i := range t.operations {
		o := &t.operations[i]
		dst = appendText(dst, o.name)
		dst = appendCounts(dst, o.classes[:]...)
		dst = o.took.append(dst)
	}
	dst = appendCounts(dst, uint64(len(t.causes)))
	for i := range t.causes {
		dst = t.causes[i].append(dst)
	}
	return t.others.append(dst)
}

func appendCounts(dst []byte, counts ...uint64) []byte {
	for _, n := range counts {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

func (d *durations) append(dst []byte) []byte {
	places := 0
	for _, n := range d {
		if n > 0 {
			places++
		}
	}
	dst = appendCounts(dst, uint64(places))
	for i, n := range d {
		if n > 0 {
			dst = appendCounts(dst, uint64(i), uint64(n))
		}
	}
	return dst
}

func (c *Cause) append(dst []byte) []byte {
	dst = appendCounts(dst, c.Count)
	if c.Count == 0 {
		return dst
	}
	for _, text := range [...]string{c.Operation, c.Code, string(c.Rule), c.Path, c.Reason, c.Newest, c.MerchantID} {
		dst = appendText(dst, text)
	}
	dst = binary.AppendVarint(dst, int64(c.Status))
	dst = binary.AppendVarint(dst, c.First.UnixNano())
	return binary.AppendVarint(dst, c.Last.UnixNano())
}

// storedTally is what a tally was stored with.
type storedTally struct {
	shed, dropped uint64
	outcomes      [len(outcomes)]uint64
	operations    []operationCount
	causes        []Cause
	others        Cause
}

type operationCount struct {
	name    string
	classes Classes
	took    Durations
}

// readTally reads what append wrote.
func readTally(data []byte) (t storedTally, err error) {
	if len(data) == 0 {
		return t, errDamaged
	}
	if data[0] != tallyVersion {
		return t, errTallyVersion
	}
	c := cursor{rest: data[1:]}
	t.shed, t.dropped = c.uvarint(), c.uvarint()
	for i := range c.length() {
		if n := c.uvarint(); i < len(t.outcomes) { // a newer program knows more
			t.outcomes[i] = n
		}
	}
	for range c.length() {
		o := operationCount{name: c.text()}
		for i := range o.classes {
			o.classes[i] = c.uvarint()
		}
		for range c.length() {
			place, n := c.uvarint(), c.uvarint()
			if place >= uint64(len(o.took)) {
				c.fail()
				break
			}
			o.took[place] = n
		}
		t.operations = append(t.operations, o)
	}
	for range c.length() {
		t.causes = append(t.causes, c.cause())
	}
	t.others = c.cause()
	if c.failed {
		return storedTally{}, errDamaged
	}
	return t, nil
}

func (c *cursor) cause() Cause {
	why := Cause{Count: c.uvarint()}
	if why.Count == 0 {
		return why
	}
	why.Operation, why.Code, why.Rule, why.Path, why.Reason = c.text(), c.text(), checkout.Rule(c.text()), c.text(), c.text()
	why.Newest, why.MerchantID = c.text(), c.text()
	why.Status = int(c.number())
	why.First, why.Last = time.Unix(0, c.number()).UTC(), time.Unix(0, c.number()).UTC()
	return why
}

func (c *cursor) text() string { return string(c.bytes()) }

func (c *cursor) uvarint() uint64 {
	value, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return value
}

// length is that of a list, whose elements are a byte each at least.
func (c *cursor) length() int {
	n := c.uvarint()
	if n > uint64(len(c.rest)) {
		c.fail()
		return 0
	}
	return int(n)
}
