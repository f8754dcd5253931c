package cli

import (
	"os"
	"runtime/debug"
)

// The garbage collector's defaults suit small heaps. A server that answers
// thousands of updates a second gets more room between collections, within a
// soft limit near which it collects as often as it must. GOGC and GOMEMLIMIT
// have the last word.
const (
	gcPercent        = 300
	memoryLimitBytes = 512 << 20
)

func giveCollectorRoom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimitBytes)
	}
}
