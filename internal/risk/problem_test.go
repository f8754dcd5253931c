package risk_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/risk"
)

const head = "name = \"test\"\n" // line 1
// ruleWith is a file of one rule in which some lines differ: name on line 3,
// priority, condition, action, reason, and what else there is on the lines below.
func ruleWith(lines ...string) string {
	all := map[string]string{"name": `"r"`, "priority": "1", "condition": `"hour > 3"`, "action": `"deny"`, "reason": `"x"`}
	text := head + "[[rule]]\n" // line 2
	for _, key := range []string{"name", "priority", "condition", "action", "reason", "fields", "calls"} {
		for _, line := range lines {
			if value, ok := strings.CutPrefix(line, key+" = "); ok {
				all[key] = value
			}
		}
		if all[key] != "" {
			text += key + " = " + all[key] + "\n"
		}
	}
	return text
}

// conditioned has the condition on line 5.
func conditioned(c string) string { return ruleWith("condition = '''" + c + "'''") }

// second is a rule of six lines that is right.
const second = "[[rule]]\nname = \"s\"\npriority = 2\ncondition = \"hour > 4\"\naction = \"approve\"\nreason = \"y\"\n"

// problems are files with what is said of them.
var problems = map[string]string{
	"":                               `name: is missing`,
	head:                             `there is no rule; expected: one [[rule]] or more`,
	"name = 1\n":                     `line 1: name: is no text; got: 1`,
	"name = ":                        `line 1: this is no TOML`,
	head + "rules = 1\n" + second:    `line 2: rules: is no key here; expected: name, on_failure, lists, values, rule; hint: did you mean rule?`,
	"name = \"A b\"\n" + second:      `line 1: name: is no name; got: A b`,
	head + "rule = [{name = \"a\"}]": `rule: is written in another form; expected: [[rule]]`,
	"on_failure = \"approve\"\n" + head + second: `line 1: on_failure: cannot be used when a rule fails; got: approve; expected: refer or deny`,

	ruleWith("name = \"a b\""):          `line 3: rule "a b": name: is no name`,
	ruleWith("priority = \"1\""):        `line 4: rule "r": priority: is no whole number; got: 1`,
	ruleWith("action = \"denied\""):     `line 6: rule "r": action: is no action; got: denied; expected: approve, deny, refer, ask; hint: did you mean deny?`,
	ruleWith("action = \"ask\""):        `line 2: rule "r": fields: are missing`,
	ruleWith("fields = [\"a\"]"):        `line 8: rule "r": fields: belong to the action ask alone`,
	ruleWith("reason = \"\""):           `line 7: rule "r": reason: is empty`,
	ruleWith("reason = \"{hour\""):      `line 7: rule "r": reason: has { without }`,
	ruleWith("reason = \"{customer}\""): `line 7: rule "r": reason: has the type kvitto.Customer`,
	ruleWith("calls = [\"authorise\"]"): `line 8: rule "r": calls: is no call; got: authorise; expected: load, authorize, reauthorize, finalize; hint: did you mean authorize?`,
	ruleWith("calls = []"):              `line 8: rule "r": calls: is no list of texts`,
	ruleWith("condition = 3"):           `line 5: rule "r": condition: is no text; got: 3`,
	ruleWith() + "prio = 3\n":           `line 8: rule "r": prio: is no key here`,
	ruleWith() + second + strings.Replace(second, "priority = 2", "priority = 3", 1): `rule "s": name: there are two rules of this name; got: s; hint: the other is on line 8`,
	ruleWith("priority = 2") + second:                                                `line 10: rule "s": priority: is the priority of another rule`,

	conditioned("order_amout > 3"):                                          `line 5: rule "r": condition: "order_amout" is no name that conditions know; got: order_amout > 3; expected: a name of: kvitto rules names; hint: did you mean order_amount?`,
	conditioned("\n\nhour > 3 &&\nhuor > 4"):                                `line 8: rule "r": condition: "huor" is no name`,
	conditioned("contact.mail == \"\""):                                     `"mail" is no property there; got: contact.mail == ""; expected: a property of: kvitto rules names; hint: did you mean email?`,
	conditioned("order_amount > \"3\""):                                     `> does not take the types (int, string)`,
	conditioned("order_amount"):                                             `line 5: rule "r": condition: has the type int; got: order_amount; expected: true or false`,
	conditioned("hour >"):                                                   `line 5: rule "r": condition: Syntax error`,
	conditioned("values.x > 3"):                                             `hint: write values.NAME`,
	conditioned("false"):                                                    `is false for everything: the rule never decides`,
	conditioned("hour > 3 && 1 > 2"):                                        `is false for everything`,
	conditioned("1 / 0 == 2"):                                               `fails for everything: division by zero`,
	conditioned(`contact.email.matches("(")`):                               `invalid matches argument`,
	conditioned(`kvitto.Address{} == billing_address`):                      `makes a value with properties`,
	conditioned("order_lines.all(a, order_lines.all(b, a.name == b.name))"): `can cost`,
	conditioned("order_lines.all(a, order_lines.all(b, order_lines.all(c, a == b || b == c)))"): `steps; got: order_lines.all`,
	conditioned(strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200)):                   `line 5: rule "r": condition`,
	conditioned(strings.Repeat("hour > 1 && ", 400) + "true"):                                   `line 5: rule "r": condition`,

	ruleWith("calls = [\"authorize\", \"load\"]", "condition = \"email_history.known\""): `line 8: rule "r": calls: history is not read at load, and the rule names email_history; got: load`,
	ruleWith("calls = [\"load\"]", "reason = \"{ip_history.days}\""):                     `history is not read at load, and the rule names ip_history`,
	ruleWith() + "due_minutes = 3\n":                                                     `line 8: rule "r": due_minutes: belongs to the action refer alone; got: 3`,
	ruleWith() + "at_due = \"accept\"\n":                                                 `at_due: belongs to the action refer alone`,
	ruleWith("action = \"refer\"") + "due_minutes = 10081\n":                             `line 8: rule "r": due_minutes: is no time for a review; got: 10081; expected: 0 to 10080 minutes`,
	ruleWith("action = \"refer\"") + "due_minutes = 1.5\n":                               `due_minutes: is no number of minutes; got: 1.5`,
	ruleWith("action = \"refer\"") + "due_minutes = \"contact.email\"\n":                 `line 8: rule "r": due_minutes: has the type string`,
	ruleWith("action = \"refer\"") + "at_due = \"acept\"\n":                              `line 8: rule "r": at_due: is no end of a review; got: acept; expected: accept or reject; hint: did you mean accept?`,

	conditioned("true") + second:                 `rule "s": priority: the rule is never reached: "r" comes first and holds for everything; got: 2; expected: a priority smaller than 1`,
	conditioned("hour > 3 || true") + second:     `comes first and holds for everything`,
	conditioned("hour  >  4") + second:           `"r" comes first and has the same condition`,
	head + "[values]\nx = 1.5\n" + second:        `line 3: values.x: cannot be used in conditions; got: 1.5`,
	head + "[values]\nx = [1, \"a\"]\n" + second: `line 3: values.x: cannot be used in conditions`,
	head + "[values]\nx = []\n" + second:         `line 3: values.x: cannot be used in conditions`,
	head + "[values]\na-b = 1\n" + second:        `line 3: values.a-b: cannot be used in conditions`,
	head + "values = 3\n" + second:               `line 2: values: is no table`,
}

