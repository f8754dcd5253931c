package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// This file is the only one that knows the SQLite driver.

const (
	// busyPatience is for the moments in which the server locks its file.
	busyPatience = 10 * time.Second
	// stepPages are copied between looks at the context: 8 MiB.
	stepPages = 1024
)

func connect(path string, flags sqlite3.OpenFlag) (*sqlite3.Conn, error) {
	conn, err := sqlite3.OpenFlags(uri(path), flags|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	if err := conn.BusyTimeout(busyPatience); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// uri names a file; the files that SQLite puts beside it get its mode.
func uri(path string) string {
	// SQLite takes a plus sign for a plus sign.
	query := "modeof=" + strings.ReplaceAll(url.QueryEscape(path), "+", "%20")
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}
	return name.String()
}

// copyDatabase copies source as of one moment into the new file target.
func copyDatabase(ctx context.Context, source, target string) (err error) {
	// A name that begins with a slash cannot be taken for something else.
	if source, err = filepath.Abs(source); err != nil {
		return err
	}
	if target, err = filepath.Abs(target); err != nil {
		return err
	}
	conn, err := connect(source, sqlite3.OPEN_READWRITE)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := makePrivate(target); err != nil {
		return err
	}
	// The open transaction keeps the moment while others write.
	if err := conn.Exec("BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	copying, err := conn.BackupInit("main", uri(target))
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	for done := false; err == nil && !done; {
		if err = ctx.Err(); err == nil {
			done, err = copying.Step(stepPages)
		}
	}
	if err = errors.Join(err, copying.Close(), conn.Exec("COMMIT")); err != nil {
		return fmt.Errorf("copy %s: %w", source, err)
	}
	return nil
}

// makePrivate makes an empty file that only its owner may read: it will hold
// names and addresses.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// checkDatabase reads the whole file and finds what is damaged.
func checkDatabase(ctx context.Context, path string) (err error) {
	conn, err := connect(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx)
	check, _, err := conn.Prepare("PRAGMA integrity_check(1)")
	if err != nil {
		return damaged(path, err.Error())
	}
	said := ""
	if check.Step() {
		said = check.ColumnText(0)
	}
	if err := errors.Join(check.Err(), check.Close()); err != nil {
		return damaged(path, err.Error())
	}
	if said != "ok" {
		return damaged(path, said)
	}
	return nil
}

func damaged(path, how string) error {
	return fmt.Errorf("%w: %s: %s", ErrDamaged, filepath.Base(path), how)
}
