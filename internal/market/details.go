package market

// Detail is a property of the customer that an authorization needs.
type Detail struct {
	Path string // in the protocol's bodies, for example billing_address.city
	Type DetailType
}

// DetailType is how a detail is typed in and checked.
type DetailType string

// The types of details.
const (
	DetailText       DetailType = "text"
	DetailEmail      DetailType = "email"
	DetailPhone      DetailType = "tel"
	DetailDate       DetailType = "date" // YYYY-MM-DD
	DetailNationalID DetailType = "national_id"
)

// The paths of the two details that are about a person: an organization has
// neither.
const (
	PathDateOfBirth = "customer.date_of_birth"
	PathNationalID  = "customer.national_identification_number"
)

// details are those of every market, in the order in which people write them.
var details = []Detail{
	{"billing_address.given_name", DetailText},
	{"billing_address.family_name", DetailText},
	{"billing_address.email", DetailEmail},
	{"billing_address.phone", DetailPhone},
	{"billing_address.street_address", DetailText},
	{"billing_address.postal_code", DetailText},
	{"billing_address.city", DetailText},
}

// withRegion are the markets whose addresses have a state or a province.
// Source: the published persons of the playground. Romania's have a sector of
// Bucharest there; other Romanian addresses have none, so it is not asked for.
var withRegion = map[string]bool{"AU": true, "CA": true, "MX": true, "US": true}

// withNationalID are the markets where a person is known by a number. Source:
// the same persons carry one in these eight; the documentation names personal
// numbers, fiscal codes, CNP, DNI and tax numbers. Danish persons carry none.
var withNationalID = map[string]bool{
	"ES": true, "FI": true, "GR": true, "IT": true, "NO": true, "RO": true, "SE": true, "SK": true,
}

// Details are what an authorization in this market needs to know. The number
// of a person says when she was born, so one of the two is asked for.
func (m Market) Details() []Detail {
	needed := make([]Detail, 0, len(details)+2)
	needed = append(needed, details...)
	if withRegion[m.Country] {
		needed = append(needed, Detail{"billing_address.region", DetailText})
	}
	if withNationalID[m.Country] {
		return append(needed, Detail{PathNationalID, DetailNationalID})
	}
	return append(needed, Detail{PathDateOfBirth, DetailDate})
}
