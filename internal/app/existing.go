package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// ErrNoStore: there is no database at a path.
var ErrNoStore = errors.New("there is no store")

// existing is the database at a path, for a command that must not make one: a
// mistyped path would look like an empty store.
func existing(path string) (database string, err error) {
	database = filesOf(path).database
	_, err = os.Stat(database)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w at %s\nis the path right? A new one is made by kvitto serve, or by: kvitto migrate --store sqlite:%s",
			ErrNoStore, database, database)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("%w\nrun the command as the user that owns the data: runuser -u USER -- kvitto ...", err)
	case err != nil:
		return "", err
	}
	return database, OwnDirectory(filepath.Dir(database))
}

// OwnDirectory refuses root in the data directory of another user: the files
// that it makes could not be opened by the server. A directory that is missing
// is nobody's.
func OwnDirectory(directory string) error {
	info, err := os.Stat(directory)
	if err != nil {
		return nil // whoever works in it says what is wrong
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || owner.Uid == 0 {
		return nil
	}
	name := "#" + strconv.FormatUint(uint64(owner.Uid), 10)
	if found, err := user.LookupId(name[1:]); err == nil {
		name = found.Username
	}
	return fmt.Errorf("%s belongs to the user %s, who could not open what root makes there\nrun it as that user: runuser -u %s -- kvitto ...",
		directory, name, name)
}

// current refuses a database whose schema is not this program's: only a server
// and kvitto migrate change it.
func current(ctx context.Context, database string) error {
	_, pending, err := sqlite.Schema(ctx, database)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && len(pending) > 0 {
		err = fmt.Errorf("%s has an older schema\nmake a backup and run: kvitto migrate --store sqlite:%s", database, database)
	}
	return err
}
