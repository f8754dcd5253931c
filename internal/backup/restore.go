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
	"os"
	"path/filepath"
)

// manifestMax bounds the manifest of an archive, in bytes.
const manifestMax = 1 << 20

// Restore makes the store of an archive in a directory that has none, after it
// has checked the archive, the databases and their schema.
func Restore(ctx context.Context, path, directory string) (manifest Manifest, err error) {
	if err := mustBeFree(directory); err != nil {
		return Manifest{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return Manifest{}, err
	}
	work, err := os.MkdirTemp(directory, ".kvitto-restore-")
	if err != nil {
		return Manifest{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if manifest, err = unpack(ctx, file, work); err != nil {
		return Manifest{}, err
	}
	// The store comes last, so that no server can start on a part. What a restore
	// that broke off has left is refused the next time, as any part of a store is.
	for i := len(manifest.Files) - 1; i >= 0; i-- {
		name := manifest.Files[i].Name
		if err := os.Link(filepath.Join(work, name), filepath.Join(directory, name)); err != nil {
			return Manifest{}, err
		}
	}
	return manifest, syncDirectory(directory)
}

// mustBeFree refuses a directory that holds a store or a part of one.
func mustBeFree(directory string) error {
	for _, name := range []string{databaseName, requestsName} {
		for _, ending := range []string{"", "-wal", "-shm", "-journal"} {
			there := filepath.Join(directory, name+ending)
			if _, err := os.Lstat(there); err == nil {
				return fmt.Errorf("%w: %s; restore into another directory, or move this one away", ErrExists, there)
			}
		}
	}
	return nil
}

// unpack writes the databases of an archive into the work directory and checks
// them.
func unpack(ctx context.Context, file io.Reader, work string) (Manifest, error) {
	archive := tar.NewReader(file)
	manifest, err := readManifest(archive)
	if err != nil {
		return Manifest{}, err
	}
	for _, entry := range manifest.Files {
		header, err := archive.Next()
		if err != nil || header.Name != entry.Name || header.Size != entry.Size {
			return Manifest{}, fmt.Errorf("%w: %s is not in the archive as its manifest says", ErrDamaged, entry.Name)
		}
		path := filepath.Join(work, entry.Name)
		if err := unpackFile(archive, path, entry); err != nil {
			return Manifest{}, err
		}
		if err := checkDatabase(ctx, path); err != nil {
			return Manifest{}, err
		}
		if err := checkSchema[entry.Name](ctx, path); err != nil {
			return Manifest{}, err
		}
	}
	return manifest, nil
}

func readManifest(archive *tar.Reader) (Manifest, error) {
	var manifest Manifest
	header, err := archive.Next()
	if err != nil || header.Name != manifestName {
		return manifest, ErrFormat
	}
	if err := json.NewDecoder(io.LimitReader(archive, manifestMax)).Decode(&manifest); err != nil {
		return manifest, fmt.Errorf("%w: its manifest: %w", ErrFormat, err)
	}
	if manifest.Format != format {
		return manifest, fmt.Errorf("%w of this version: it has format %d and this program knows %d", ErrFormat, manifest.Format, format)
	}
	seen := make(map[string]bool)
	for _, entry := range manifest.Files {
		// Only names we know: a name must not lead out of the directory.
		if checkSchema[entry.Name] == nil || seen[entry.Name] {
			return manifest, fmt.Errorf("%w: it holds %q", ErrFormat, entry.Name)
		}
		seen[entry.Name] = true
	}
	if !seen[databaseName] {
		return manifest, fmt.Errorf("%w: it holds no %s", ErrFormat, databaseName)
	}
	return manifest, nil
}

// unpackFile writes one entry, which is on disk when it returns.
func unpackFile(from io.Reader, path string, entry File) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, sum), from); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, entry.Name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != entry.SHA256 {
		return fmt.Errorf("%w: %s is not what was backed up", ErrDamaged, entry.Name)
	}
	return file.Sync()
}
