// Package sqlite is the embedded storage engine: one file, one process, one
// writer.
//
// It owns: the schema and its migrations, the lock that keeps a second process
// out, the transaction of a batch, and the SQLite driver, which is named in
// driver.go only. It must not know: rules, HTTP, the wire, how commits are
// gathered into a batch (the Batcher above does that), or what a state
// document holds (package record).
//
// How a change is kept. A session has an immutable header in sessions, its
// history in the append-only table revisions, and one small row in heads that
// says which revision is the newest. The head is the optimistic condition: a
// change takes it from revision n to n+1, or is a conflict.
//
// A commit appends; it does not touch heads, whose pages lie wherever the
// changed sessions do. The newest heads are kept in memory (pending.go) and
// written in bulk, in the order of the table (flush.go). The marker in
// heads_flushed says up to which revision the table is complete; opening the
// file reads the revisions after it, 0.1 s for 100,000. So the file alone says
// everything, and memory is never more than a faster way to know it.
//
// Sessions are numbered in the order of their creation and the other tables use
// the number, so that heads that are written together lie together. An index of
// revisions on the random session id in place of heads cost twice the CPU per
// change with 300,000 old sessions, because every change then rewrites a page
// of its own.
package sqlite
