package risk

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// readSet has a bit for each of SubjectKinds.
type readSet uint8

// kindsOf has the kinds of each set. Nobody may change them.
var kindsOf = func() [1 << 5][]SubjectKind {
	var all [1 << 5][]SubjectKind
	for set := range all {
		for i, kind := range SubjectKinds {
			if set&(1<<i) != 0 {
				all[set] = append(all[set], kind)
			}
		}
		all[set] = slices.Clip(all[set])
	}
	return all
}()

// readsOf are the kinds whose history an expression names.
func readsOf(checked *cel.Ast) (reads readSet) {
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		for i, kind := range SubjectKinds {
			if e.AsIdent() == historyOf(kind) {
				reads |= 1 << i
			}
		}
	}))
	return reads
}

// historySteps are what it costs to look at the facts of one kind, which is done
// once for an assessment, by the first rule that names it.
const historySteps = FactsMax

func (s readSet) cost() uint64 { return uint64(len(kindsOf[s])) * historySteps }

// Reads are the kinds of subjects whose history the rules name. The slice must not
// be changed.
func (r *RuleSet) Reads() []SubjectKind {
	var all readSet
	for i := range r.rules {
		all |= r.rules[i].reads
	}
	return kindsOf[all]
}
