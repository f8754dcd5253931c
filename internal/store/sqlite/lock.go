//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrLocked: another process, or another Engine of this one, has the file open.
var ErrLocked = errors.New("sqlite: the store is in use")

// fileLock is an advisory lock on a file beside the database. The kernel frees
// it when the process ends, however it ends. The file itself stays: removing
// it would let two processes lock two files of the same name.
type fileLock struct{ file *os.File }

// acquireLock takes the lock of the database at path or fails with ErrLocked.
func acquireLock(path string) (*fileLock, error) {
	name := path + ".lock"
	file, err := openLock(name)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s holds the lock %s; stop it, or give this one a file of its own", ErrLocked, holder(file), name)
	} else if err == nil {
		err = writeHolder(file)
	} else {
		err = fmt.Errorf("lock %s: %w; the store needs a file system with flock", name, err)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileLock{file: file}, nil
}

// openLock opens or makes the lock file. Its content is replaced, so what lies
// there and is something else must not be followed or opened.
func openLock(name string) (*os.File, error) {
	const next = "remove it when it is not yours, or choose another path for the store"
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("the lock %s is a symbolic link; %s", name, next)
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("the lock %s is no regular file; %s", name, next)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// release gives the lock back. Closing alone would leave it with a child that
// was forked a moment ago and has not become its program yet.
func (l *fileLock) release() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

// holder names the process that wrote itself into the lock file.
func holder(file *os.File) string {
	content, _ := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(content))); err == nil {
		return "process " + strconv.Itoa(pid)
	}
	return "another process"
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
