// Package postgres is the storage engine for many processes: one PostgreSQL
// database, any number of engines on it.
//
// It owns: the schema and its migrations, the statements of a commit, and what
// to do when a commit is in doubt. It must not know: rules, HTTP, the wire, how
// commits are gathered into a batch, or what a state document holds (package
// record). Nothing outside of it knows pgx.
//
// How a change is kept. One row of revisions is a change: the event, and the
// whole state after it. Its key is session and revision, and that key is the
// optimistic condition: of two changes that lead to the same revision one is
// there first. Revision r is added when r-1 is there and r is not. No row is
// updated on the way of a payment, so none is hot, and keys spread by session.
//
// A batch of plain changes is one statement, which is its own transaction: one
// round trip. A batch that issues tokens or places orders is a pipeline from
// BEGIN to COMMIT: one round trip as well (commit.go). A change that takes what
// is taken breaks the pipeline; then every change gets one of its own (apart.go).
//
// A commit in doubt. When the connection breaks nobody here knows whether the
// batch was committed; its transaction may even be running still. The same
// batch, under the same change ids, is then committed again: a row under its
// own change id means that it was, a row under another that the change lost,
// and a row in flight makes the statement wait (retry.go, confirm.go).
//
// SQL. PostgreSQL-compatible distributed engines are to run all of it, so there
// are: tables, primary keys, unique and partial indexes, checks; INSERT ... ON
// CONFLICT DO NOTHING RETURNING, DELETE, the updates of merchants and keys that
// people make; unnest of arrays, scalar subqueries; READ COMMITTED or stricter
// transactions. There are not: extensions, triggers, procedures, sequences,
// LISTEN and NOTIFY, advisory locks, LOCK TABLE, SELECT FOR UPDATE, savepoints,
// temporary tables, two-phase commit, settings of a session that matter (package
// pgpool makes some, as a best effort). Scalar subqueries and lateral ones with a
// LIMIT in place of joins are deliberate: they are looked up by key, whatever the
// planner thinks of a table that has just begun to grow.
//
// Reads by id that are asked for at the same time share a query (gather.go).
package postgres
