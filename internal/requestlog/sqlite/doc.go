// Package sqlite keeps the request log in one SQLite file, which one process
// owns.
//
// It owns: the file with its schema and migrations, its two connections, one
// that writes and sweeps and one that reads, and the SQLite driver, which is
// named in driver.go only. It must not know: what an exchange is, how it is
// encoded, or when anything is written.
package sqlite
