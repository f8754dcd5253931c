package storetest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/store"
)

// drawFacts lets a change add facts to some of the subjects, each on condition
// of a version that may be right, and gives it an assessment. Half of the
// changes have neither.
func (p *row) drawFacts(t *rapid.T, change *store.Change) {
	if rapid.Bool().Draw(t, "plain") {
		return
	}
	at := dawn.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "fact at")) * time.Millisecond)
	for _, key := range rapid.Permutation(p.subjects).Draw(t, "subjects")[:rapid.IntRange(0, len(p.subjects)).Draw(t, "facts")] {
		expected := store.AnyVersion
		if rapid.Bool().Draw(t, "on a condition") {
			known, err := p.model.(store.Subjects).Subjects(t.Context(), []store.SubjectKey{key})
			if err != nil {
				t.Fatalf("Subjects of the model: %v", err)
			}
			expected = max(0, known[0].Version+rapid.Int64Range(-1, 2).Draw(t, "beside the version"))
		}
		change.Subjects = append(change.Subjects, store.SubjectChange{
			Key: key, Expected: expected, At: at, Order: rapid.Bool().Draw(t, "order"), Fact: factOf(rapid.StringN(0, 9, 40).Draw(t, "fact")),
		})
	}
	if rapid.Bool().Draw(t, "assessed") {
		change.Assessment = &store.Assessment{
			ID: pick(t, "assessment", p.assessments), At: at, Call: "authorize", Outcome: rapid.StringMatching(`[a-z]{0,8}`).Draw(t, "outcome"),
			Subjects: p.subjects[:rapid.IntRange(0, len(p.subjects)).Draw(t, "looked at")], Document: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "document"),
		}
	}
}

// compareMemories reads all subjects and assessments of the run.
func (p *row) compareMemories(t *rapid.T) {
	compare(t, "Subjects", p, func(e store.Engine) ([]store.Subject, error) {
		return e.(store.Subjects).Subjects(t.Context(), p.subjects)
	})
	for _, id := range p.sessions {
		compare(t, "AssessmentsOf", p, func(e store.Engine) ([]store.Assessment, error) {
			return e.(store.Assessments).AssessmentsOf(t.Context(), p.merchants[0], id, 3)
		})
	}
	compare(t, "CountAssessments", p, func(e store.Engine) (int64, error) {
		return e.(store.Assessments).CountAssessments(t.Context(), p.merchants[0], "")
	})
}
