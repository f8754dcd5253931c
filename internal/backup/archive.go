package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	requests "github.com/kvitto/kvitto/internal/requestlog/sqlite"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// Errors to tell apart.
var (
	// ErrDamaged: a database, or the archive, is not whole.
	ErrDamaged = errors.New("backup: damaged")
	// ErrExists: what would be written is there already.
	ErrExists = errors.New("backup: it is there already")
	// ErrFormat: the file is no backup of this program.
	ErrFormat = errors.New("backup: not a backup of Kvitto")
)

// The names in an archive, and of the files in a data directory.
const (
	manifestName = "manifest.json"
	databaseName = "kvitto.db"
	requestsName = "requests.db"
)

// format is the version of the archive's layout.
const format = 1

// Manifest is the first entry of an archive.
type Manifest struct {
	Format    int       `json:"format"`
	CreatedAt time.Time `json:"created_at"`
	Version   string    `json:"version"` // of the program that wrote it
	Files     []File    `json:"files"`
}

// File is one database of an archive.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// Source is what is backed up.
type Source struct {
	Database string // the store's file
	Requests string // the request log's file; it may be missing
	Version  string // of this program
	Now      time.Time
}

// checkSchema are the checks that belong to a file by its name in the archive.
var checkSchema = map[string]func(context.Context, string) error{
	databaseName: func(ctx context.Context, path string) error {
		_, _, err := sqlite.Schema(ctx, path)
		return err
	},
	requestsName: requests.Check,
}

// Write makes the archive at path, which must not exist. It needs room for the
// databases twice, beside path.
func Write(ctx context.Context, source Source, path string) (manifest Manifest, err error) {
	if _, err := os.Lstat(path); err == nil {
		return Manifest{}, fmt.Errorf("%w: %s; choose another name", ErrExists, path)
	}
	if _, err := os.Stat(source.Database); err != nil {
		return Manifest{}, fmt.Errorf("there is no store: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(path), ".kvitto-backup-")
	if err != nil {
		return Manifest{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	manifest = Manifest{Format: format, CreatedAt: source.Now.UTC().Truncate(time.Second), Version: source.Version}
	for _, file := range []struct{ name, from string }{{databaseName, source.Database}, {requestsName, source.Requests}} {
		if _, err := os.Stat(file.from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		entry, err := copyChecked(ctx, file.from, filepath.Join(work, file.name))
		if err != nil {
			return Manifest{}, err
		}
		manifest.Files = append(manifest.Files, entry)
	}
	whole := filepath.Join(work, "archive")
	if err := pack(manifest, work, whole); err != nil {
		return Manifest{}, err
	}
	// A link, unlike a rename, never takes the place of a file.
	if err := os.Link(whole, path); err != nil {
		return Manifest{}, err
	}
	return manifest, syncDirectory(filepath.Dir(path))
}

func copyChecked(ctx context.Context, from, to string) (File, error) {
	if err := copyDatabase(ctx, from, to); err != nil {
		return File{}, err
	}
	if err := checkDatabase(ctx, to); err != nil {
		return File{}, err
	}
	if err := checkSchema[filepath.Base(to)](ctx, to); err != nil {
		return File{}, err
	}
	file, err := os.Open(to)
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return File{Name: filepath.Base(to), Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, errors.Join(err, file.Close())
}

// pack writes the manifest and the files of the work directory into an archive
// that is on disk when it returns.
func pack(manifest Manifest, work, path string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	archive := tar.NewWriter(file)
	header := tar.Header{Mode: 0o600, ModTime: manifest.CreatedAt, Format: tar.FormatPAX}
	header.Name, header.Size = manifestName, int64(len(text))
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	if _, err := archive.Write(text); err != nil {
		return err
	}
	for _, entry := range manifest.Files {
		header.Name, header.Size = entry.Name, entry.Size
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if err := appendFile(archive, filepath.Join(work, entry.Name)); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), file.Sync())
}

func appendFile(archive io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return errors.Join(err, file.Close())
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
