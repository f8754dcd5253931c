package testcustomers_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/testcustomers"
)

var update = flag.Bool("update", false, "write docs/test-data.md")

// TestEveryMarketHasItsCustomers: one who is approved, one who is denied, and
// whatever else was published, with a number that is one.
func TestEveryMarketHasItsCustomers(t *testing.T) {
	t.Parallel()
	var markets []string
	for _, m := range market.All() {
		markets = append(markets, m.Country)
	}
	slices.Sort(markets)
	if got := testcustomers.Countries(); !slices.Equal(got, markets) {
		t.Fatalf("the customers live in %v, the markets are %v", got, markets)
	}
	number := regexp.MustCompile(`^\+[1-9][0-9]{9,14}$`)
	ends := map[string]testcustomers.End{}
	for _, country := range markets {
		seen := map[string]bool{}
		for _, c := range testcustomers.Of(country) {
			if c.Phone != "" && !number.MatchString(c.Phone) || !strings.Contains(c.Email, "@email.") || seen[c.Email] {
				t.Errorf("%s: %+v", country, c)
			}
			seen[c.Email] = true
			if end, known := ends[c.Phone]; known && end != c.End && c.Phone != "" {
				t.Errorf("%s ends %s and %s", c.Phone, end, c.End)
			}
			ends[c.Phone] = c.End
		}
		if len(seen) < 17 {
			t.Errorf("%s has %d customers", country, len(seen))
		}
	}
}

// TestTheDocumentIsTheTable: docs/test-data.md is made from it.
func TestTheDocumentIsTheTable(t *testing.T) {
	t.Parallel()
	const path = "../../docs/test-data.md"
	want := document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("%s is not what the table says; write it with: go test ./internal/testcustomers -update\n%s", path, diff)
	}
}

const head = `# Test data

Made from ` + "`internal/testcustomers`" + ` by ` + "`go test ./internal/testcustomers -update`" + `;
tests make each of these payments, over the API and in a browser.

In ` + "`kvitto dev`" + ` the customer's e-mail address or phone number decides how a
payment ends; one of them is enough, of what the customer signed in with or of
what the shop sent. They are the published ones of the original's playground.
What is not here is approved. The one-time code is any six digits but ` + "`999999`" + `.
` + "`kvitto serve`" + ` and a rule file of yours know nothing of them.

## E-mail addresses

The domain may be any; what counts stands between the first ` + "`+`" + ` and the ` + "`@`" + `,
in any letter case. ` + "`cc`" + ` is the country in small letters, ` + "`uk`" + ` for GB.

| address | ends |
|---|---|
| ` + "`customer@email.cc`" + ` | approved: a token, then an order with ` + "`fraud_status` `ACCEPTED`" + ` |
| ` + "`customer+denied@email.cc`" + ` | ` + "`approved` and `show_form`" + ` are false, and there is no token |
| ` + "`customer+new_user@email.cc`, `customer+require_signup@email.cc`" + ` | approved |
| ` + "`customer+red@email.cc`" + ` | ` + "`show_form`" + ` is false at load; approved otherwise |
| ` + "`customer+pend-accept-NN@email.cc`, `customer+pend-reject-NN@email.cc`" + ` | US and GB: a token, then an order that is ` + "`PENDING`" + `; elsewhere approved |
| ` + "`customer+pending@email.cc`" + ` | an order that is ` + "`PENDING`" + `, in every country |
| ` + "`customer+disputed-KIND@email.cc`" + ` | approved |
| ` + "`customer+denied+auth_STEP@email.cc`" + ` | approved: the extra step is passed |
| ` + "`customer+reject_reason_REASON@email.cc`" + ` | as denied |
`

// document is docs/test-data.md.
func document() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("\n## Phone numbers\n\nThe digits count, however they are written. Those of `denied` are denied; all others\nare approved.\n\n| | approved | denied | new user | `disputed-` |\n|---|---|---|---|---|\n")
	for _, country := range testcustomers.Countries() {
		fmt.Fprintf(&b, "| %s |", country)
		for _, c := range testcustomers.Of(country) {
			kind, disputed := strings.CutPrefix(c.Flow, "disputed-")
			switch {
			case disputed && kind == "return":
				fmt.Fprintf(&b, " %s `%s`", kind, c.Phone)
			case disputed:
				fmt.Fprintf(&b, "<br>%s `%s`", kind, c.Phone)
			case slices.Contains([]string{"approved", "denied", "new_user"}, c.Flow):
				fmt.Fprintf(&b, " `%s` |", c.Phone)
			}
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\nThe original published one number of AT and one of AU twice.\n\n## Extra steps\n\n| | address | phone number |\n|---|---|---|\n")
	rows(&b, "denied+auth_")
	b.WriteString("\n## Reasons of a refusal\n\n| | address | phone number |\n|---|---|---|\n")
	rows(&b, "reject_reason_")
	b.WriteString("\n## Persons\n\nWho is approved, with what each market asks for. A call without a customer, such as\n`authorize` of Kvitto's own interface, is this person's.\n\n" +
		"| | name | street | postal code, city | region | born or number |\n|---|---|---|---|---|---|\n")
	for _, country := range testcustomers.Countries() {
		person := lab.Person(country)
		a := person.BillingAddress
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s %s | %s | %s%s |\n", country, a.GivenName.Value, a.FamilyName.Value, a.StreetAddress.Value,
			a.PostalCode.Value, a.City.Value, a.Region.Value, person.Customer.DateOfBirth.Value, person.Customer.NationalIdentificationNumber.Value)
	}
	return b.String()
}

// rows are the customers of all markets whose flow begins so.
func rows(b *strings.Builder, prefix string) {
	for _, country := range testcustomers.Countries() {
		for _, c := range testcustomers.Of(country) {
			if strings.HasPrefix(c.Flow, prefix) {
				phone := "`" + c.Phone + "`"
				if c.Phone == "" {
					phone = ""
				}
				fmt.Fprintf(b, "| %s | `%s` | %s |\n", country, c.Email, phone)
			}
		}
	}
}
