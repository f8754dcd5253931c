// Package store says what storage must do. It decides nothing: a change comes
// with the state it leads to, and an engine makes it durable on condition that
// the session is still at the revision the change was decided on.
//
// It owns: the Engine interface, the Batcher that gathers concurrent commits
// into one transaction (it stands above every engine), and the errors engines
// return. It must not know: rules, HTTP, the wire, SQL. Engines live in
// memstore (the model), sqlite and postgres; storetest holds the one
// suite that all of them pass; record is how a session is written down.
package store
