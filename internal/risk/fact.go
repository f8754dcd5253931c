package risk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// FactOf is the fact that an assessment leaves with each of its subjects; ok is
// false when it leaves none: nothing was decided, or it was at load, where
// nobody has tried to pay.
func FactOf(in *Input, outcome checkout.Outcome) (fact Fact, ok bool) {
	kind, ok := factOf(outcome)
	if !ok || in.Call == CallLoad {
		return Fact{}, false
	}
	return newFact(in, kind), true
}

// OrderFact is the fact that an order leaves. The input is of the order's
// content; its call does not matter.
func OrderFact(in *Input) Fact { return newFact(in, FactOrdered) }

func newFact(in *Input, kind FactKind) Fact {
	fact := Fact{
		Kind: kind, At: in.Now.UTC().Truncate(time.Millisecond), SessionID: in.SessionID,
		Email: Digest(emailOf(in)), Phone: Digest(phoneOf(in)), Address: Digest(addressOf(in)),
	}
	if in.Content != nil {
		fact.Amount, fact.Currency = in.Content.OrderAmount.Value, in.Content.PurchaseCurrency.Value
	}
	return fact
}

// repeatedWithin is how long a fact of a session stands for others like it. It is
// short beside the windows of the past, and long enough that a session cannot push
// the facts of others out by trying again and again.
const repeatedWithin = 10 * time.Minute

// Repeated tells whether a past says the same already, so that the fact need not be
// added: the session counts once, and the facts of a subject are few.
func (f Fact) Repeated(past *Past) bool {
	for _, before := range past.Facts {
		age := f.At.Sub(before.At)
		before.At = f.At
		if age >= 0 && age < repeatedWithin && before == f {
			return true
		}
	}
	return false
}

// Digest tells texts apart, such as those of a fact; 0 is that of no text.
func Digest(text string) uint32 {
	if text == "" {
		return 0
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(text)) // documented never to fail
	return max(hash.Sum32(), 1)
}

// FactBytes is the size of a written fact.
const FactBytes = 48

// factVersion is the first byte of a written fact. Then come the kind, two bytes
// of currency, eight of time in Unix milliseconds, sixteen of the session's id,
// eight of the amount and four for each digest, all in the order of the network.
const factVersion = 1

// Append writes the fact to dst, FactBytes of it, and returns the longer slice.
// A currency that is not three capital letters is written as none, and a session
// id that is no UUID in lower case as one of zeros.
func (f Fact) Append(dst []byte) []byte {
	dst = append(dst, factVersion, byte(f.Kind))
	dst = binary.BigEndian.AppendUint16(dst, currencyNumber(f.Currency))
	dst = binary.BigEndian.AppendUint64(dst, uint64(f.At.UnixMilli()))
	var id [16]byte
	if !identifier.Parse(f.SessionID, &id) {
		id = [16]byte{}
	}
	dst = append(dst, id[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(f.Amount))
	dst = binary.BigEndian.AppendUint32(dst, f.Email)
	dst = binary.BigEndian.AppendUint32(dst, f.Phone)
	return binary.BigEndian.AppendUint32(dst, f.Address)
}

// letterBits are of one letter of a currency, from A as 1.
const letterBits = 5

func currencyNumber(currency string) (number uint16) {
	if len(currency) != 3 {
		return 0
	}
	for i := range 3 {
		if currency[i] < 'A' || currency[i] > 'Z' {
			return 0
		}
		number = number<<letterBits | uint16(currency[i]-'A'+1)
	}
	return number
}

func currencyOf(number uint16) (currency string, ok bool) {
	if number == 0 {
		return "", true
	}
	var letters [3]byte
	for i := range 3 {
		letter := byte(number >> (letterBits * (2 - i)) & (1<<letterBits - 1))
		if letter < 1 || letter > 26 {
			return "", false
		}
		letters[i] = 'A' + letter - 1
	}
	return string(letters[:]), number>>(3*letterBits) == 0
}

var errFactSize = errors.New("risk: the facts are cut off")

// DecodeFacts reads what Append wrote, any number of facts one after the other.
func DecodeFacts(data []byte) ([]Fact, error) {
	if len(data)%FactBytes != 0 {
		return nil, errFactSize
	}
	if len(data) == 0 {
		return nil, nil
	}
	facts := make([]Fact, 0, len(data)/FactBytes)
	ids := make([]byte, 0, len(data)/FactBytes*identifier.Chars) // all in one text
	for ; len(data) > 0; data = data[FactBytes:] {
		if data[0] != factVersion {
			return nil, fmt.Errorf("risk: a fact has the version %d and this program reads %d", data[0], factVersion)
		}
		kind := FactKind(data[1])
		currency, ok := currencyOf(binary.BigEndian.Uint16(data[2:]))
		if kind < FactApproved || kind > FactOrdered || !ok {
			return nil, errors.New("risk: a fact is damaged")
		}
		facts = append(facts, Fact{
			Kind: kind, Currency: currency, At: time.UnixMilli(int64(binary.BigEndian.Uint64(data[4:]))).UTC(),
			Amount: int64(binary.BigEndian.Uint64(data[28:])),
			Email:  binary.BigEndian.Uint32(data[36:]), Phone: binary.BigEndian.Uint32(data[40:]), Address: binary.BigEndian.Uint32(data[44:]),
		})
		ids = identifier.Append(ids, [16]byte(data[12:28]))
	}
	text := string(ids)
	for i := range facts {
		facts[i].SessionID = text[i*identifier.Chars : (i+1)*identifier.Chars]
	}
	return facts, nil
}
