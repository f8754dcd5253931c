// Package storetest is the conformance suite of store.Engine: what storage
// must do, said once and run against every engine.
//
// It owns the rules (Run), the rules about restarts (RunDurable) and the
// property that an engine answers like the model (RunModel). The sessions in
// it are made by the domain wherever the domain can make them. The ids of
// sessions, tokens and orders are UUIDs in lower case, new in every test, so
// that engines over one shared database can run it too. It must not know how
// any engine works.
package storetest
