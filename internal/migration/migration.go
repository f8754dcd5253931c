package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// File is one numbered step of a schema. A released one never changes: stores
// in use were made by it.
type File struct {
	Number   int
	Name     string // NNNN_name.sql
	Checksum string // SHA-256 of SQL, hexadecimal
	SQL      string
}

// Applied is a step as the store recorded it.
type Applied struct {
	Number   int
	Name     string
	Checksum string
}

// Load reads the files NNNN_name.sql of a folder, numbered from 1 without a
// gap. Files with another ending are not looked at.
func Load(files fs.FS) ([]File, error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var known []File
	for i, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		prefix, _, named := strings.Cut(name, "_")
		if number, err := strconv.Atoi(prefix); err != nil || number != i+1 || len(prefix) != 4 || !named {
			return nil, fmt.Errorf("migration %s: expected the name %04d_NAME.sql", name, i+1)
		}
		sum := sha256.Sum256(content)
		known = append(known, File{Number: i + 1, Name: name, Checksum: hex.EncodeToString(sum[:]), SQL: string(content)})
	}
	return known, nil
}

// Pending returns the files that come after what was applied, which is given in
// the order of its numbers and must be how the known files begin.
// *NewerError, *ChangedError.
func Pending(known []File, applied []Applied) ([]File, error) {
	if n := len(applied); n > 0 && applied[n-1].Number > len(known) {
		return nil, &NewerError{Stored: applied[n-1].Number, Known: len(known)}
	}
	for i, stored := range applied {
		var expected Applied
		if i < len(known) {
			expected = Applied{Number: known[i].Number, Name: known[i].Name, Checksum: known[i].Checksum}
		}
		if stored != expected {
			return nil, &ChangedError{Number: stored.Number, Stored: stored.identity(), Known: expected.identity()}
		}
	}
	return known[len(applied):], nil
}

func (a Applied) identity() string { return a.Name + " " + a.Checksum }
