package requestlog

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
)

// eraser takes a person out of what is stored of one exchange. The properties
// that are masked where personal data is masked are erased here, and so is what
// stood in them wherever else it stands.
type eraser struct {
	part  checkout.Part
	words []string // see checkout.Erasure.Texts
	name  string   // of the property at hand
	noted []string // what stood in the person's properties
}

// telling are the properties whose values tell who somebody is, so that they are
// looked for in free texts.
var telling = map[string]bool{
	"attention": true, "date_of_birth": true, "email": true, "family_name": true, "given_name": true, "login": true,
	"organization_name": true, "organization_registration_id": true, "phone": true, "street_address": true,
	"street_address2": true, "vat_id": true,
}

// how is how the value of a property is treated, where it would be stored the way
// that is given.
func (e *eraser) how(object, name string, way how) how {
	e.name = name
	_, about := personalObjects[object]
	const received = "shipping_address"
	switch {
	case e.part != checkout.PartPayer && (e.part != checkout.PartRecipient || object != received && name != received):
		return asItIs
	case way == asItIs && (name == "city" || name == "region") && (about || personalNames[name]):
		return hidden // masked logs keep it, for it explains decisions
	}
	return way
}

// note keeps the value of a property of the person.
func (e *eraser) note(text string) {
	if telling[e.name] && !strings.Contains(text, mask) {
		e.noted = append(e.noted, text)
	}
}

// erased is what a value becomes. That it was missing is the explanation of many a
// refusal, and a secret was never stored.
func (e *eraser) erased(value jsontext.Value) jsontext.Value {
	switch string(value) {
	case `""`, `null`, `"` + mask + `"`:
		return value
	}
	return quote(checkout.Erased)
}

// without is a value that holds the text, without the words.
func (e *eraser) without(value jsontext.Value, text string) jsontext.Value {
	if left := checkout.Without(text, e.words); left != text {
		return quote(left)
	}
	return value
}

// withoutPerson erases within a string, also in one that holds a document.
func (r *redactor) withoutPerson(value jsontext.Value) {
	text, _ := jsontext.AppendUnquote(nil, value) // invalid UTF-8 leaves a usable text
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) > 0 && strings.IndexByte(`{["`, start[0]) >= 0 && r.depth < deepest {
		if document, err := r.redactJSON(text, r.depth+1); err == nil {
			if !bytes.Equal(document, text) {
				r.replace(value, quote(string(document)))
			}
			return
		}
	}
	if left := r.eraser.without(value, string(text)); !bytes.Equal(left, value) {
		r.replace(value, left)
	}
}

// erase is a body without the person.
func (x *redaction) erase(body []byte) []byte {
	if len(body) == 0 {
		return body
	}
	if left, err := x.redactJSON(body, 0); err == nil {
		return left
	}
	text := string(body)
	if left := checkout.Without(text, x.eraser.words); left != text || x.eraser.part == checkout.PartPayer && x.mustNotStay(body) {
		// Who knows what else of the person is in a text of no known form.
		return []byte(checkout.Erased)
	}
	return body
}

// erasing takes a person out of exchanges, one after the other.
type erasing struct {
	erasure   *Erasure
	redaction redaction
	hashes    [][]byte          // of the person's addresses and numbers
	own       *checkout.Erasure // of an exchange of no payment that is known
	known     map[string]bool   // the person's texts in all payments and the person's names
	words     []string          // the same, in the order of checkout.Erasure.Texts
}

func newErasing(options *Options, erasure *Erasure) *erasing {
	e := &erasing{erasure: erasure, redaction: redaction{personal: true, hash: hmac.New(sha256.New, options.SearchKey)}}
	for _, email := range erasure.Person.Emails {
		e.hashes = append(e.hashes, e.redaction.appendKeyed(nil, keyedMail, email))
	}
	for _, phone := range erasure.Person.Phones {
		e.hashes = append(e.hashes, e.redaction.appendKeyed(nil, keyedPhone, phone))
	}
	// Where personal data is masked, an exchange does not say what the name in a text
	// of it is.
	e.own, e.known = checkout.NewErasure(erasure.Person, checkout.PartPayer), map[string]bool{}
	seen := map[*checkout.Erasure]bool{nil: true} // each payment has several ids
	e.know(e.own)
	for _, payment := range erasure.Payments {
		if !seen[payment] {
			seen[payment] = true
			e.know(payment)
		}
	}
	e.words = checkout.LongestFirst(slices.Collect(maps.Keys(e.known)))
	return e
}

// know notes the texts of a payment. There may be very many payments of one address.
func (e *erasing) know(payment *checkout.Erasure) {
	for _, text := range payment.Texts() {
		e.known[text] = true
	}
}

// wordsOf are the texts that are erased from an exchange, with those that were noted
// in it.
func (e *erasing) wordsOf(erasure *checkout.Erasure, noted []string) []string {
	if erasure != e.own {
		return erasure.With(noted).Texts()
	}
	more := slices.DeleteFunc(erasure.With(noted).Texts(), func(text string) bool { return e.known[text] })
	if len(more) == 0 {
		return e.words
	}
	return checkout.LongestFirst(slices.Concat(e.words, more))
}

