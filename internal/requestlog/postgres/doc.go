// Package postgres keeps the request log in PostgreSQL, where any number of
// processes write and read it at the same time.
//
// It owns: the tables, two plain ones for each day (UTC), how they come and go,
// the attempts to reach a database that is away, and that no password is in an
// error. It must not know: what an exchange is, how it is encoded, or when
// anything is written.
//
// A day is a pair of tables, so that forgetting it is dropping two tables, in
// whose way nobody is, and needs neither partitioning nor any other feature
// that engines compatible with PostgreSQL may not have. The table
// requestlog_days names the days there are; who makes or drops one holds its
// row, so that processes take turns.
//
// Every row has a primary key made from correlation ids. A batch whose fate is
// unknown, because the connection broke, is sent again; what is there already
// stays.
package postgres
