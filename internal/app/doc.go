// Package app opens, wires, runs and closes a Kvitto server. It is the only
// package that imports everything; main, the commands, kvittotest and the
// tests of the whole start the same App.
package app
