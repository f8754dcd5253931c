package requestlog

import "strings"

// personalObjects are objects about a person. Everything in them is personal
// except the properties named here, which hold for whole countries or kinds of
// customer. A property that a later version adds is personal until it is listed.
var personalObjects = map[string][]string{
	"billing_address":  {"country"},
	"shipping_address": {"country"},
	"customer":         {"type", "organization_entity_type"},
	// Extra merchant data: accounts, passengers, purchase histories.
	"attachment": {"content_type"},
}

// personalNames are personal wherever they stand: addresses and customers in
// other objects, and free text of the shop, which often names the buyer.
var personalNames = map[string]bool{
	"attention":                    true,
	"city":                         true,
	"code":                         true, // that a customer signs in with
	"date_of_birth":                true,
	"email":                        true,
	"family_name":                  true,
	"gender":                       true,
	"given_name":                   true,
	"login":                        true,
	"merchant_data":                true,
	"organization_name":            true,
	"organization_registration_id": true, // a sole trader's is a person's number
	"phone":                        true,
	"postal_code":                  true,
	"street_address":               true,
	"street_address2":              true,
	"vat_id":                       true, // likewise
}

// Personal tells whether the values of a violation at path, such as
// billing_address.postal_code, are personal data or secret, so that a console
// must mask them. An object that holds personal data is personal itself.
func Personal(path string) bool {
	names := strings.Split(path, ".")
	for i, name := range names {
		name = withoutIndex(name)
		shared, object := personalObjects[name]
		if object && (i+1 == len(names) || !listed(shared, withoutIndex(names[i+1]))) {
			return true
		}
	}
	return personalNames[lastName(path)] || secretAt(path)
}

func listed(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// lastName is the property a path ends in: total_amount for
// order_lines[1].total_amount, and order_lines for order_lines[1].
func lastName(path string) string {
	return withoutIndex(path[strings.LastIndexByte(path, '.')+1:])
}

func withoutIndex(name string) string {
	if i := strings.IndexByte(name, '['); i >= 0 {
		return name[:i]
	}
	return name
}
