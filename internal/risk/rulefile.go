package risk

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/kvitto/kvitto/internal/checkout"
)

// The limits of a rule file.
const (
	FileMax = 1 << 20 // bytes
	// SentFileMax bounds a file that somebody sends to a server, in bytes: to compile
	// a condition takes a thousand times as long as to receive it.
	SentFileMax = 128 << 10
	RulesMax    = 1000
	textMax     = 300 // characters of a reason and of a text in values
	itemsMax    = 10_000
)

// Action is what a rule does when its condition holds.
type Action string

// The actions.
const (
	ActionApprove Action = "approve"
	ActionDeny    Action = "deny"
	ActionRefer   Action = "refer"
	ActionAsk     Action = "ask"
)

var actions = []string{string(ActionApprove), string(ActionDeny), string(ActionRefer), string(ActionAsk)}

var (
	fileKeys = []string{"name", "on_failure", "lists", "values", "rule"}
	ruleKeys = []string{"name", "priority", "calls", "condition", "action", "fields", "due_minutes", "at_due", "reason"}
	calls    = []string{string(CallLoad), string(CallAuthorize), string(CallReauthorize), string(CallFinalize)}
	// assessed are the calls of a rule that names none.
	assessed = []Call{CallAuthorize, CallReauthorize, CallFinalize}
	ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
)

// Rule is one rule as the file says it.
type Rule struct {
	Name      string
	Priority  int64 // the smallest is evaluated first
	Calls     []Call
	Condition string
	Action    Action
	Fields    []string // paths, for ActionAsk
	// DueMinutes is an expression, empty for the default: how long after the order
	// somebody may decide. AtDue is what is decided when nobody did, empty for the
	// default. Both are for ActionRefer.
	DueMinutes string
	AtDue      checkout.ReviewVerdict
	Reason     string
	Line       int    // of the file
	Cost       uint64 // the worst case in steps; 0 until the condition was checked
}

// ruleFile is a file whose form is right.
type ruleFile struct {
	name      string
	onFailure Action
	values    map[string]any
	lists     []namedList
	rules     []Rule
	lines     fileLines
}

// reader takes a parsed file apart and collects what is wrong.
type reader struct {
	lines    fileLines
	problems []Problem
	rule     string // the one being read
	at       int    // its number from 0; -1 outside rules
}

func (r *reader) add(key, value, problem, expected, hint string) {
	r.problems = append(r.problems, Problem{Line: r.lines.of(r.at, key), Rule: r.rule, Key: key, Value: shortened(value),
		Problem: problem, Expected: expected, Hint: hint})
}

// readFile reads the form of a file, without understanding its conditions.
func readFile(text []byte, read ReadList) (ruleFile, []Problem) {
	if len(text) > FileMax {
		return ruleFile{}, []Problem{{Problem: "the file is too large", Value: strconv.Itoa(len(text)) + " bytes",
			Expected: "at most " + strconv.Itoa(FileMax) + " bytes"}}
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		var parse toml.ParseError
		if !errors.As(err, &parse) {
			return ruleFile{}, []Problem{{Problem: "this is no TOML: " + err.Error(), Hint: "see https://toml.io"}}
		}
		return ruleFile{}, []Problem{{Line: parse.Position.Line, Problem: "this is no TOML: " + parse.Message, Hint: "see https://toml.io"}}
	}
	r := &reader{lines: linesOf(string(text)), at: -1}
	file := ruleFile{lines: r.lines, onFailure: ActionRefer}
	r.unknown(tree, fileKeys)
	file.name = r.text(tree, "name", true)
	if file.name != "" && !ruleName.MatchString(file.name) {
		r.add("name", file.name, "is no name", "small letters, digits, - and _", "")
	}
	switch onFailure := Action(r.text(tree, "on_failure", false)); onFailure {
	case "":
	case ActionRefer, ActionDeny:
		file.onFailure = onFailure
	default:
		r.add("on_failure", string(onFailure), "cannot be used when a rule fails", "refer or deny", "a rule that fails must not approve")
	}
	file.values = r.values(tree)
	file.lists = r.lists(tree, read)
	tables, ok := tree["rule"].([]map[string]any)
	switch {
	case tree["rule"] == nil:
		r.add("", "", "there is no rule", "one [[rule]] or more", "")
	case !ok || len(r.lines.rules) != len(tables):
		r.add("rule", "", "is written in another form", "[[rule]], once for each rule, and its keys below it", "")
	case len(tables) > RulesMax:
		r.add("rule", strconv.Itoa(len(tables)), "there are too many rules", "at most "+strconv.Itoa(RulesMax), "put what they share into values")
	default:
		file.rules = r.rules(tables)
	}
	return file, r.problems
}

