// Package pgtest gives tests a PostgreSQL of their own: a cluster in a
// temporary folder, made from the installed programs, without Docker and
// without a cluster of the system being touched.
//
// It owns: finding the programs, making, starting, stopping and killing
// clusters, and that nothing of them is left when the test process ends,
// however it ends. It must not know: Kvitto's schema or its engine.
//
// Durability is as in production: fsync and synchronous_commit stay on.
package pgtest
