package sqlite

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestAnIdentifierHasOneSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")
		want := uuid.UUID(raw).String()
		id := identifier(raw)
		if got := id.text(); got != want {
			t.Fatalf("text = %s, want %s", got, want)
		}
		var parsed identifier
		if !parseIdentifier(want, &parsed) || parsed != id {
			t.Fatalf("%s was read as %x", want, parsed)
		}
		altered := []byte(want)
		at := rapid.IntRange(0, len(altered)-1).Draw(t, "at")
		altered[at] = rapid.Byte().Draw(t, "byte")
		if parseIdentifier(string(altered), &parsed) && parsed.text() != string(altered) {
			t.Fatalf("%q was read as %s", altered, parsed.text())
		}
	})
}

func TestWhatIsNoIdentifier(t *testing.T) {
	t.Parallel()
	const good = "0b1d9815-165e-42e2-8867-35bc03789e0a"
	var id identifier
	if !parseIdentifier(good, &id) {
		t.Fatalf("%s was refused", good)
	}
	for _, s := range []string{
		"", good[:35], good + "0", "0b1d9815165e42e2886735bc03789e0a", "{" + good[:34] + "}",
		"0B1D9815-165e-42e2-8867-35bc03789e0a", "0b1d9815-165e-42e2-8867-35bc03789e0g", "0b1d9815--65e-42e2-8867-35bc03789e0a",
		"0b1d98150165e-42e2-8867-35bc03789e0a", "0b1d9815-165e042e2-8867-35bc03789e0a", "0b1d9815-165e-42e2-8867-35bc03789e-a",
	} {
		if parseIdentifier(s, &id) {
			t.Errorf("%q was read as %s", s, id.text())
		}
	}
}
