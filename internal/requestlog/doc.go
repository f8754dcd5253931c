// Package requestlog records HTTP exchanges, so that every answer can be
// explained: by its correlation id, with the rules it broke and the values
// sent and expected, also after a restart or a kill -9.
//
// It owns: the queue between the handlers and the writer, the redaction of what
// must never be stored, the encoded form of exchanges and of the blocks they are
// written in, the finding of exchanges, and what is counted of them. Refusals are
// written before Record returns and are never dropped; successes, and refusals that
// are marked as expendable, are written soon after and give way under overload, first
// their bodies, then themselves, and both are counted.
//
// It must not know: routes, rules of the protocol, sessions, how an exchange is
// shown, or the databases it is kept in, which stand behind package home.
package requestlog
