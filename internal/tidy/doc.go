// Package tidy checks the repository as a test: who may import whom, lengths
// of functions, files and lines, banned calls, documents that must keep up
// with the code. It has no code besides its tests.
package tidy
