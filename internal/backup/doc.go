// Package backup writes an embedded store into one file and makes a store of
// it again.
//
// The file is a tar archive of manifest.json, kvitto.db and requests.db. The
// databases are copied with SQLite's backup interface, each as of one moment,
// while a server works on them: a copy is what a crash at that moment would
// leave, which is what promise 1 is about. kvitto.db is copied first, so that
// the record of what is in it is in requests.db, but for the last successes
// that waited for company. Both are checked before the archive has its name,
// and again before a restored store has its.
//
// It owns the archive. It must not know what is in the databases.
package backup
