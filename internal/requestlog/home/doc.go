// Package home says what a database must do to keep the request log: take
// batches, give back what may hold an exchange, and forget what is old.
//
// It owns: the stored forms, which are blocks of successes, rows of refusals and
// tallies, and the marks that tell which block may hold a name. It must not
// know: what an exchange is, how it is encoded, or any database; the packages
// sqlite and postgres are the homes.
package home
