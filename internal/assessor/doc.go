// Package assessor asks an operator's own server what becomes of a payment,
// after the rules have been asked.
//
// It owns: when the server is asked, the request and its signature, the bounds on
// time and size, what counts as an answer, what holds without one, and when a
// server that fails is left alone. It must not know: how rules decide (risk), how
// the JSON is written (wire), or what an outcome does to a session (checkout).
package assessor
