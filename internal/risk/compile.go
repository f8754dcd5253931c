package risk

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The limits of cost, in the units of CEL: about one for each step, and one for
// ten characters that are read.
const (
	ruleCostMax = 200_000   // the worst case of one condition, and what it may use
	setCostMax  = 1_000_000 // the sum of the worst cases of a rule set
	// countedFrom is the worst case from which steps are counted while they are
	// taken, where a content is larger than the protocol allows: the worst case was
	// not meant for it. What is cheaper goes through no list of the content: it
	// cannot run away.
	countedFrom = 1000
)

// compiler checks the conditions of one file.
type compiler struct {
	reader
	env   *cel.Env
	sizes sizes
	known []string // all names of variables
	total uint64   // cost, of the rules so far
}

// compiled is a rule that can be evaluated.
type compiled struct {
	Rule
	program program
	reason  []reasonPart
	due     program // of nothing where nothing is said
	always  bool    // the condition holds for everything
	text    string  // the condition in one form, to compare
	// asks and reads are the histories that the condition names, and that anything
	// of the rule does.
	asks, reads readSet
}

// reasonPart is a text, or an expression whose value stands in its place.
type reasonPart struct {
	text    string
	program program
}

// program is an expression that can be evaluated.
type program struct {
	plain cel.Program
	// counted stops at ruleCostMax; nil where it cannot get there.
	counted cel.Program
}

// eval counts steps, which costs as much as taking them, only where their number
// is not known beforehand.
func (p program) eval(s *situation) (ref.Val, error) {
	run := p.plain
	if p.counted != nil && !s.usual() {
		run = p.counted
	}
	value, _, err := run.Eval(s)
	return value, err
}

// compile checks every rule, and returns what stands below values and lists with
// them. The problems of a file whose form is wrong come
// with it, so that all are told at once.
func compile(file *ruleFile) (all []compiled, values map[string]ref.Val, problems []Problem, err error) {
	c := &compiler{reader: reader{lines: file.lines, at: -1}}
	values, kinds := c.constants(file.values)
	for _, list := range file.lists {
		values[listsPrefix+list.name], kinds[listsPrefix+list.name] = list.list, listType
	}
	env, err := newEnvironment(values, kinds)
	if err != nil {
		return nil, nil, nil, err
	}
	provider, err := newProvider()
	if err != nil {
		return nil, nil, nil, err
	}
	c.env, c.sizes = env, sizes{values, provider.kinds}
	c.known = append(Variables(), slices.Sorted(maps.Keys(values))...)
	for _, rule := range file.rules {
		c.rule = rule.Name
		c.at = slices.IndexFunc(file.lines.rules, func(keys map[string]int) bool { return keys[""] == rule.Line })
		one := c.one(rule)
		c.reachable(all, &one)
		all = append(all, one)
	}
	if c.total > setCostMax {
		c.at, c.rule = -1, ""
		c.add("", strconv.FormatUint(c.total, 10), "all conditions together can cost too much", "at most "+strconv.Itoa(setCostMax),
			"go through order_lines in fewer rules")
	}
	return all, values, c.problems, nil
}

// constants are the file's values as expressions see them, with their types.
func (c *compiler) constants(table map[string]any) (map[string]ref.Val, map[string]*types.Type) {
	values, kinds := map[string]ref.Val{}, map[string]*types.Type{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		key := valuesPrefix + name
		value, kind := constant(table[name])
		if kind == nil || !valueName.MatchString(name) {
			c.add(key, textOf(table[name]), "cannot be used in conditions",
				"a name of letters, digits and _; a text of at most "+strconv.Itoa(textMax)+" characters, a whole number, true or false, or a list or table of texts or of whole numbers", "")
			continue
		}
		values[key], kinds[key] = value, kind
	}
	return values, kinds
}

