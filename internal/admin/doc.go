// Package admin is what an operator does to a store: merchants and their keys,
// the people who sign in to the portal, reviews of orders, replays of assessments.
//
// A SQLite file has one owner. While a server owns it, the commands reach the
// same operations through a Unix socket beside the file, which only the file's
// owner may open (mode 0600); otherwise, and with PostgreSQL, they work on the
// store themselves. Both are an Operations.
//
// It must not know the wire of the Payments API, or how a command prints.
package admin
