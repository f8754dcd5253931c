// Package cli is the kvitto command: dev, serve and what belongs to them.
//
// It owns flags, exit codes and the layout of what a person reads in a
// terminal. It must not know rules: it starts a server through app, speaks to
// one through client, and checks a body with checkout and wire.
//
// Exit codes: 0 it worked, 1 what was asked for failed or the body is invalid,
// 2 the command line is wrong.
package cli
