// Package simulation runs the server's core, from the HTTP handler to the
// batcher, under a scheduler that a seed drives, and knows what every answer
// must be.
//
// It owns: the schedule (who goes on next, what the store does to it, when a
// process dies, how far the time moves), the clients' calls, and the auditor:
// a model of the protocol written from its documentation, which sees each
// change as the store applies it and predicts the change and the answer. It
// must not know: sockets, files, SQL. The engines have tests of their own;
// here the store is store/memstore behind faults.
//
// A schedule runs in a bubble of testing/synctest. Every call of the store and
// every answer of a commit is a place to stop (gate): the scheduler waits until
// all goroutines have stopped, and lets exactly one go on. So a seed is a
// schedule, to the byte of its trace. How to run and to reproduce one stands in
// CONTRIBUTING.md.
//
// It has no code besides its tests.
package simulation
