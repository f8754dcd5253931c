package account

import "slices"

// Role is what somebody is.
type Role string

// The roles.
const (
	RoleViewer   Role = "viewer"   // reads
	RoleOperator Role = "operator" // also acts
	RoleAdmin    Role = "admin"    // also says who the others are
)

// Roles are all of them, the one that may least first.
var Roles = []Role{RoleViewer, RoleOperator, RoleAdmin}

// Permission is something that a page or a button needs.
type Permission string

// The permissions. Whatever they allow, they allow it within what the viewer
// sees: one merchant or all.
const (
	// Look: sessions, orders, exchanges, callbacks and what explains them.
	Look Permission = "look"
	// SendCallbacks: hold, release, replay and drop callbacks.
	SendCallbacks Permission = "send callbacks"
	// TryRules: decide the payments of the past again by other rules.
	TryRules Permission = "try rules"
	// ManageKeys: make and revoke API keys, see the secret of callbacks.
	ManageKeys Permission = "manage keys"
	// DecideReviews: claim, accept, reject and stop the reviews of orders. It is for
	// the operator's people alone, whose risk it is.
	DecideReviews Permission = "decide reviews"
	// ManagePeople: invite, give roles, disable.
	ManagePeople Permission = "manage people"
	// ReadAudit: what people did.
	ReadAudit Permission = "read audit"
	// ErasePeople: take a person's data out of everything that is stored.
	ErasePeople Permission = "erase people"
)

// allowed is the one table of what each role may do.
var allowed = map[Role][]Permission{
	RoleViewer:   {Look},
	RoleOperator: {Look, SendCallbacks, TryRules, DecideReviews},
	RoleAdmin:    {Look, SendCallbacks, TryRules, DecideReviews, ManageKeys, ManagePeople, ReadAudit, ErasePeople},
}

// May tells whether the role allows something. An unknown role allows nothing.
func (r Role) May(permission Permission) bool { return slices.Contains(allowed[r], permission) }

// Known tells whether there is such a role.
func (r Role) Known() bool { return allowed[r] != nil }

// Viewer is who looks at a page.
type Viewer struct {
	PersonID   string // "" at the door of a playground
	Email      string
	Name       string
	MerchantID string // whose things they see; "" sees every merchant
	Role       Role
}

// May tells whether the viewer may do something to what they see.
func (v Viewer) May(permission Permission) bool {
	return v.Role.May(permission) && (permission != DecideReviews || v.OfOperator())
}

// Sees tells whether a merchant's things are shown to the viewer. What is not
// shown must be answered like what is unknown. A viewer of no role sees nothing.
func (v Viewer) Sees(merchantID string) bool {
	return v.Role.Known() && (v.MerchantID == "" || v.MerchantID == merchantID)
}

// OfOperator tells whether the viewer sees every merchant.
func (v Viewer) OfOperator() bool { return v.Role.Known() && v.MerchantID == "" }