// TestEveryProblemIsToldWithItsLine: what is wrong, where, what was expected
// and what to do.
func TestEveryProblemIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range problems {
		_, err := risk.Parse([]byte(text))
		var invalid *risk.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("error %v for\n%s", err, text)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("for\n%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestEverythingWrongIsSaidAtOnce, in the order of the file.
func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := risk.Parse([]byte(`name = "test"
nane = 1
[[rule]]
name = "a"
priority = 1
condition = 'hour > "x" || nothing'
action = "drop"
reason = "r"
[[rule]]
name = "b"
priority = 1
condition = 'cart.lines > 1'
action = "deny"
reason = "r"
`))
	var invalid *risk.Invalid
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var lines []int
	for _, problem := range invalid.Problems {
		lines = append(lines, problem.Line)
	}
	want := []int{2, 6, 6, 7, 11}
	if len(lines) != len(want) {
		t.Fatalf("problems on %v, want %v\n%v", lines, want, err)
	}
	for i := range want {
		if lines[i] != want[i] {
			t.Fatalf("problems on %v, want %v\n%v", lines, want, err)
		}
	}
}

// TestALaterRuleForAnotherCallIsReached.
func TestALaterRuleForAnotherCallIsReached(t *testing.T) {
	t.Parallel()
	text := strings.Replace(string(file("true -> deny", "hour > 3 -> approve")), "name = \"r1\"\n", "name = \"r1\"\ncalls = [\"load\"]\n", 1)
	mustParse(t, []byte(text))
}

func TestAFileThatIsTooLarge(t *testing.T) {
	t.Parallel()
	if _, err := risk.Parse(make([]byte, risk.FileMax+1)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
	rules := make([]string, risk.RulesMax+1)
	for i := range rules {
		rules[i] = "hour > 1 -> deny"
	}
	if _, err := risk.Parse(file(rules...)); err == nil || !strings.Contains(err.Error(), "there are too many rules; got: 1001") {
		t.Error(err)
	}
}
