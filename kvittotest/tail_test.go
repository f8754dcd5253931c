package kvittotest

import (
	"fmt"
	"strings"
	"testing"
)

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var kept tail
	if _, err := fmt.Fprint(&kept, "first\nsecond\n"); err != nil || kept.String() != "first\nsecond\n" {
		t.Errorf("the tail is %q, %v", kept.String(), err)
	}
	line := strings.Repeat("x", 99) + "\n"
	for range 5 * tailMax / len(line) {
		fmt.Fprint(&kept, line)
	}
	fmt.Fprint(&kept, "last\n")
	text := kept.String()
	if !strings.HasSuffix(text, "\nlast\n") || strings.Contains(text, "first") {
		t.Errorf("the tail of %d bytes ends in %q", len(text), text[len(text)-10:])
	}
	if len(text) < tailMax/2 || len(text) > 2*tailMax+10 {
		t.Errorf("the tail has %d bytes", len(text))
	}
	if !strings.HasPrefix(text, "…\n"+line) {
		t.Errorf("the tail begins with %q, want a mark and a whole line", text[:40])
	}
}
