// Package risk assesses sessions: approve, deny, refer, or ask for something.
//
// It owns the Assessor interface that the service calls for every browser call,
// the language of rules (files of conditions in CEL, their names, their checks,
// their evaluation), who is recognised and what is counted of their past, the
// replay of assessments by other rules, and the two rule sets of the binary: the playground's, which
// follows the customer's test data, and the default. It must not know HTTP,
// storage, files, or what an outcome does to a session: checkout decides that.
package risk
