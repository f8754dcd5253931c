package risk

import (
	"context"
	_ "embed"
	"sync"
)

//go:embed rules/playground.toml
var playgroundText []byte

//go:embed rules/default.toml
var defaultText []byte

var (
	playgroundRules = sync.OnceValue(func() *RuleSet { return mustParse(playgroundText) })
	defaultRules    = sync.OnceValue(func() *RuleSet { return mustParse(defaultText) })
)

// PlaygroundRules decide by test data; they are for kvitto dev alone.
func PlaygroundRules() *RuleSet { return playgroundRules() }

// DefaultRules are those of a server whose operator has set none.
func DefaultRules() *RuleSet { return defaultRules() }

// DefaultFile is the file of the default rules, to begin another with.
func DefaultFile() []byte { return append([]byte(nil), defaultText...) }

// PlaygroundFile is the file of the playground's rules.
func PlaygroundFile() []byte { return append([]byte(nil), playgroundText...) }

// mustParse is for files of the binary, which a test parses too.
func mustParse(text []byte) *RuleSet {
	set, err := Parse(text)
	if err != nil {
		panic("a rule file of the binary: " + err.Error())
	}
	return set
}

// Playground is an assessor with the playground's rules.
type Playground struct{}

// Assess implements Assessor.
func (Playground) Assess(ctx context.Context, in Input) Assessment {
	return PlaygroundRules().Assess(ctx, in)
}
