package risk_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
)

var windowsOf = map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour, "week": 168 * time.Hour, "month": 720 * time.Hour}

// counted is what docs/risk.md says of the past, a question at a time.
func counted(in *risk.Input, past risk.Past) map[string]int64 {
	all := map[string]int64{}
	var others []risk.Fact
	for _, fact := range past.Facts[:min(len(past.Facts), 100)] {
		if fact.SessionID != in.SessionID {
			others = append(others, fact)
		}
	}
	for name, length := range windowsOf {
		within := func(kinds ...risk.FactKind) (facts []risk.Fact) {
			for _, fact := range others {
				if in.Now.Sub(fact.At) < length && slices.Contains(kinds, fact.Kind) {
					facts = append(facts, fact)
				}
			}
			return facts
		}
		approved, ordered := within(risk.FactApproved, risk.FactReferred), within(risk.FactOrdered)
		any := within(risk.FactApproved, risk.FactReferred, risk.FactDenied, risk.FactOrdered)
		all["attempts_"+name] = int64(len(newestOf(within(risk.FactApproved, risk.FactReferred, risk.FactDenied), in.Now)))
		all["denials_"+name] = int64(len(newestOf(within(risk.FactDenied), in.Now)))
		all["approvals_"+name] = int64(len(newestOf(approved, in.Now)))
		all["orders_"+name] = int64(len(newestOf(ordered, in.Now)))
		for what, facts := range map[string][]risk.Fact{"approved_amount_": approved, "ordered_amount_": ordered} {
			for _, fact := range newestOf(facts, in.Now) {
				if fact.Currency == in.Content.PurchaseCurrency.Value {
					all[what+name] += fact.Amount
				}
			}
		}
		if name == "day" || name == "month" {
			emails, phones, addresses := map[uint32]bool{0: true}, map[uint32]bool{0: true}, map[uint32]bool{0: true}
			for _, fact := range any {
				emails[fact.Email], phones[fact.Phone], addresses[fact.Address] = true, true, true
			}
			all["emails_"+name], all["phones_"+name], all["addresses_"+name] = int64(len(emails)-1), int64(len(phones)-1), int64(len(addresses)-1)
		}
	}
	return all
}

// newestOf is the newest fact of each session; what is later than now is of now,
// and of those of one time it is the one that comes first.
func newestOf(facts []risk.Fact, now time.Time) map[string]risk.Fact {
	newest := map[string]risk.Fact{}
	for _, fact := range facts {
		before, there := newest[fact.SessionID]
		if !there || max(now.Sub(fact.At), 0) < max(now.Sub(before.At), 0) {
			newest[fact.SessionID] = fact
		}
	}
	return newest
}

// TestThePastIsCountedAsWritten compares with a program that shares nothing with
// the rules'.
func TestThePastIsCountedAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(anyFact), 0, 130).Draw(t, "facts")
		for i := range facts {
			facts[i].Amount = int64(uint16(facts[i].Amount))
		}
		if rapid.Bool().Draw(t, "in order") {
			slices.SortStableFunc(facts, func(a, b risk.Fact) int { return b.At.Compare(a.At) })
		}
		past := risk.Past{Known: true, FirstAt: noon.Add(-100 * 24 * time.Hour), Orders: 7, Facts: facts}
		in := &risk.Input{SessionID: anySessionID(t), Now: noon, Content: &checkout.Content{PurchaseCurrency: checkout.TextOf("SEK")},
			History: risk.History{risk.SubjectDevice: past}}
		got := map[string]int64{}
		for _, signal := range risk.Signals(in) {
			name, ok := strings.CutPrefix(signal.Name, "device_history.")
			number, err := strconv.ParseInt(signal.Value, 10, 64)
			if ok && err == nil && name != "days" && name != "orders" {
				got[name] = number
			}
		}
		want := counted(in, past)
		maps.DeleteFunc(want, func(_ string, n int64) bool { return n == 0 })
		if !maps.Equal(got, want) {
			t.Fatalf("got %v\nwant %v\nof %v", got, want, facts)
		}
	})
}

// aFact of a session that is numbered.
func aFact(kind risk.FactKind, session byte, ago time.Duration) risk.Fact {
	return risk.Fact{Kind: kind, At: noon.Add(-ago), SessionID: identifier.Format([16]byte{15: session}), Amount: 100, Currency: "SEK"}
}