// unknown refuses keys that nobody reads.
func (r *reader) unknown(table map[string]any, known []string) {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(known, key) {
			r.add(key, "", "is no key here", strings.Join(known, ", "), didYouMean(key, known))
		}
	}
}

func (r *reader) text(table map[string]any, key string, required bool) string {
	value, there := table[key]
	text, ok := value.(string)
	switch {
	case there && !ok:
		r.add(key, fmt.Sprint(value), "is no text", "a text in quotation marks", "")
	case required && !there:
		r.add(key, "", "is missing", "a text", "")
	case required && strings.TrimSpace(text) == "":
		r.add(key, "", "is empty", "a text", "")
	}
	return text
}

func (r *reader) texts(table map[string]any, key string) []string {
	value, there := table[key]
	if !there {
		return nil
	}
	items, ok := value.([]any)
	all := make([]string, 0, len(items))
	for _, item := range items {
		text, isText := item.(string)
		ok = ok && isText
		all = append(all, text)
	}
	if !ok || len(items) == 0 {
		r.add(key, fmt.Sprint(value), "is no list of texts", `a list such as ["a", "b"]`, "leave the key out for its default")
		return nil
	}
	return all
}

// values are the constants of the file: scalars, and lists and tables of them.
func (r *reader) values(tree map[string]any) map[string]any {
	value, there := tree["values"]
	table, ok := value.(map[string]any)
	if there && !ok {
		r.add("values", fmt.Sprint(value), "is no table", "[values] and names below it", "")
	}
	return table
}

func (r *reader) rules(tables []map[string]any) []Rule {
	var all []Rule
	names, priorities := map[string]int{}, map[int64]string{}
	for i, table := range tables {
		r.at, r.rule = i, ""
		if name, ok := table["name"].(string); ok {
			r.rule = shortened(name)
		}
		rule := r.oneRule(table)
		rule.Line = r.lines.of(i, "")
		if first, twice := names[rule.Name]; twice && rule.Name != "" {
			r.add("name", rule.Name, "there are two rules of this name", "", "the other is on line "+strconv.Itoa(first))
		}
		names[rule.Name] = rule.Line
		if _, there := table["priority"].(int64); there {
			if first, twice := priorities[rule.Priority]; twice {
				r.add("priority", strconv.FormatInt(rule.Priority, 10), "is the priority of another rule: it is not said which of them decides",
					"a number of its own", "the other is rule "+first)
			}
			priorities[rule.Priority] = rule.Name
		}
		all = append(all, rule)
	}
	r.at, r.rule = -1, ""
	slices.SortStableFunc(all, func(a, b Rule) int {
		switch {
		case a.Priority < b.Priority:
			return -1
		case a.Priority > b.Priority:
			return 1
		}
		return 0
	})
	return all
}

