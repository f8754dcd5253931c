package requestlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/compression"
)

// The form of an encoded exchange, which stands in files: the length of the
// rest in four bytes; the correlation id; flags; merchant, method, path,
// operation, session, order, token; begin, duration and status; the bodies; the
// explanation of a success that has one. Texts and bodies stand behind their
// lengths; these lengths, like all numbers, are varints. At the end stand the
// keyed hashes of what is found as a whole. A later form gets a
// flag of its own, and an older program that meets an unknown flag says so.
//
// What is searched for comes first, so that a search passes over exchanges
// without copying anything.

const (
	flagShed        = 1 << iota
	flagNoTime      // the exchange has no begin
	flagRequest     // there is a request body, perhaps an empty one
	flagResponse    // likewise
	flagExplanation // there is an explanation
	flagKeyed       // there are keyed hashes
	knownFlags      = flagShed | flagNoTime | flagRequest | flagResponse | flagExplanation | flagKeyed
)

var errDamaged = errors.New("a stored exchange is damaged")

// appendExchange appends e as it may be stored: bodies redacted, and the
// explanation as given, if any.
func (x *redaction) appendExchange(dst []byte, e *Exchange, explanation string) []byte {
	x.keyed, x.wary = x.keyed[:0], e.Refused()
	request, response := x.redact(e.RequestBody), x.redact(e.ResponseBody)
	return appendForm(dst, flagsOf(e, explanation, x.keyed), &form[string]{
		correlationID: e.CorrelationID,
		names:         [...]string{e.MerchantID, e.Method, e.Path, e.Operation, e.SessionID, e.OrderID, e.AuthorizationToken},
		at:            e.At, duration: e.Duration, status: e.Status, request: request, response: response, explanation: explanation, keyed: x.keyed,
	})
}

// form is an exchange on its way into its encoded form.
type form[T string | []byte] struct {
	correlationID     T
	names             [7]T // merchant, method, path, operation, session, order, token
	at                time.Time
	duration          time.Duration
	status            int
	request, response []byte
	explanation       T
	keyed             []byte
}

// appendForm appends what the flags say there is.
func appendForm[T string | []byte](dst []byte, flags byte, f *form[T]) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0) // the length, of a fixed size so that nothing has to move
	dst = appendText(dst, f.correlationID)
	dst = append(dst, flags)
	for i := range f.names {
		dst = appendText(dst, f.names[i])
	}
	if flags&flagNoTime == 0 {
		dst = binary.AppendVarint(dst, f.at.UnixNano())
	}
	dst = binary.AppendVarint(dst, int64(f.duration))
	dst = binary.AppendVarint(dst, int64(f.status))
	if flags&flagRequest != 0 {
		dst = appendText(dst, f.request)
	}
	if flags&flagResponse != 0 {
		dst = appendText(dst, f.response)
	}
	if flags&flagExplanation != 0 {
		dst = appendText(dst, f.explanation)
	}
	if flags&flagKeyed != 0 {
		dst = appendText(dst, f.keyed)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-lengthSize))
	return dst
}

// lengthSize is the bytes in front of an encoded exchange.
const lengthSize = 4

