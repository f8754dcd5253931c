// Package kvittotest starts a throw-away payment server inside a Go test, in
// one line:
//
//	server := kvittotest.Start(t)
//
// The server is the real one, on a free port, with its data in a temporary
// directory; it ends with the test. Point the code under test at Server.URL,
// or talk to it with Server.Client. Tests may run in parallel: every server is
// alone, and inside one server every user name is a merchant of its own.
//
// When the test fails its log shows every exchange with the server and why each
// refusal was one.
//
// The package owns the server's life inside a test and a few shortcuts. It must
// not know how the server works; client has the whole interface.
package kvittotest