var valueName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// constant is a value of the file; its type is nil where it has none.
func constant(value any) (ref.Val, *types.Type) {
	switch value := value.(type) {
	case []any:
		items := make([]ref.Val, len(value))
		var of *types.Type
		for i, item := range value {
			val, kind := constant(item)
			if kind == nil || len(value) > itemsMax || kind.Kind() == types.ListKind || kind.Kind() == types.MapKind || of != nil && of != kind {
				return nil, nil
			}
			items[i], of = val, kind
		}
		if of == nil {
			return nil, nil
		}
		return types.NewRefValList(types.DefaultTypeAdapter, items), types.NewListType(of)
	case map[string]any:
		items := make(map[ref.Val]ref.Val, len(value))
		var of *types.Type
		for key, item := range value {
			val, kind := constant(item)
			if kind == nil || len(value) > itemsMax || kind.Kind() == types.ListKind || kind.Kind() == types.MapKind || of != nil && of != kind {
				return nil, nil
			}
			items[types.String(key)], of = val, kind
		}
		if of == nil {
			return nil, nil
		}
		return types.NewRefValMap(types.DefaultTypeAdapter, items), types.NewMapType(types.StringType, of)
	case string:
		if len([]rune(value)) > textMax {
			return nil, nil
		}
		return types.String(value), types.StringType
	case int64:
		return types.Int(value), types.IntType
	case bool:
		return types.Bool(value), types.BoolType
	}
	return nil, nil
}

func (c *compiler) one(rule Rule) compiled {
	one := compiled{Rule: rule}
	checked := c.checked("condition", rule.Condition, func(t *types.Type) string {
		if t != types.BoolType {
			return "true or false"
		}
		return ""
	})
	if checked != nil {
		one.program, one.Cost = c.program("condition", rule.Condition, checked)
		one.text, _ = cel.AstToString(checked)
		one.asks = readsOf(checked)
		c.constantCondition(&one, checked)
	}
	one.reads = one.asks
	c.reasonParts(&one)
	c.dueMinutes(&one)
	if slices.Contains(rule.Calls, CallLoad) && one.reads != 0 {
		c.add("calls", string(CallLoad), "history is not read at load, and the rule names "+historyOf(kindsOf[one.reads][0]), "other calls",
			"whom nothing is known of yet is shown the payment method; decide at authorize")
	}
	c.total += one.Cost
	return one
}

func integer(t *types.Type) string {
	if t != types.IntType {
		return "a whole number"
	}
	return ""
}

func (c *compiler) dueMinutes(one *compiled) {
	if one.DueMinutes == "" {
		return
	}
	checked := c.checked("due_minutes", one.DueMinutes, integer)
	if checked == nil {
		return
	}
	program, cost := c.program("due_minutes", one.DueMinutes, checked)
	one.due, one.reads = program, one.reads|readsOf(checked)
	c.total += cost
}

// checked is an expression of a wanted type; nil when something is wrong.
// wrong says what was expected of the type, or "".
func (c *compiler) checked(key, text string, wrong func(*types.Type) string) *cel.Ast {
	checked, issues := c.env.Compile(text)
	if issues.Err() != nil {
		c.issues(key, text, issues.Errors())
		return nil
	}
	if expected := wrong(checked.OutputType()); expected != "" {
		c.add(key, text, "has the type "+checked.OutputType().String(), expected, "")
		return nil
	}
	made := false
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) { made = made || e.Kind() == ast.StructKind }))
	if made {
		c.add(key, text, "makes a value with properties", "only values that are there", "")
		return nil
	}
	return checked
}

// program bounds the cost before and while it runs.
func (c *compiler) program(key, text string, checked *cel.Ast) (made program, cost uint64) {
	estimate, err := c.env.EstimateCost(checked, c.sizes)
	estimate.Max = max(estimate.Max, estimate.Max+readsOf(checked).cost())
	if err == nil && estimate.Max > ruleCostMax {
		c.add(key, text, "can cost "+worst(estimate.Max)+" steps", "at most "+strconv.Itoa(ruleCostMax),
			"a loop inside a loop over order_lines goes through a million pairs; use cart, or compare with a fixed text")
		return program{}, 0
	}
	if err == nil {
		made.plain, err = c.env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	}
	if err == nil && estimate.Max >= countedFrom {
		made.counted, err = c.env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(ruleCostMax))
	}
	if err != nil {
		c.add(key, text, "cannot be evaluated: "+err.Error(), "", "")
		return program{}, 0
	}
	return made, estimate.Max
}

func worst(cost uint64) string {
	if cost > 1<<60 {
		return "any number of"
	}
	return strconv.FormatUint(cost, 10)
}

