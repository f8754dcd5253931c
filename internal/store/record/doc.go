// Package record is how a session is written down: a compact, versioned JSON
// document, one per revision; and an assessment, so that it can be explained and
// made again with other rules.
//
// It owns: the stored format. What was written once must be readable for ever,
// so a change of the format is a new version and the old one stays readable.
// It must not know: engines and SQL. The immutable header of a session (id,
// merchant, client token, creation time) is not in the document, engines have
// columns for it; how a content looks is package wire's.
package record
