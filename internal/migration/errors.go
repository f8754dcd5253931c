package migration

import "fmt"

// NewerError: the store was written by a newer version of the program.
type NewerError struct {
	Stored int // number of the newest step in the store
	Known  int // number of the newest this program has
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the store has schema %d and this program knows %d: it was written by a newer version; "+
		"run that one, or restore a backup made before the upgrade", e.Stored, e.Known)
}

// ChangedError: a step in the store is not the one this program has under its
// number, so what the tables look like is unknown.
type ChangedError struct {
	Number int
	Stored string // name and checksum in the store
	Known  string // name and checksum of this program
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("migration %d of the store is %q but this program's is %q: "+
		"it was written by a build with another schema; run that build, or restore a backup", e.Number, e.Stored, e.Known)
}
