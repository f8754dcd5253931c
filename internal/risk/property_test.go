package risk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// anyText is nothing, something plain, something with a meaning, or anything.
var anyText = rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"SE", "US", "GB", "NO", "SEK", "a@b.se", "a+red@b", "A+Denied@x.y", "a+denied+auth_x@b",
	"a+reject_reason_y@b", "a+pending@b.c", "a+pend-accept-05@b", "a+pend-rejectx@b@c", "+46701740620", "+1 310 555 8641", "4552555348@x", "1990-02-30", "2010-01-01"}), rapid.String())

func textValue(t *rapid.T) checkout.Text {
	return checkout.Text{Value: anyText.Draw(t, "text"), Set: rapid.Bool().Draw(t, "set")}
}

func anyContent(t *rapid.T) *checkout.Content {
	c := &checkout.Content{}
	for _, f := range checkout.ContentTextFields {
		*f.At(c) = textValue(t)
	}
	for _, f := range checkout.ContentIntegerFields {
		*f.At(c) = checkout.IntegerOf(rapid.Int64().Draw(t, f.Name))
	}
	for _, address := range []**checkout.Address{&c.BillingAddress, &c.ShippingAddress} {
		if rapid.Bool().Draw(t, "address") {
			*address = &checkout.Address{}
			for _, f := range checkout.AddressFields {
				*f.At(*address) = textValue(t)
			}
		}
	}
	if rapid.Bool().Draw(t, "customer") {
		c.Customer = &checkout.Customer{DateOfBirth: textValue(t), Type: textValue(t)}
	}
	for range rapid.IntRange(0, 4).Draw(t, "lines") {
		line := checkout.Line{Name: textValue(t), Type: textValue(t)}
		for _, f := range checkout.LineIntegerFields {
			*f.At(&line) = checkout.IntegerOf(rapid.Int64().Draw(t, f.Name))
		}
		c.OrderLines = append(c.OrderLines, line)
	}
	return c
}

func anyInput(t *rapid.T) risk.Input {
	return risk.Input{
		Call:    rapid.SampledFrom([]risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize}).Draw(t, "call"),
		Content: anyContent(t), Login: anyText.Draw(t, "login"), Now: time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "now"), 0),
	}
}

// TestThePlaygroundDecidesAsPublished for any content.
func TestThePlaygroundDecidesAsPublished(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		got := risk.PlaygroundRules().Evaluate(in, nil)
		if want := published(in); got.Decision.Outcome != want || got.Failed > 0 {
			t.Fatalf("%+v, want %s", got, want)
		}
	})
}

// touchy goes everywhere, and fails for some contents.
var touchy = []string{
	`order_lines.exists(l, l.total_amount * 3 > order_amount && l.product_identifiers.brand != "x") -> deny`,
	`order_amount / cart.quantity > 100 -> refer`,
	`contact.email_domain.matches("^[a-z]+$") && billing_address != shipping_address -> ask`,
	`order_lines[2].name.contains(customer.title) -> approve`,
	`int(billing_address.postal_code) + age > 3000 -> deny`,
	`mismatch.city || mismatch.phone -> refer`,
	`weekday == 7 && hour < 6 -> deny`,
}

// TestNoContentBreaksAnEvaluation: it ends in a decision with a reason, the same
// each time, and a failure is never an approval.
func TestNoContentBreaksAnEvaluation(t *testing.T) {
	t.Parallel()
	set, again := mustParse(t, file(touchy...)), mustParse(t, file(touchy...))
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		got := set.Evaluate(in, nil)
		if got.Decision.Reason == "" || len(got.Steps) != len(touchy) {
			t.Fatalf("%+v", got)
		}
		if got.Failed > 0 && got.Decision.Outcome == checkout.OutcomeApprove {
			t.Fatalf("a failure was approved: %+v", got)
		}
		for range 3 { // maps of another order
			if other := again.Evaluate(in, nil); fmt.Sprint(other) != fmt.Sprint(got) {
				t.Fatalf("%+v, then %+v", got, other)
			}
		}
	})
}

// FuzzParse: no file breaks the reader, and one that is taken can be evaluated.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"default", "playground"} {
		text, err := os.ReadFile(filepath.Join("rules", name+".toml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(string(file(touchy...)))
	f.Add("name='a'\n[values]\nx=[1,2]\n[[rule]]\nname='r'\npriority=1\naction='ask'\nfields=['customer.gender']\nreason='{values.x[0]}'\ncondition='''\n1 in values.x\n'''\n")
	f.Add(string(listed("a/b.txt", `contact.email in lists.disposable && email_history.known`)))
	f.Add("[[rule]]\n[rule.values]\n[[rule.rule]]")
	f.Add("name = '''\n[[rule]]\n'''\n[[ 'rule' ]]\ncondition = \"\"\"\\\n a\"\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := risk.ParseWith([]byte(text), reading("a\nb.example # c\n"))
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		for _, content := range []*checkout.Content{{}, richContent()} {
			got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Content: content, Now: noon}, nil)
			if got.Failed > 0 && got.Decision.Outcome == checkout.OutcomeApprove && got.Rule == "" {
				t.Errorf("%+v", got)
			}
		}
	})
}

// hundredRules are a hundred of which none holds.
func hundredRules() []byte {
	var rules []string
	for i := range 100 {
		rules = append(rules, []string{
			fmt.Sprintf(`purchase_country == "X%d" && order_amount > %d`, i, i), fmt.Sprintf(`contact.email_domain in ["a%d.se", "b.se"] && mismatch.country`, i),
			fmt.Sprintf(`order_lines.exists(l, l.name.startsWith("gift %d"))`, i), fmt.Sprintf(`cart.largest_quantity > %d && age < 25`, 100+i),
		}[i%4]+" -> deny")
	}
	return file(rules...)
}

// BenchmarkHundredRules evaluates them.
func BenchmarkHundredRules(b *testing.B) {
	set := mustParse(b, hundredRules())
	in := risk.Input{Call: risk.CallAuthorize, Content: richContent(), Now: noon}
	b.ReportAllocs()
	for b.Loop() {
		if got := set.Evaluate(in, nil); got.Rule != "" {
			b.Fatal(got.Rule)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "of_1ms")
}

func BenchmarkPlayground(b *testing.B) {
	in := risk.Input{Call: risk.CallAuthorize, Content: richContent(), Now: noon}
	b.ReportAllocs()
	for b.Loop() {
		risk.PlaygroundRules().Evaluate(in, nil)
	}
}