// of is how the person is erased from an exchange; nil where there is nothing of
// theirs in it.
func (e *erasing) of(k *kept, explanation []byte) *checkout.Erasure {
	if !e.erasure.AllMerchants && string(k.merchantID) != e.erasure.MerchantID {
		return nil
	}
	for _, id := range [...][]byte{k.sessionID, k.orderID, k.authorizationToken} {
		if found := e.erasure.Payments[string(id)]; found != nil && len(id) > 0 {
			return found
		}
	}
	// An exchange of no payment that is known to be the person's is taken for the
	// person's own: a refused call that made no session.
	for keyed := k.keyed; len(keyed) >= keyedSize; keyed = keyed[keyedSize:] {
		if e.isTheirs(keyed[:keyedSize]) {
			return e.own
		}
	}
	for _, text := range [...][]byte{k.request, k.response, k.path, explanation} {
		if e.erasure.Person.Mentioned(string(text)) {
			return e.own
		}
	}
	return nil
}

func (e *erasing) isTheirs(hash []byte) bool {
	return slices.ContainsFunc(e.hashes, func(own []byte) bool { return bytes.Equal(own, hash) })
}

// exchange erases the person from an exchange and tells whether there was anything.
// explanation is what stands beside a refusal, or in the exchange.
func (e *erasing) exchange(k *kept, explanation []byte) (left []byte, changed bool, err error) {
	erasure := e.of(k, explanation)
	if erasure == nil {
		return explanation, false, nil
	}
	x := &e.redaction
	x.eraser = &eraser{part: erasure.Part(), words: e.wordsOf(erasure, nil)}
	// What stands in the properties is read first, for it may stand in texts before
	// them.
	x.erase(k.request)
	x.erase(k.response)
	if err := x.noteExplained(explanation); err != nil {
		return nil, false, fmt.Errorf("explanation of %s: %w", k.correlationID, err)
	}
	x.eraser.words = e.wordsOf(erasure, x.eraser.noted)
	before := *k
	k.request, k.response = x.erase(k.request), x.erase(k.response)
	k.path = []byte(checkout.Without(string(k.path), x.eraser.words))
	k.keyed = e.keyedWithout(k.keyed, erasure.Part())
	if left, err = x.eraseExplained(explanation); err != nil {
		return nil, false, fmt.Errorf("explanation of %s: %w", k.correlationID, err)
	}
	changed = !bytes.Equal(before.request, k.request) || !bytes.Equal(before.response, k.response) || !bytes.Equal(before.path, k.path) ||
		!bytes.Equal(before.keyed, k.keyed) || !bytes.Equal(explanation, left)
	return left, changed, nil
}

// keyedWithout is the hashes that stay. A hash does not tell whose it is: those of a
// payer's own exchange go, of another's the person's.
func (e *erasing) keyedWithout(keyed []byte, part checkout.Part) (left []byte) {
	if part == checkout.PartPayer {
		return nil
	}
	for ; len(keyed) >= keyedSize; keyed = keyed[keyedSize:] {
		if !e.isTheirs(keyed[:keyedSize]) {
			left = append(left, keyed[:keyedSize]...)
		}
	}
	return left
}

// about tells whether what a violation says of a value is about the person.
func (e *eraser) about(path string) bool {
	switch e.part {
	case checkout.PartPayer:
		return Personal(path)
	case checkout.PartRecipient:
		return Personal(path) && strings.HasPrefix(path, "shipping_address")
	case checkout.PartNone, checkout.PartMentioned:
	}
	return false
}

// noteExplained notes what an explanation says of the person's values.
func (x *redaction) noteExplained(text []byte) error {
	return eachExplained(text, func(why *explanation) {
		for i := range why.Violations {
			v := &why.Violations[i]
			x.eraser.name = lastName(v.Path)
			if sent, err := decodeValue(v.Sent); err == nil && x.eraser.about(v.Path) {
				if said, ok := sent.(string); ok {
					x.eraser.note(said)
				}
			}
		}
	})
}

// eraseExplained is an explanation without the person: what was sent, what was
// expected where that is what was sent before, and the words around them.
func (x *redaction) eraseExplained(text []byte) (left []byte, err error) {
	left = text
	err = eachExplained(text, func(why *explanation) {
		why.Reason = checkout.Without(why.Reason, x.eraser.words)
		for i := range why.Messages {
			why.Messages[i] = checkout.Without(why.Messages[i], x.eraser.words)
		}
		for i := range why.Violations {
			v := &why.Violations[i]
			same := v.Rule == string(checkout.RuleMatch) || v.Rule == string(checkout.RuleSameBody)
			v.Sent = x.erasedValue(v.Sent, x.eraser.about(v.Path))
			v.Expected = x.erasedValue(v.Expected, same && x.eraser.about(v.Path))
			v.Hint = checkout.Without(v.Hint, x.eraser.words)
		}
		left, err = json.Marshal(why, jsontext.AllowInvalidUTF8(true))
	})
	return left, err
}

// erasedValue is a value of a violation; one about the person goes as a whole.
func (x *redaction) erasedValue(value jsontext.Value, whole bool) jsontext.Value {
	switch {
	case value == nil:
		return nil
	case whole:
		return x.eraser.erased(value)
	case value.Kind() == '"':
		text, _ := jsontext.AppendUnquote(nil, value)
		return x.eraser.without(value, string(text))
	}
	return value
}

func eachExplained(text []byte, use func(*explanation)) error {
	if len(text) == 0 {
		return nil
	}
	var why explanation
	if err := json.Unmarshal(text, &why); err != nil {
		return err
	}
	use(&why)
	return nil
}
