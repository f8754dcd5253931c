// Package api is the HTTP edge of the merchants' servers: routes,
// authentication, bounded reading, the exchange record, and answers.
//
// It owns: the route table, what is refused before a body is understood (401,
// 404, 405, 413, 415), the recorded response headers, and that every exchange
// has a correlation id and is recorded before it is answered. It must not
// know: rules, SQL, JSON shapes (wire has them).
package api
