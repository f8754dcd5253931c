package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
)

// Searches stay fast while the file grows because each is a search of an index.
func TestSearchesUseIndexes(t *testing.T) {
	t.Parallel()
	h := open(t, filepath.Join(t.TempDir(), "requests.db"))
	for _, test := range []struct {
		name  string
		s     *statement
		index string
	}{
		{"refusal", h.reader.refusal, "USING INDEX refusals_by_correlation_id (correlation_id=?)"},
		{"refusals of a session", h.reader.refusalsOf, "USING INDEX refusals_by_session (session_id=?)"},
		{"covering", h.reader.covering, "USING INDEX blocks_by_id (first_id>? AND first_id<?)"},
		{"marked", h.reader.marked, "USING INDEX marks_by_name (newest_name>?)"},
		{"old blocks", h.writer.oldBlocks, "USING INDEX blocks_by_time (at_ns<?)"},
		{"old refusals", h.writer.oldRefusals, "USING COVERING INDEX refusals_by_time (at_ns<?)"},
		{"oldest block", h.writer.oldestBlock, "USING COVERING INDEX blocks_by_time"},
		{"list of blocks", h.reader.blocksBelow, "USING COVERING INDEX blocks_by_id (first_id<?)"},
		{"list of refusals", h.reader.refusalsBelow, "USING COVERING INDEX refusals_by_correlation_id (correlation_id<?)"},
		{"unindexed blocks", h.reader.unindexedBlocks, "USING COVERING INDEX blocks_by_id (first_id>? AND first_id<?)"},
		{"unindexed refusals", h.reader.unindexedRefusals, "USING COVERING INDEX refusals_by_correlation_id (correlation_id>? AND correlation_id<?)"},
		{"blocks to index", h.reader.blocksToIndex, "USING INTEGER PRIMARY KEY (rowid>?)"},
		{"refusals to index", h.reader.refusalsToIndex, "USING INTEGER PRIMARY KEY (rowid>?)"},
		{"segments", h.reader.segments, "USING INTEGER PRIMARY KEY (rowid=?)"},
		{"old segments", h.writer.oldSegments, "USING COVERING INDEX segments_by_time (at_ns<?)"},
		{"oldest refusal", h.writer.oldestRefusal, "USING COVERING INDEX refusals_by_time"},
	} {
		explained, err := h.reader.prepare("EXPLAIN QUERY PLAN " + test.s.stmt.SQL())
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		if err := each(explained, func() (bool, error) {
			plan.WriteString(explained.text(3) + "\n")
			return true, nil
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan.String(), test.index) {
			t.Errorf("%s: %s", test.name, plan.String())
		}
	}
}