func flagsOf(e *Exchange, explanation string, keyed []byte) (flags byte) {
	for _, f := range [...]struct {
		set bool
		bit byte
	}{
		{e.Shed, flagShed}, {e.At.IsZero(), flagNoTime}, {e.RequestBody != nil, flagRequest},
		{e.ResponseBody != nil, flagResponse}, {explanation != "", flagExplanation},
		{len(keyed) > 0, flagKeyed},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

// cursor reads what appendExchange wrote. After an error it gives zeros.
type cursor struct {
	rest   []byte
	failed bool
}

// exchange is the next encoded exchange in front of rest, without its length.
func (c *cursor) exchange() cursor {
	if len(c.rest) < lengthSize {
		c.fail()
		return *c
	}
	length := uint64(binary.LittleEndian.Uint32(c.rest))
	c.rest = c.rest[lengthSize:]
	return cursor{rest: c.take(length), failed: c.failed}
}

func (c *cursor) fail() { c.rest, c.failed = nil, true }

func (c *cursor) take(length uint64) []byte {
	if length > uint64(len(c.rest)) {
		c.fail()
		return nil
	}
	taken := c.rest[:length]
	c.rest = c.rest[length:]
	return taken
}

func (c *cursor) bytes() []byte {
	length, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.fail()
		return nil
	}
	c.rest = c.rest[n:]
	return c.take(length)
}

func (c *cursor) number() int64 {
	value, n := binary.Varint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return value
}

func (c *cursor) flags() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

// names are the texts of an encoded exchange, as bytes of the block.
type names struct {
	correlationID, merchantID, method, path, operation, sessionID, orderID, authorizationToken []byte

	flags byte
}

// names reads what stands in front of the numbers and bodies.
func (c *cursor) names() (n names) {
	n.correlationID = c.bytes()
	n.flags = c.flags()
	for _, to := range [...]*[]byte{&n.merchantID, &n.method, &n.path, &n.operation, &n.sessionID, &n.orderID, &n.authorizationToken} {
		*to = c.bytes()
	}
	return n
}

// kept is an encoded exchange whose bodies are still those of the block.
type kept struct {
	names
	at                             time.Time
	duration                       time.Duration
	status                         int
	request, response, explanation []byte // nil when there is none
	keyed                          []byte // likewise
}

// kept reads the rest of an exchange.
func (c *cursor) kept(n *names) (kept, error) {
	k := kept{names: *n}
	if n.flags&^knownFlags != 0 {
		return kept{}, fmt.Errorf("exchange %s was stored by a newer version of the program; use that", n.correlationID)
	}
	if n.flags&flagNoTime == 0 {
		k.at = time.Unix(0, c.number()).UTC()
	}
	k.duration = time.Duration(c.number())
	k.status = int(c.number())
	for _, text := range [...]struct {
		flag byte
		to   *[]byte
	}{
		{flagRequest, &k.request}, {flagResponse, &k.response}, {flagExplanation, &k.explanation}, {flagKeyed, &k.keyed},
	} {
		if n.flags&text.flag != 0 {
			*text.to = c.bytes()
		}
	}
	if c.failed {
		return kept{}, fmt.Errorf("exchange %s: %w", n.correlationID, errDamaged)
	}
	return k, nil
}

// exchange copies the exchange, and of its bodies what the bound allows.
func (k *kept) exchange(bound *bodyBound) (Exchange, error) {
	e := Exchange{
		CorrelationID: string(k.correlationID), MerchantID: string(k.merchantID), Method: string(k.method), Path: string(k.path),
		Operation: string(k.operation), SessionID: string(k.sessionID), OrderID: string(k.orderID),
		AuthorizationToken: string(k.authorizationToken), Shed: k.flags&flagShed != 0,
		At: k.at, Duration: k.duration, Status: k.status,
	}
	for _, body := range [...]struct {
		from []byte
		to   *[]byte
	}{{k.request, &e.RequestBody}, {k.response, &e.ResponseBody}} {
		switch {
		case body.from == nil:
		case bound.admit(len(body.from)):
			*body.to = append([]byte{}, body.from...) // a copy: it must not hold a whole block in memory
		default:
			e.LeftOut = true
		}
	}
	if k.explanation != nil {
		return e, bound.explain(&e, k.explanation)
	}
	return e, nil
}

// search decodes the exchanges in stored data that are wanted, until found
// returns false.
func search(data []byte, packed bool, wanted func(*names) bool, bound *bodyBound, found func(Exchange) bool) (more bool, err error) {
	return walk(data, packed, func(n *names, rest *cursor) (bool, error) {
		if !wanted(n) {
			return true, nil
		}
		k, err := rest.kept(n)
		if err != nil {
			return false, err
		}
		e, err := k.exchange(bound)
		if err != nil {
			return false, err
		}
		return found(e), nil
	})
}

// unpacked has buffers for walk: a search unpacks megabytes.
var unpacked = sync.Pool{New: func() any { return new([]byte) }}

// walk visits the exchanges in stored data, until visit returns false. What a visit
// is given is valid until it returns.
func walk(data []byte, packed bool, visit func(n *names, rest *cursor) (more bool, err error)) (more bool, err error) {
	if packed {
		buffer := unpacked.Get().(*[]byte)
		defer unpacked.Put(buffer)
		if data, err = compression.UnpackInto(*buffer, data); err != nil {
			return false, fmt.Errorf("%w: %w", errDamaged, err)
		}
		*buffer = reuse(data)
	}
	var n names
	var one cursor
	all := cursor{rest: data}
	for more = true; more && len(all.rest) > 0; {
		one = all.exchange()
		n = one.names()
		if one.failed {
			return false, errDamaged
		}
		if more, err = visit(&n, &one); err != nil {
			return false, err
		}
	}
	return more, nil
}