// constantCondition finds conditions that hold, or do not, for everything.
func (c *compiler) constantCondition(one *compiled, checked *cel.Ast) {
	var unknown []*cel.AttributePatternType
	for _, name := range Variables() {
		unknown = append(unknown, cel.AttributePattern(name))
	}
	program, err := c.env.Program(checked, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(ruleCostMax))
	if err != nil {
		return
	}
	activation, err := cel.PartialVars(newSituation(&Input{}, c.sizes.values), unknown...)
	if err != nil {
		return
	}
	value, _, err := program.Eval(activation)
	switch {
	case err != nil:
		c.add("condition", one.Condition, "fails for everything: "+err.Error(), "true or false", "")
	case value == types.True:
		one.always = true
	case value == types.False:
		c.add("condition", one.Condition, "is false for everything: the rule never decides", "", "take the rule out, or name what it depends on")
	}
}

// reachable refuses a rule that an earlier one leaves nothing to decide.
func (c *compiler) reachable(earlier []compiled, one *compiled) {
	for i := range earlier {
		before := &earlier[i]
		same := before.text != "" && before.text == one.text
		if !before.always && !same {
			continue
		}
		covered := !slices.ContainsFunc(one.Calls, func(call Call) bool { return !slices.Contains(before.Calls, call) })
		if !covered {
			continue
		}
		why := "holds for everything"
		if same {
			why = "has the same condition"
		}
		c.add("priority", strconv.FormatInt(one.Priority, 10), "the rule is never reached: "+strconv.Quote(before.Name)+" comes first and "+why,
			"a priority smaller than "+strconv.FormatInt(before.Priority, 10), "")
		return
	}
}

// reasonParts takes a reason apart at its {expressions}.
func (c *compiler) reasonParts(one *compiled) {
	reason := one.Reason
	for reason != "" {
		text, rest, found := strings.Cut(reason, "{")
		if text != "" {
			one.reason = append(one.reason, reasonPart{text: text})
		}
		if !found {
			break
		}
		expression, after, closed := strings.Cut(rest, "}")
		if !closed {
			c.add("reason", reason, "has { without }", "{expression}", "")
			break
		}
		reason = after
		checked := c.checked("reason", expression, func(t *types.Type) string {
			if t != types.StringType && t != types.IntType && t != types.BoolType {
				return "a text, a whole number, or true or false"
			}
			return ""
		})
		if checked != nil {
			program, cost := c.program("reason", expression, checked)
			c.total += cost
			one.reason = append(one.reason, reasonPart{text: "{" + expression + "}", program: program})
			one.reads |= readsOf(checked)
		}
	}
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
	undefined  = regexp.MustCompile(`^undefined field '([^']+)'`)
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.+)'$`)
)

// issues turns what the checker says into problems with a line of the file.
func (c *compiler) issues(key, text string, issues []*common.Error) {
	for _, issue := range issues {
		problem := Problem{Line: c.line(key, issue.Location.Line()), Rule: c.rule, Key: key, Value: shortened(text), Problem: issue.Message}
		if issue.Location.Column() >= 0 {
			problem.Column = issue.Location.Column() + 1
		}
		if match := undeclared.FindStringSubmatch(issue.Message); match != nil {
			problem.Problem, problem.Expected = strconv.Quote(match[1])+" is no name that conditions know", "a name of: kvitto rules names"
			problem.Hint = didYouMean(match[1], c.known)
			if match[1] == "values" {
				problem.Hint = "write values.NAME, where NAME stands below [values] of the file"
			} else if match[1] == "lists" {
				problem.Hint = "write lists.NAME, where NAME stands below [lists] of the file"
			}
		} else if match := undefined.FindStringSubmatch(issue.Message); match != nil {
			problem.Problem, problem.Expected = strconv.Quote(match[1])+" is no property there", "a property of: kvitto rules names"
			problem.Hint = didYouMean(match[1], properties())
		} else if match := noOverload.FindStringSubmatch(issue.Message); match != nil {
			problem.Problem = strings.Trim(match[1], "_@!") + " does not take the types " + match[2]
			problem.Expected = "types that fit together"
			problem.Hint = "amounts are whole numbers of minor units, without quotation marks; texts are in quotation marks"
		}
		c.problems = append(c.problems, problem)
	}
}

// line is that of an expression's line, from 1, in the file.
func (c *compiler) line(key string, within int) int {
	line := c.lines.of(c.at, key)
	if c.lines.opens[line] {
		line++ // the line break after the quotation marks is not part of the text
	}
	return line + max(within-1, 0)
}

// properties are the names of all kinds.
func properties() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.names...)
	}
	return all
}
