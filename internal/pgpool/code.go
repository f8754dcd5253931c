package pgpool

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// MissingTable is the code for a table that is not there.
const MissingTable = "42P01"

// Code is the SQLSTATE of what the server said; empty when it said nothing.
func Code(err error) string {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		return said.Code
	}
	return ""
}

// Passes tells whether the same may succeed later after the server said so: it
// goes away, comes up, follows another, or had to choose a victim.
func Passes(code string) bool {
	switch code {
	case "40001", "40P01", // serialization failure, deadlock
		"57P01", "57P02", "57P03", // shutdown, crash, starting
		"25006",          // read only: it follows another server
		"53300",          // too many connections
		"55P03",          // lock not available
		"26000", "0A000": // a prepared statement that is gone or outdated
		return true
	}
	return strings.HasPrefix(code, "08")
}

// Gone tells that the server ends, starts, or takes no writes any more, so that
// the other connections of a pool lead nowhere either.
func Gone(code string) bool {
	return strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08") || code == "25006"
}
