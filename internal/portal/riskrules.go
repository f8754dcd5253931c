package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// Rules are what decides about payments. They are the operator's.
type Rules interface {
	// RulesInUse are the rules for a merchant; "" are those for everybody.
	RulesInUse(merchantID string) RulesInUse
	// RuleList reads a list that those rules name, by its path: for other rules that
	// are tried.
	RuleList(merchantID, path string) ([]byte, error)
}

// RulesInUse are the rules that decide about a merchant's payments.
type RulesInUse struct {
	File string // "" of the rules of the binary
	Own  bool   // the merchant has a file of its own
	Set  *risk.RuleSet
	// Versions are those that the process has used since it began, as far as it
	// remembers: the newest first, which is the one in use.
	Versions []RuleVersion
	Problem  *RuleProblem // of the file as it is now; nil when it is in use
}

// RuleVersion is a version of a rule file that was used.
type RuleVersion struct {
	Name, Version string
	Since         time.Time // when this process began to use it; zero of the rules of the binary
	Text          string    // of the file
	Lists         []RuleList
}

// RuleList is a list of a version.
type RuleList struct {
	Path  string
	Bytes int
	Sum   string // the beginning of its SHA-256, in hex
}

// RuleProblem is why a file is not used.
type RuleProblem struct {
	At    time.Time
	Cause error // a *risk.Invalid where the file was read
}

// RulesInUse implements Rules for pages that have asked riskFor.
func (s scope) RulesInUse(merchantID string) RulesInUse {
	if !s.viewer.OfOperator() {
		return RulesInUse{}
	}
	return s.all.Rules.RulesInUse(merchantID)
}

// RuleList implements Rules.
func (s scope) RuleList(merchantID, path string) ([]byte, error) {
	if !s.viewer.OfOperator() {
		return nil, store.ErrNotFound
	}
	return s.all.Rules.RuleList(merchantID, path)
}

// riskFor are the rules for a merchant of the address or form. Where the viewer is
// not the operator's there is no such page.
func (p *portal) riskFor(ctx context.Context, merchantID string) (RulesInUse, error) {
	if !p.viewer.OfOperator() {
		return RulesInUse{}, errUnknownPage
	}
	if err := p.mustKnow(ctx, merchantID); merchantID != "" && err != nil {
		return RulesInUse{}, err
	}
	return p.Rules.RulesInUse(merchantID), nil
}

// mustKnow refuses a merchant that the viewer does not see like one that is not
// there.
func (p *portal) mustKnow(ctx context.Context, merchantID string) error {
	all, err := p.Sessions.Merchants(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(m store.Merchant) bool { return m.ID == merchantID }) {
		return unknownMerchant(merchantID)
	}
	return nil
}

// riskPage shows the rules in use.
type riskPage struct {
	RulesInUse
	Merchant  string // "" for everybody
	Merchants []string
	Rules     []shownRule
	Reads     string // whose past they look at
	Problems  []string
	MayTry    bool
}

// InUse is the version that decides.
func (r *riskPage) InUse() RuleVersion {
	if len(r.Versions) == 0 {
		return RuleVersion{}
	}
	return r.Versions[0]
}

// shownRule is a rule as people read it.
type shownRule struct {
	risk.Rule
	Says  string // what it does
	Class string
	Calls string
	Lines []string // of its condition
}

var actionClasses = map[risk.Action]string{risk.ActionApprove: "good", risk.ActionDeny: "refused", risk.ActionRefer: "waiting", risk.ActionAsk: "moved"}

func shownRules(set *risk.RuleSet) (shown []shownRule) {
	for _, rule := range set.Rules() {
		one := shownRule{Rule: rule, Says: string(rule.Action), Class: actionClasses[rule.Action]}
		calls := make([]string, len(rule.Calls))
		for i, call := range rule.Calls {
			calls[i] = string(call)
		}
		one.Calls = strings.Join(calls, ", ")
		for line := range strings.SplitSeq(strings.TrimSpace(rule.Condition), "\n") {
			one.Lines = append(one.Lines, strings.TrimSpace(line))
		}
		shown = append(shown, one)
	}
	return shown
}

// problemLines are what is wrong with a rule file, one for each thing.
func problemLines(cause error) []string { return strings.Split(cause.Error(), "\n") }

func (p *portal) riskRules(w http.ResponseWriter, r *http.Request) error {
	merchant := r.URL.Query().Get("merchant")
	found, err := p.riskFor(r.Context(), merchant)
	if err != nil {
		return err
	}
	shown := riskPage{RulesInUse: found, Merchant: merchant, Rules: shownRules(found.Set), MayTry: p.viewer.May(account.TryRules)}
	if shown.Merchants, err = p.merchants(r.Context()); err != nil {
		return err
	}
	var reads []string
	for _, kind := range found.Set.Reads() {
		reads = append(reads, string(kind))
	}
	shown.Reads = strings.Join(reads, ", ")
	if found.Problem != nil {
		shown.Problems = problemLines(found.Problem.Cause)
	}
	return p.show(w, http.StatusOK, "risk", page{Title: "Risk rules", Current: "risk", Body: &shown})
}

// versionsPage compares two versions of a rule file.
type versionsPage struct {
	Merchant   string
	Older      RuleVersion
	Newer      RuleVersion
	Difference difference
	Lists      []string // what became of the lists
}

func (p *portal) compareRules(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	merchant := query.Get("merchant")
	found, err := p.riskFor(r.Context(), merchant)
	if err != nil {
		return err
	}
	shown := versionsPage{Merchant: merchant}
	for _, side := range []struct {
		name string
		into *RuleVersion
	}{{"older", &shown.Older}, {"newer", &shown.Newer}} {
		at := slices.IndexFunc(found.Versions, func(v RuleVersion) bool { return v.Version == query.Get(side.name) })
		if at < 0 {
			return &missing{What: "version", ID: query.Get(side.name), Advice: "A server remembers the newest versions that it has used since it began."}
		}
		*side.into = found.Versions[at]
	}
	shown.Difference = differenceOf(shown.Older.Text, shown.Newer.Text)
	shown.Lists = listChanges(shown.Older.Lists, shown.Newer.Lists)
	return p.show(w, http.StatusOK, "versions", page{Title: "Versions of the risk rules", Current: "risk", Body: &shown})
}

// listChanges says which lists are others.
func listChanges(older, newer []RuleList) (changes []string) {
	find := func(all []RuleList, path string) int {
		return slices.IndexFunc(all, func(l RuleList) bool { return l.Path == path })
	}
	for _, list := range older {
		switch at := find(newer, list.Path); {
		case at < 0:
			changes = append(changes, list.Path+" is not used any more")
		case newer[at].Sum != list.Sum:
			changes = append(changes, list.Path+" has other entries: "+count(list.Bytes, "byte")+" before, "+count(newer[at].Bytes, "byte")+" now")
		}
	}
	for _, list := range newer {
		if find(older, list.Path) < 0 {
			changes = append(changes, list.Path+" is new: "+count(list.Bytes, "byte"))
		}
	}
	return changes
}
