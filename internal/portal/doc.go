// Package portal shows people what the server did and why: the exchanges and
// what was wrong with them, the life of a session, callbacks, and the controls
// of a playground.
//
// It owns: the pages below /portal/, who may open them, how an explanation is
// laid over the body it is about, the timeline of a session, and what can be
// taken along (curl, HAR, a Go test). Everything can be read without JavaScript.
// It must not know: rules (checkout has them), SQL, how exchanges are recorded
// and searched.
package portal
