// Package pgpool configures connections to PostgreSQL, for the store and the
// request log alike.
//
// It owns: reading the URL without telling the password, insisting on a server
// that takes writes, never cancelling what was sent, and how long the server
// waits for a client that vanished. It must not know: tables, statements, what
// is tried again, or how large a pool is.
package pgpool
