package requestlog

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzMaskPersonal holds that valid JSON stays valid, that masking again changes
// nothing, and that what is no JSON is kept only without personal names.
func FuzzMaskPersonal(f *testing.F) {
	for _, seed := range []string{
		`{"billing_address":{"given_name":"Anna","email":"a@b.se","phone":"070-123 45 67"}}`, `{"customer":[{"date_of_birth":"1980-01-01"}]}`,
		`{"email":["a@b.se"],"phone":1,"customer":"x"}`, `{"a":"{\"email\":\"a@b.se\"}"}`, `{"\u0065mail":"\u0061@b.se"`, `{"login":"***","phone":"***67"}`,
		`{"email":"\ud800@"}`, `{"email":"@b.se","given_name":"*"}`, `{"date_of_birth":"198","gender":null,"vat_id":true}`,
	} {
		f.Add([]byte(seed))
	}
	masking := newRedaction(&Options{MaskPersonal: true, SearchKey: []byte("key")})
	masking.wary = true
	f.Fuzz(func(t *testing.T, body []byte) {
		masking.keyed = masking.keyed[:0]
		got := bytes.Clone(masking.redact(bytes.Clone(body)))
		if len(masking.keyed)%keyedSize != 0 {
			t.Fatalf("%d bytes of keyed hashes", len(masking.keyed))
		}
		if !json.Valid(body) {
			if string(got) != withheld && (!bytes.Equal(got, body) || masking.mustNotStay(got)) {
				t.Fatalf("no JSON: %q became %q", body, got)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q", body, got)
		}
		if again := masking.redact(bytes.Clone(got)); !bytes.Equal(again, got) {
			t.Fatalf("%q became %q and then %q", body, got, again)
		}
	})
}

// FuzzSearchFindsWhatIsIndexed holds that every word of a text is found in it,
// that the index has all its terms, and that no body and no text makes the
// search fail.
func FuzzSearchFindsWhatIsIndexed(f *testing.F) {
	for _, seed := range []string{
		"running shoe", "ORD-2026/17", "tröja", "a@b.se", "order_lines[0].name=shoe", "019a0000-0000-4000-8000-00000000005e", "1000", "\"", "=", "x=",
		"Kelvin \u212a", "\u0130", "a\x00b", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := json.Marshal(map[string]string{"name": text})
		if err != nil || !utf8.ValidString(text) {
			return
		}
		k := kept{request: body}
		v := newVocabulary()
		v.exchange(&k)
		has := map[string]bool{}
		for _, term := range v.terms() {
			has[term] = true
		}
		for _, w := range plainly().readText(text) {
			if !w.in(&k) {
				continue // such as path=value, or a part that quotes took away
			}
			found := false
			for _, alternative := range w.terms() {
				all := true
				for _, term := range alternative {
					all = all && has[term]
				}
				found = found || all
			}
			if !found && len(w.terms()) > 0 {
				t.Fatalf("%q has %q, and the index does not know", body, w.text)
			}
		}
	})
}
