// Package ratelimit counts the requests of each merchant and class of
// operation in fixed windows of one second and says when there were enough.
//
// It owns: the classes, the documented limits, the windows and the bound on
// the memory they take. It must not know: HTTP, headers, the clock (time is an
// argument), or what becomes of a refused request.
package ratelimit
