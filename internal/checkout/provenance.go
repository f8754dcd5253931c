package checkout

import "strings"

// Stated is one revision of a content and the request that made it.
type Stated struct {
	Content *Content
	Origin  Origin
}

// Attribute finds for every violation of a comparison the request that set the
// expected value: walking back from the content that was approved, it is the
// first revision at which the property already had that value. history ends
// with the approved revision, oldest first.
func Attribute(violations []Violation, history []Stated) {
	if len(history) == 0 {
		return
	}
	approved := history[len(history)-1]
	open := make(map[string]bool, len(violations))
	for i := range violations {
		open[violations[i].Path] = true
		violations[i].ExpectedBy = approved.Origin
	}
	for at := len(history) - 2; at >= 0 && len(open) > 0; at-- {
		different := differingPaths(approved.Content, history[at].Content)
		for path := range open {
			if different(path) {
				delete(open, path)
			}
		}
		for i := range violations {
			if open[violations[i].Path] {
				violations[i].ExpectedBy = history[at].Origin
			}
		}
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
