// Command bench measures durable session updates of Kvitto beside what they
// are compared with: same body, same load program, same machine, same run.
//
//	bare       a net/http handler that reads the body and answers 204
//	nginx      the same of nginx
//	pgbench    PostgreSQL's own program updating one row of the body's size
//	sqlite     kvitto dev on SQLite
//	postgres   kvitto dev on PostgreSQL, one process
//	postgres2  two processes on one PostgreSQL
//	prism      an OpenAPI mock that validates the same body
//
// Every server is a process of its own and PostgreSQL a throw-away cluster with
// durability on. The load comes from this process over keep-alive connections,
// one request at a time on each. Everything stays on loopback and is bounded in
// time. What is not installed is left out and named. Run it with `make bench`;
// -half, -start and -grow measure latency at half load, the start, and a big
// store.
package main
