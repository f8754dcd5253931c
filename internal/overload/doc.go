// Package overload keeps a server within its bounds: how many requests are
// worked on, how many wait, how long they wait, how much memory large bodies
// take, and how many connections are open.
//
// It owns: the gate, the budget, the listener and their counts. It must not
// know: HTTP, what a request is for, or what a refusal looks like.
package overload
