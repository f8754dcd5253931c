// Command soak works Kvitto for a long time and proves that nothing wears out:
// memory is flat, no descriptor leaks, and the counters add up to what the
// clients saw.
//
// Two systems run side by side: kvitto dev on SQLite, and two processes of
// kvitto dev on one throw-away PostgreSQL, each behind a proxy that cuts a
// connection at a random point about every second. Shops create, update, read,
// err, authorize and order at an even rate; troublemakers abort requests in the
// middle, send slowly, stall, close half of a connection and send too much.
//
// At the end it judges, prints a Markdown report, and exits with 1 when a
// promise did not hold. An interrupt ends the run early; what there is by then
// is judged. Run it with `make soak MINUTES=60`.
package main