// TestWhoIsKnown: by the first fact ever and by all orders, also where the facts
// are forgotten, and never by the session that is assessed.
func TestWhoIsKnown(t *testing.T) {
	t.Parallel()
	week := noon.Add(-7*24*time.Hour - time.Minute)
	for name, c := range map[string]struct {
		past risk.Past
		want string
	}{
		"nothing":       {risk.Past{}, "false 0 0"},
		"another":       {risk.Past{Known: true, FirstAt: week, Facts: []risk.Fact{aFact(risk.FactDenied, 1, 0)}}, "true 7 0"},
		"forgotten":     {risk.Past{Known: true, FirstAt: week, Orders: 300}, "true 7 300"},
		"this session":  {risk.Past{Known: true, FirstAt: noon.Add(-time.Hour), Facts: []risk.Fact{aFact(risk.FactDenied, 9, 0), aFact(risk.FactDenied, 9, time.Hour)}}, "false 0 0"},
		"and forgotten": {risk.Past{Known: true, FirstAt: week, Facts: []risk.Fact{aFact(risk.FactDenied, 9, 0)}}, "true 7 0"},
		"its own order": {risk.Past{Known: true, FirstAt: week, Orders: 2, Facts: []risk.Fact{aFact(risk.FactOrdered, 9, 0), aFact(risk.FactOrdered, 1, 0)}}, "true 7 1"},
		"a later clock": {risk.Past{Known: true, FirstAt: noon.Add(time.Hour), Facts: []risk.Fact{aFact(risk.FactDenied, 1, -time.Hour)}}, "true 0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := risk.Input{Call: risk.CallAuthorize, SessionID: aFact(0, 9, 0).SessionID, Now: noon, History: risk.History{risk.SubjectEmail: c.past}}
			set := mustParse(t, []byte(strings.Replace(string(file("hour >= 0 -> deny")), `"because"`,
				`"{email_history.known} {email_history.days} {email_history.orders}"`, 1)))
			if got := set.Evaluate(in, nil).Decision.Reason; !strings.HasPrefix(got, c.want+" (") {
				t.Errorf("known, days, orders are %q, want %q", got, c.want)
			}
		})
	}
}

// TestWhatConditionsSeeOfThePast has each history, session and what is new of a
// contact.
func TestWhatConditionsSeeOfThePast(t *testing.T) {
	t.Parallel()
	content := richContent()
	content.BillingAddress.FamilyName, content.BillingAddress.Email = checkout.TextOf(" Öst "), checkout.TextOf("a+pend-accept-0905@b.se")
	in := risk.Input{Call: risk.CallAuthorize, Content: content, SessionID: aFact(0, 9, 0).SessionID, Changes: 3, Denied: true, Login: "x+1a@b.se",
		CreatedAt: noon.Add(-150 * time.Second), Now: noon, History: risk.History{}}
	for i, kind := range risk.SubjectKinds {
		var facts []risk.Fact
		for session := range i + 1 {
			facts = append(facts, aFact(risk.FactDenied, byte(session+10), 25*time.Hour))
		}
		in.History[kind] = risk.Past{Known: true, FirstAt: noon, Facts: facts}
	}
	for _, condition := range []string{
		`email_history.denials_week == 1 && phone_history.denials_week == 2 && address_history.denials_week == 3`,
		`device_history.denials_month == 4 && ip_history.attempts_week == 5 && ip_history.denials_day == 0 && ip_history.approvals_month == 0`,
		`email_history.known && email_history.days == 0 && email_history.orders == 0 && email_history.orders_month == 0`,
		`email_history != ip_history && email_history == email_history`,
		`session.changes == 3 && session.minutes == 2 && session.denied`,
		`contact.name == "åsa öst" && contact.email_tag_number == 905 && login.email_tag_number == 0 && login.name == ""`,
	} {
		if got := mustParse(t, file(condition+" -> deny")).Evaluate(in, nil); got.Decision.Outcome != checkout.OutcomeDeny {
			t.Errorf("does not hold: %s %+v", condition, got.Steps)
		}
	}
	if got := fmt.Sprint(risk.Signals(&in)); !strings.Contains(got, "{phone_history.denials_week 2}") || strings.Contains(got, "denials_day") ||
		!strings.Contains(got, "{session.denied true}") || !strings.Contains(got, "{age 25}") {
		t.Errorf("signals %s", got)
	}
	for tag, want := range map[string]string{"a+00": "0", "a+99999999999999999999": "9223372036854775807", "a": "0", "a+000000000000000000000007": "7"} {
		set := mustParse(t, file("login.email_tag_number == "+want+" -> deny"))
		if got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Login: tag + "@b.se"}, nil); got.Rule == "" {
			t.Errorf("the number of %s is not %s", tag, want)
		}
	}
}

// TestReads: what the decision can depend on is what the rules name that were
// evaluated; the set's own Reads are of all of them.
func TestReads(t *testing.T) {
	t.Parallel()
	text := string(file("order_amount == 1 && email_history.known -> deny", "order_amount == 2 -> refer", "ip_history.known || order_amount == 3 -> deny"))
	text = strings.Replace(text, "action = \"refer\"\nreason = \"because\"", "action = \"refer\"\ndue_minutes = \"device_history.days\"\nreason = \"{phone_history.orders}\"", 1)
	text = strings.Replace(text, "name = \"r1\"\n", "name = \"r1\"\ncalls = [\"authorize\"]\n", 1)
	set := mustParse(t, []byte(text))
	if got := fmt.Sprint(set.Reads()); got != "[email phone device ip]" {
		t.Errorf("the set reads %s", got)
	}
	for _, c := range []struct {
		call   risk.Call
		amount int64
		want   string
	}{
		{risk.CallAuthorize, 1, "[email ip]"}, {risk.CallAuthorize, 2, "[email phone device]"}, {risk.CallAuthorize, 9, "[email ip]"},
		{risk.CallFinalize, 2, "[phone device]"}, {risk.CallFinalize, 3, "[ip]"}, {risk.CallLoad, 2, "[]"},
	} {
		in := risk.Input{Call: c.call, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(c.amount)}, Now: noon}
		if got := fmt.Sprint(set.Evaluate(in, nil).Reads); got != c.want {
			t.Errorf("%s of %d reads %s, want %s", c.call, c.amount, got, c.want)
		}
	}
	if reads := risk.PlaygroundRules().Reads(); len(reads) != 0 {
		t.Errorf("the playground reads %v", reads)
	}
}
