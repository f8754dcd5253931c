package lab

// RefusedCode is the one one-time code that the playground does not take
// (documented).
const RefusedCode = "999999"

// CheckCode takes any other code of the right form: none was sent to anybody.
func CheckCode(_, code string) bool { return code != RefusedCode }
