// Package migration reads numbered SQL files and says which of them a store
// still needs.
//
// It owns: the form of the files' names, their checksums, and the refusal of a
// store that was written by another program than this one. It must not know:
// databases, their SQL, or how a step is carried out and recorded; the engines
// do that, each in the way its database makes safe.
package migration
