package checkout

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// eachFreeText visits the texts of a content in which shops write what they like.
func eachFreeText(c *Content, visit func(*Text)) {
	for _, t := range []*Text{&c.MerchantData, &c.MerchantReference1, &c.MerchantReference2, &c.Design} {
		visit(t)
	}
	if c.Attachment != nil {
		visit(&c.Attachment.Body)
	}
	if c.MerchantURLs != nil {
		for i := range MerchantURLFields {
			visit(MerchantURLFields[i].At(c.MerchantURLs))
		}
	}
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		for _, t := range []*Text{&l.Name, &l.Reference, &l.ImageURL, &l.ProductURL, &l.MerchantData} {
			visit(t)
		}
		if l.Subscription != nil {
			visit(&l.Subscription.Name)
		}
		if l.ProductIdentifiers != nil {
			for j := range ProductIdentifierFields {
				visit(ProductIdentifierFields[j].At(l.ProductIdentifiers))
			}
		}
	}
}

// without is a text with every whole word out of words, which are in lower case,
// erased. Texts that have letters or digits before or after the word are others.
func without(text string, words []string) string {
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

// wordAt tells whether no letter or digit is before or after a part of a text.
func wordAt(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	partOfWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return (start == 0 || !partOfWord(before)) && (end == len(text) || !partOfWord(after))
}
