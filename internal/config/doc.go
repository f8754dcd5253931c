// Package config is the configuration of `kvitto serve`: one struct, in which
// every field has its name, unit, sentence and default. The file's reference
// (docs/configuration.md), the commented example and the names of environment
// variables are made from it.
//
// Later beats earlier: defaults, the file, KVITTO_ variables, flags. Whatever
// is wrong is said at once, with where it stands and what to do.
//
// It owns names, parsing and checks of values. It must not know what is done
// with them, and prints no secret.
package config
