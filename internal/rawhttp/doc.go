// Package rawhttp is an HTTP/1.1 client of few lines for the programs that put
// load on a server: requests are written by hand, so that the load costs less
// than what it works on, and so that a request can be stopped at any byte.
//
// It knows as much of HTTP as Kvitto and what it is compared with answer: a
// status line, Content-Length, Connection: close. It is not for products.
package rawhttp
