package requestlog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/compression"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// blockSize is the bytes of encoded exchanges from which a block is closed.
// Exchanges that are packed together shrink to a fifth of what they take alone;
// a larger block would make little more of that, and a search unpacks one.
const blockSize = 256 << 10

// bucketLength is how many characters of a correlation id name its bucket: ids
// begin with their time, and so many characters are a minute (65.5 s) of it.
const bucketLength = 8

// bucket is what the ids of a block have in common. An id of another kind
// is a bucket of its own.
func bucket(id string) string {
	if len(id) <= bucketLength {
		return id
	}
	for i := range bucketLength {
		if id[i] >= utf8.RuneSelf {
			return id
		}
	}
	return id[:bucketLength]
}

// searchable is a text as homes can compare it: valid UTF-8 without NUL. Ids
// of our making stay what they are.
func searchable(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// encoder makes batches, in memory that it uses again.
type encoder struct {
	redaction redaction

	batch   home.Batch
	order   []int // the successes of a batch, those of a bucket together
	raw     []byte
	stored  []byte     // the data of the batch, one after the other
	marks   []byte     // likewise
	current home.Block // being filled from raw and marks
	marked  int        // where its marks begin
}

// keptBuffer is what is kept of a buffer for the next batch. A body of the
// largest size is rare.
const keptBuffer = 4 << 20

func reuse(buffer []byte) []byte {
	if cap(buffer) > keptBuffer {
		return nil
	}
	return buffer[:0]
}

// encode gives the stored form of the exchanges. It is valid until the next
// call.
func (c *encoder) encode(successes, refusals []Exchange) (*home.Batch, error) {
	clear(c.batch.Refusals) // with the texts of the last batch
	clear(c.batch.Blocks)
	c.batch.Blocks, c.batch.Refusals = c.batch.Blocks[:0], c.batch.Refusals[:0]
	c.raw, c.stored, c.marks, c.marked, c.current = reuse(c.raw), reuse(c.stored), reuse(c.marks), 0, home.Block{}
	for _, i := range c.byBucket(successes) {
		if err := c.addSuccess(&successes[i]); err != nil {
			return nil, err
		}
	}
	c.closeBlock()
	for i := range refusals {
		if err := c.addRefusal(&refusals[i]); err != nil {
			return nil, err
		}
	}
	return &c.batch, nil
}

// byBucket is the order in which successes are encoded: theirs, unless it would
// change between buckets.
func (c *encoder) byBucket(successes []Exchange) []int {
	c.order = c.order[:0]
	sorted := true
	for i := range successes {
		c.order = append(c.order, i)
		sorted = sorted && (i == 0 || bucket(successes[i-1].CorrelationID) <= bucket(successes[i].CorrelationID))
	}
	if !sorted {
		slices.SortStableFunc(c.order, func(a, b int) int {
			return strings.Compare(bucket(successes[a].CorrelationID), bucket(successes[b].CorrelationID))
		})
	}
	return c.order
}

func (c *encoder) addSuccess(e *Exchange) error {
	explanation, err := c.redaction.explanationOf(e)
	if err != nil {
		return err
	}
	id := searchable(e.CorrelationID)
	b := &c.current
	if b.Count > 0 && (len(c.raw) >= blockSize || bucket(id) != bucket(b.FirstID)) {
		c.closeBlock()
	}
	if b.Count == 0 {
		b.FirstID, b.LastID, b.At = id, id, e.At
	}
	b.FirstID, b.LastID = min(b.FirstID, id), max(b.LastID, id)
	if b.At.Before(e.At) {
		b.At = e.At
	}
	b.Count++
	for _, name := range [...]string{e.SessionID, e.OrderID, e.AuthorizationToken} {
		c.addName(searchable(name))
	}
	c.raw = c.redaction.appendExchange(c.raw, e, string(explanation))
	return nil
}

func (c *encoder) addName(name string) {
	if name == "" {
		return
	}
	b := &c.current
	if b.OldestName == "" {
		b.OldestName = name
	}
	b.OldestName, b.NewestName = min(b.OldestName, name), max(b.NewestName, name)
	c.marks = home.AppendMark(c.marks, name)
}

// closeBlock puts the current block into the batch and begins another.
func (c *encoder) closeBlock() {
	b := &c.current
	if b.Count == 0 {
		return
	}
	b.Marks = c.marks[c.marked:]
	b.Data, b.Packed = c.keep(c.raw)
	c.batch.Blocks = append(c.batch.Blocks, *b)
	c.raw, c.marked, *b = c.raw[:0], len(c.marks), home.Block{}
}

// keep packs what was encoded if that pays. Should stored have to grow, what
// was given before keeps the memory it is in.
func (c *encoder) keep(encoded []byte) (data []byte, packed bool) {
	start := len(c.stored)
	if c.stored, packed = compression.Append(c.stored, encoded); !packed {
		c.stored = append(c.stored, encoded...)
	}
	return c.stored[start:], packed
}

// addRefusal makes the row of a refusal.
func (c *encoder) addRefusal(e *Exchange) error {
	explanation, err := c.redaction.explanationOf(e)
	if err != nil {
		return err
	}
	c.raw = c.redaction.appendExchange(c.raw[:0], e, "")
	r := home.Refusal{
		CorrelationID: searchable(e.CorrelationID), MerchantID: searchable(e.MerchantID), At: e.At, Status: e.Status,
		Operation: searchable(e.Operation), SessionID: searchable(e.SessionID), OrderID: searchable(e.OrderID),
		AuthorizationToken: searchable(e.AuthorizationToken), Explanation: string(explanation),
	}
	r.Data, r.Packed = c.keep(c.raw)
	c.batch.Refusals = append(c.batch.Refusals, r)
	return nil
}