func (r *reader) oneRule(table map[string]any) Rule {
	r.unknown(table, ruleKeys)
	rule := Rule{
		Name: r.text(table, "name", true), Condition: r.text(table, "condition", true), Reason: r.text(table, "reason", true),
		Action: Action(r.text(table, "action", true)), Fields: r.texts(table, "fields"),
	}
	if rule.Name != "" && !ruleName.MatchString(rule.Name) {
		r.add("name", rule.Name, "is no name", "small letters, digits, - and _", "")
	}
	if rule.Name == AssessorRule {
		r.add("name", rule.Name, "is the name of the operator's assessor in what was decided", "another name", "")
	}
	if rule.Action != "" && !slices.Contains(actions, string(rule.Action)) {
		r.add("action", string(rule.Action), "is no action", strings.Join(actions, ", "), didYouMean(string(rule.Action), actions))
	}
	if n := len([]rune(rule.Reason)); n > textMax {
		r.add("reason", rule.Reason, "is too long", "at most "+strconv.Itoa(textMax)+" characters", "")
	}
	priority, ok := table["priority"].(int64)
	if !ok {
		r.add("priority", textOf(table["priority"]), "is no whole number", "a whole number; the smallest is evaluated first", "leave gaps: 10, 20, 30")
	}
	rule.Priority = priority
	rule.Calls = assessed
	if named := r.texts(table, "calls"); named != nil {
		rule.Calls = r.calls(named)
	}
	r.fields(&rule)
	r.review(&rule, table)
	return rule
}

// dueMinutesMax is a day.
const dueMinutesMax = int64(checkout.ReviewDueMax / time.Minute)

// review reads how an order is reviewed, which refer alone leads to.
func (r *reader) review(rule *Rule, table map[string]any) {
	for _, key := range []string{"due_minutes", "at_due"} {
		if table[key] != nil && rule.Action != ActionRefer {
			r.add(key, textOf(table[key]), "belongs to the action refer alone", "", `write action = "refer", or leave `+key+" out")
		}
	}
	switch due := table["due_minutes"].(type) {
	case nil:
	case string:
		rule.DueMinutes = due
	case int64:
		rule.DueMinutes = strconv.FormatInt(due, 10)
		if due < 0 || due > dueMinutesMax {
			r.add("due_minutes", rule.DueMinutes, "is no time for a review", "0 to "+strconv.FormatInt(dueMinutesMax, 10)+" minutes", "")
		}
	default:
		r.add("due_minutes", textOf(due), "is no number of minutes", "a whole number, or an expression in quotation marks", "")
	}
	verdicts := []string{string(checkout.ReviewAccept), string(checkout.ReviewReject)}
	switch verdict := r.text(table, "at_due", false); {
	case verdict == "":
	case !slices.Contains(verdicts, verdict):
		r.add("at_due", verdict, "is no end of a review", strings.Join(verdicts, " or "), didYouMean(verdict, verdicts))
	default:
		rule.AtDue = checkout.ReviewVerdict(verdict)
	}
}

func textOf(value any) string {
	if value == nil {
		return "nothing"
	}
	return fmt.Sprint(value)
}

func (r *reader) calls(named []string) []Call {
	var all []Call
	for _, call := range named {
		if !slices.Contains(calls, call) {
			r.add("calls", call, "is no call", strings.Join(calls, ", "), didYouMean(call, calls))
		}
		all = append(all, Call(call))
	}
	return all
}

// fields wants paths for ask, which the customer's page can ask for.
func (r *reader) fields(rule *Rule) {
	if rule.Action != ActionAsk {
		if len(rule.Fields) > 0 {
			r.add("fields", strings.Join(rule.Fields, ", "), "belong to the action ask alone", "", `write action = "ask", or leave fields out`)
		}
		return
	}
	if len(rule.Fields) == 0 {
		r.add("fields", "", "are missing: ask for what?", `a list such as ["billing_address.email"]`, "")
	}
	for _, field := range rule.Fields {
		if known := Askable(); !slices.Contains(known, field) {
			r.add("fields", field, "is nothing that can be asked for", "a property of billing_address, shipping_address or customer", didYouMean(field, known))
		}
	}
}

// Askable are the paths that an assessment may ask the customer for: what the
// page can ask for.
func Askable() []string {
	var all []string
	for _, f := range checkout.AddressFields {
		all = append(all, "billing_address."+f.Name, "shipping_address."+f.Name)
	}
	for _, f := range checkout.CustomerFields {
		all = append(all, "customer."+f.Name)
	}
	return all
}
