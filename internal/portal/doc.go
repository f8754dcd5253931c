// Package portal shows people what the server did and why: the exchanges and
// what was wrong with them, what was counted of them, the life of a session,
// callbacks, and the controls of a playground.
//
// It owns: the pages below /portal/, the wall between what the viewers of different
// merchants see (scope.go), how an explanation is laid over the body it is about,
// plots, the timeline of a session, and what can be taken along (curl, HAR, a Go
// test). Everything can be read without JavaScript. Who a viewer is, a Door says.
// It must not know: rules (checkout has them), SQL, how exchanges are recorded,
// counted and searched.
package portal
