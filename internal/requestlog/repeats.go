package requestlog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Repeat is refusals that say the same.
type Repeat struct {
	Operation     string
	ErrorCode     string
	Paths         []string // that broke rules, without the indices of arrays, sorted
	Count         int      // at least two
	First, Last   time.Time
	CorrelationID string // of the newest
}

// Bounds of Repeats.
const (
	repeatsLooked = 20_000 // refusals of all merchants, the newest
	repeatsMax    = 100
	repeatPaths   = 16 // of one refusal
)

// Repeats tells which refusals of a merchant came again and again since a time,
// the most frequent first. It looks at the newest 20,000 refusals of the log, for
// as long as a search does, and gives a hundred at most.
func (l *Log) Repeats(ctx context.Context, merchantID string, since time.Time) ([]Repeat, error) {
	if err := l.flush(ctx); err != nil {
		return nil, err
	}
	g := grouping{merchantID: merchantID, since: since, of: map[string]*Repeat{}}
	oldest := home.MinuteOf(since.Add(-timeSlack))
	deadline := time.Now().Add(l.options.searchTime)
	err := l.use(func(h home.Home) error {
		below := ""
		for range repeatsLooked / keysListed {
			keys, err := h.List(ctx, home.Refusals, below, keysListed)
			if err != nil || len(keys) == 0 {
				return err
			}
			if err := h.Load(ctx, keys, g.add); err != nil {
				return err
			}
			below = keys[len(keys)-1].FirstID
			if len(keys) < keysListed || home.Minute(below) < oldest || time.Now().After(deadline) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("requestlog: repeats: %w", err)
	}
	return g.repeats(), nil
}

// grouping gathers refusals, the newest first, by what they say.
type grouping struct {
	merchantID string
	since      time.Time
	of         map[string]*Repeat
}

func (g *grouping) add(p home.Piece) (more bool, err error) {
	if p.Refusal == nil || p.Refusal.MerchantID != searchable(g.merchantID) {
		return true, nil
	}
	return walk(p.Refusal.Data, p.Refusal.Packed, func(n *names, rest *cursor) (bool, error) {
		k, err := rest.kept(n)
		if err != nil || string(n.merchantID) != g.merchantID || k.at.Before(g.since) {
			return true, err
		}
		var why explanation
		if p.Refusal.Explanation != "" {
			if err := json.Unmarshal([]byte(p.Refusal.Explanation), &why); err != nil {
				return false, fmt.Errorf("explanation of %s: %w", n.correlationID, err)
			}
		}
		paths := pathsOf(why.Violations)
		group := string(n.operation) + "\x00" + why.Code + "\x00" + strings.Join(paths, "\x00")
		r := g.of[group]
		if r == nil {
			r = &Repeat{Operation: string(n.operation), ErrorCode: why.Code, Paths: paths, First: k.at, Last: k.at, CorrelationID: string(n.correlationID)}
			g.of[group] = r
		}
		r.Count++
		if k.at.Before(r.First) {
			r.First = k.at
		}
		if k.at.After(r.Last) {
			r.Last = k.at
		}
		return true, nil
	})
}

// pathsOf are the paths of violations, each once, whichever element of an array
// broke the rule.
func pathsOf(violations []violation) (paths []string) {
	for i := range violations {
		if path := withoutIndexes(violations[i].Path); !slices.Contains(paths, path) && len(paths) < repeatPaths {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func withoutIndexes(path string) string {
	names := strings.Split(path, ".")
	for i := range names {
		names[i] = withoutIndex(names[i])
	}
	return strings.Join(names, ".")
}

func (g *grouping) repeats() (all []Repeat) {
	for _, r := range g.of {
		if r.Count > 1 {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b Repeat) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last), strings.Compare(a.CorrelationID, b.CorrelationID))
	})
	return all[:min(len(all), repeatsMax)]
}
