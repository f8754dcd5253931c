package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandHasAnExample: of its own, and it begins like the command.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	seen := 0
	var visit func(*cobra.Command)
	visit = func(command *cobra.Command) {
		seen++
		if !strings.Contains(command.Example, "  kvitto") || command.Short == "" {
			t.Errorf("%s has no example", command.CommandPath())
		}
		for _, below := range command.Commands() {
			visit(below)
		}
	}
	visit(newRoot())
	if seen < 15 {
		t.Errorf("only %d commands were seen", seen)
	}
}
