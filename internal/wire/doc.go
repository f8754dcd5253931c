// Package wire is the compatibility contract: the JSON shapes of the Klarna
// Payments v1 protocol and of Kvitto's own interface, read and written in one
// place.
//
// It owns: reading bodies leniently exactly where the real server is known to
// be lenient, naming the path of every value of a wrong type, writing answers
// in the recorded layout, the error envelope with its codes, statuses and
// messages. It must not know: rules (checkout has them), HTTP servers, stores.
package wire
