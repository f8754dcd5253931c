package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// SocketOf is the socket beside a database file.
func SocketOf(database string) string { return database + ".sock" }

// pathMax is what fits into the address of a Unix socket everywhere.
const pathMax = 100

// listen makes the socket. The caller owns the database, so that a socket that
// is there belongs to a server that has ended.
func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var listener *net.UnixListener
	err := short(path, func(name string) (err error) {
		listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // it may have been opened by another name
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close(), os.Remove(path))
	}
	return ownSocket{listener, path}, nil
}

// ownSocket removes its file when it is closed.
type ownSocket struct {
	net.Listener
	path string
}

func (s ownSocket) Close() error {
	err := s.Listener.Close()
	if removed := os.Remove(s.path); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

func dial(ctx context.Context, path string) (conn net.Conn, err error) {
	var dialer net.Dialer
	err = short(path, func(name string) error {
		conn, err = dialer.DialContext(ctx, "unix", name)
		return err
	})
	return conn, err
}

// short calls use with a name of the path that fits into an address. Linux
// gives open directories a short one.
func short(path string, use func(name string) error) error {
	if len(path) <= pathMax {
		return use(path)
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the path %s is too long for a socket; keep the data in a directory with a shorter one", path)
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(use(fmt.Sprintf("/proc/self/fd/%d/%s", directory.Fd(), filepath.Base(path))), directory.Close())
}
