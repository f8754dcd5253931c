package kvittotest

import (
	"bytes"
	"sync"
)

// tailMax bounds what a long test keeps of its log, in bytes.
const tailMax = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
	cut  bool
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	// Cutting at twice the bound makes the copying rare.
	if len(t.kept) > 2*tailMax {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-tailMax:]...)
		t.cut = true
	}
	return len(p), nil
}

// String is what was kept, from the beginning of a line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.cut {
		return string(t.kept)
	}
	_, lines, _ := bytes.Cut(t.kept, []byte("\n"))
	return "…\n" + string(lines)
}
