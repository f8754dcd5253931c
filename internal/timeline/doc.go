// Package timeline tells what happened to a payment: its exchanges and its changes
// on one line, who caused each, what each changed, how a refused order compares with
// what was approved, and what of it should make somebody beware.
//
// It owns: those findings and their words. It must not know: who looks, HTML, HTTP.
package timeline
