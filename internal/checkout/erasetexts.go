package checkout

import (
	"encoding/hex"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textKind says what a text is for, and so how much of it may be erased.
type textKind uint8

const (
	textPlain     textKind = iota
	textReference          // a shop finds its order by it: a name may stand in it by chance
	textURL                // somebody calls it: its server stays, and so do names in it
)

// eachFreeText visits the texts of a content in which shops write what they like.
func eachFreeText(c *Content, visit func(*Text, textKind)) {
	visit(&c.MerchantData, textPlain)
	visit(&c.Design, textPlain)
	visit(&c.MerchantReference1, textReference)
	visit(&c.MerchantReference2, textReference)
	if c.Attachment != nil {
		visit(&c.Attachment.Body, textPlain)
	}
	if c.MerchantURLs != nil {
		for i := range MerchantURLFields {
			visit(MerchantURLFields[i].At(c.MerchantURLs), textURL)
		}
	}
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		visit(&l.Name, textPlain)
		visit(&l.MerchantData, textPlain)
		visit(&l.Reference, textReference)
		visit(&l.ImageURL, textURL)
		visit(&l.ProductURL, textURL)
		if l.Subscription != nil {
			visit(&l.Subscription.Name, textPlain)
		}
		if l.ProductIdentifiers != nil {
			for j := range ProductIdentifierFields {
				visit(ProductIdentifierFields[j].At(l.ProductIdentifiers), textPlain)
			}
		}
	}
}

// words are what is erased of a person within texts, the longest first.
type words struct {
	all      []string
	contacts []string // whole e-mail addresses and phone numbers
}

func (w *words) without(text string, kind textKind) string {
	switch kind {
	case textReference:
		return Without(text, w.contacts)
	case textURL:
		return withoutInURL(text, w.contacts)
	case textPlain:
	}
	return Without(text, w.all)
}

// withoutInURL erases in path, query and fragment, as they are written there. Scheme,
// server and the slash behind it stay.
func withoutInURL(text string, contacts []string) string {
	from := 0
	if _, after, ok := strings.Cut(text, "://"); ok {
		behind := strings.IndexAny(after, "/?#")
		if behind < 0 {
			return text
		}
		from = len(text) - len(after) + behind + 1
	}
	rest := text[from:]
	for _, contact := range contacts {
		query := url.QueryEscape(contact)
		for _, form := range []string{"%2b" + contact, query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(contact), strings.ReplaceAll(contact, "+", "%2b")} {
			rest = withoutOne(rest, strings.ToLower(form))
		}
		rest = Without(rest, []string{contact})
	}
	return text[:from] + rest
}

// Without is a text with every whole word out of words, which are in lower case,
// erased. Texts that have letters or digits before or after the word are others.
func Without(text string, words []string) string {
	for _, word := range words {
		text = withoutOne(text, word)
		// A URL writes an e-mail address so.
		if strings.IndexByte(word, '@') >= 0 {
			text = withoutOne(text, strings.Replace(word, "@", "%40", 1))
		}
	}
	return text
}

func withoutOne(text, word string) string {
	lower := strings.ToLower(text)
	if !strings.Contains(lower, word) {
		return text
	}
	if len(lower) != len(text) {
		return Erased // a letter whose lower case has another length: places differ
	}
	var out strings.Builder
	from := 0
	for {
		at := strings.Index(lower[from:], word)
		if at < 0 {
			break
		}
		start, end := from+at, from+at+len(word)
		if !wordAt(text, start, end) {
			_, size := utf8.DecodeRuneInString(text[start:])
			out.WriteString(text[from : start+size])
			from = start + size
			continue
		}
		out.WriteString(text[from:start])
		out.WriteString(Erased)
		from = end
	}
	if from == 0 {
		return text
	}
	out.WriteString(text[from:])
	return out.String()
}

// wordAt tells whether no letter or digit is before or after a part of a text. A
// character that a URL escapes is none.
func wordAt(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	partOfWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return (start == 0 || !partOfWord(before) || escaped(text[:start])) && (end == len(text) || !partOfWord(after))
}

// escaped tells whether a text ends with an escaped character, such as %20.
func escaped(text string) bool {
	if len(text) < 3 || text[len(text)-3] != '%' {
		return false
	}
	_, err := hex.DecodeString(text[len(text)-2:])
	return err == nil
}
