// Package checkout is the domain: sessions, their content, authorizations,
// orders and the rules between them.
//
// It owns every decision of the protocol: what a body may contain, how an
// update merges, when a token lives, what an order must equal, how money adds
// up. It is pure: time, ids and risk decisions are passed in, nothing is read
// or written, and a value once returned is never changed, so it may be shared
// between goroutines. It must not know JSON, HTTP, SQL, clocks or who calls.
package checkout
