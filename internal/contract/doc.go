// Package contract tests the protocol from outside: it opens the whole server
// on a free port and speaks HTTP to it, as shops and plugins do.
//
// It owns the golden exchanges in testdata (its README tells the format), the
// replay of recorded traffic, the quirks of clients in the wild, the walls
// between merchants, and the promise that no input is answered with a fault of
// the server's own. It has no code but tests, and it must not know what is
// behind the API: only internal/app, to start it.
package contract
