package account

// HashCheaply lets tests that are about something else try many passwords.
func (a *Accounts) HashCheaply() { a.hashing.cost = cost{memory: 64, passes: 1} }
