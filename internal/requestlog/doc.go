// Package requestlog records HTTP exchanges, so that every answer can be
// explained: by its correlation id, with the rules it broke and the values
// sent and expected, also after a restart or a kill -9.
//
// It owns: the queue between the handlers and the file, the SQLite file and
// its migrations, the redaction of what must never be stored, and the finding
// of exchanges. Refusals are written before Record returns and are never
// dropped; successes are written soon after and give way under overload, first
// their bodies, then themselves, and both are counted. So do refusals that are
// marked as expendable.
//
// It must not know: routes, rules of the protocol, sessions or how an exchange
// is shown.
package requestlog
