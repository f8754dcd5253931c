package checkout

import (
	"fmt"
	"strings"
)

// Stated is one revision of a content and the request that made it.
type Stated struct {
	Content *Content
	Origin  Origin
}

// Attribution finds for every violation of a comparison the request that set
// the expected value: going back from the content that was approved, the first
// revision at which the property already had that value.
type Attribution struct {
	approved   *Content
	violations []Violation
	open       map[string]bool // paths whose request may be an earlier one
}

// Attribute begins at the approved content. The violations are changed in
// place.
func Attribute(violations []Violation, approved Stated) *Attribution {
	a := &Attribution{approved: approved.Content, violations: violations, open: make(map[string]bool, len(violations))}
	for i := range violations {
		a.open[violations[i].Path] = true
		violations[i].ExpectedBy = approved.Origin
	}
	return a
}

// Earlier looks at the revision before the last one looked at.
func (a *Attribution) Earlier(earlier Stated) {
	different := differingPaths(a.approved, earlier.Content)
	for path := range a.open {
		if different(path) {
			delete(a.open, path)
		}
	}
	for i := range a.violations {
		if a.open[a.violations[i].Path] {
			a.violations[i].ExpectedBy = earlier.Origin
		}
	}
}

// Done tells whether going back further changes nothing.
func (a *Attribution) Done() bool { return len(a.open) == 0 }

// GiveUp ends the search before the first revision: what is still open was set
// at the given revision or earlier, by a request that is not named.
func (a *Attribution) GiveUp(revision int64) {
	for i := range a.violations {
		v := &a.violations[i]
		if !a.open[v.Path] {
			continue
		}
		v.ExpectedBy = Origin{}
		v.addHint(fmt.Sprintf("the expected value was set at revision %d or earlier", revision))
	}
}

// UpdatedAfterwards says of every value that the session itself has by now: it
// was updated after the authorization, and needs a new one.
func UpdatedAfterwards(violations []Violation, approved, session *Content, revision int64) {
	now := make(map[string]any)
	for _, v := range Match(approved, session) {
		now[v.Path] = v.Sent
	}
	for i := range violations {
		v := &violations[i]
		if value, updated := now[v.Path]; updated && value == v.Sent {
			v.addHint(fmt.Sprintf("the session was updated to this after the authorization and is at revision %d: reauthorize", revision))
		}
	}
}

// addHint leaves the hint of a cart size alone: it is the message's sentence.
func (v *Violation) addHint(hint string) {
	switch {
	case v.Rule == RuleCartSize:
	case v.Hint == "":
		v.Hint = hint
	default:
		v.Hint += "; " + hint
	}
}

// differingPaths tells for a path whether the two contents differ there.
func differingPaths(approved, earlier *Content) func(path string) bool {
	set := make(map[string]bool)
	// An order may leave its shipping address out; a content that did had a
	// copy of its billing address.
	filled := *earlier
	filled.ShippingAddress = shippingOf(earlier)
	for _, v := range Match(approved, &filled) {
		set[v.Path] = true
	}
	if set[CartSizePath] {
		differingLines(set, approved.OrderLines, earlier.OrderLines)
	}
	addressAppeared := func(path, name string, before, after *Address) bool {
		return strings.HasPrefix(path, name+".") && sentAddress(before) == nil && sentAddress(after) != nil
	}
	return func(path string) bool {
		if set[path] || set[linePrefix(path)] {
			return true
		}
		switch path {
		case "order_tax_amount":
			return approved.OrderTaxAmount != earlier.OrderTaxAmount
		case "purchase_country":
			return approved.EffectiveCountry() != earlier.EffectiveCountry()
		}
		return addressAppeared(path, "billing_address", earlier.BillingAddress, approved.BillingAddress) ||
			addressAppeared(path, "shipping_address", shippingOf(earlier), shippingOf(approved))
	}
}

// differingLines compares carts of different sizes line by line: a value that
// already stood in the line of that place was not set when a line was added
// behind it. A line that was not there differs as a whole.
func differingLines(set map[string]bool, approved, earlier []Line) {
	m := &matching{}
	for i := range approved {
		if i >= len(earlier) {
			set[linePath(i)] = true
			continue
		}
		m.line(linePath(i), &approved[i], &earlier[i])
	}
	for i := range m.violations {
		set[m.violations[i].Path] = true
	}
}

// linePrefix is the line of a path, order_lines[1] for order_lines[1].name.
func linePrefix(path string) string {
	line, _, _ := strings.Cut(path, ".")
	return line
}

// shippingOf is the shipping address, or the billing address when none was
// sent: the real server copies it.
func shippingOf(c *Content) *Address {
	if sentAddress(c.ShippingAddress) != nil {
		return c.ShippingAddress
	}
	return c.BillingAddress
}
