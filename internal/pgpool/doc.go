// Package pgpool configures connections to PostgreSQL, for the store and the
// request log alike.
//
// It owns: reading the URL without telling the password, insisting on a server
// that takes writes, never cancelling what was sent, how long the server waits
// for a client that vanished, and which of the server's errors pass. It must not
// know: tables, statements, what may be tried again, or how large a pool is.
package pgpool
