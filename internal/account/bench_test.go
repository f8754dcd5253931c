package account

import "testing"

// BenchmarkPassword is the time that a sign-in costs.
func BenchmarkPassword(b *testing.B) {
	h := newHashing()
	for b.Loop() {
		if _, _, err := h.matches(b.Context(), "", "a password that nobody has"); err != nil {
			b.Fatal(err)
		}
	}
}
