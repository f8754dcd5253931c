// Command bench measures durable session updates of a running `kvitto dev`
// against a bare net/http handler that reads the same body and answers 204:
// same body, same load program, same machine, same run.
//
// Both servers are processes of their own. The load comes from this process
// over keep-alive connections, one request at a time on each. Everything stays
// on loopback and is bounded in time. Run it with `make bench`.
package main
