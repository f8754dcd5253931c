package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Options of a cluster; all may be left out.
type Options struct {
	// Name is the cluster_name, under which a standby is known to its primary:
	// what synchronous_standby_names says.
	Name string
	// Config are lines of postgresql.conf; they override the package's own.
	Config []string
	// Access are lines of pg_hba.conf, before the others. Without them local
	// users of the socket's folder and whoever has the password come in, to
	// replicate too.
	Access []string
	// StandbyOf makes the cluster a copy of a running one, by pg_basebackup,
	// that follows it when it is started.
	StandbyOf *Cluster
}

// Cluster is a PostgreSQL in a temporary folder. It listens on 127.0.0.1 and
// on a unix socket. Start, Stop and the like must not be called at the same
// time.
type Cluster struct {
	bin      string // folder of the programs
	dir      string // everything of the cluster
	port     int
	password string
	owner    *owner
	watchdog io.Closer // the pipe whose end means that this process has ended

	running *running // nil when stopped
}

// New makes a cluster that is not started yet. Remove takes it away; so does
// the end of this process.
func New(ctx context.Context, opts Options) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, password: rand.Text()}
	if opts.StandbyOf != nil {
		c.password = opts.StandbyOf.password // the copy has the original's users
	}
	if c.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp(shortTempDir(), "kvitto-pg-"); err != nil {
		return nil, err
	}
	if c.watchdog, err = watch(c.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	if err := c.fill(ctx, opts); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// fill makes the files of the cluster.
func (c *Cluster) fill(ctx context.Context, opts Options) error {
	if err := c.owner.take(c.dir); err != nil {
		return err
	}
	var err error
	if opts.StandbyOf == nil {
		err = c.initialize(ctx)
	} else {
		err = c.run(ctx, "pg_basebackup", "--pgdata", c.DataDir(), "--dbname", opts.StandbyOf.URL("postgres"),
			"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	}
	if err != nil {
		return err
	}
	if err := c.Configure(append(c.ownConfig(opts.Name), opts.Config...)...); err != nil {
		return err
	}
	if len(opts.Access) == 0 {
		return nil
	}
	access := filepath.Join(c.DataDir(), "pg_hba.conf")
	rest, err := os.ReadFile(access)
	if err != nil {
		return err
	}
	return os.WriteFile(access, []byte(strings.Join(opts.Access, "\n")+"\n"+string(rest)), 0o600)
}

func (c *Cluster) initialize(ctx context.Context) error {
	secret := filepath.Join(c.dir, "password")
	if err := os.WriteFile(secret, []byte(c.password+"\n"), 0o600); err != nil {
		return err
	}
	if err := c.owner.take(secret); err != nil {
		return err
	}
	// --no-sync leaves out initdb's own flush; that of the server stays on.
	return c.run(ctx, "initdb", "--pgdata", c.DataDir(), "--username=postgres", "--pwfile="+secret, "--auth-local=trust",
		"--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
}

func (c *Cluster) ownConfig(name string) []string {
	return []string{
		"listen_addresses = '127.0.0.1'",
		"port = " + strconv.Itoa(c.port),
		"unix_socket_directories = '" + c.dir + "'",
		"cluster_name = '" + name + "'",
		"max_connections = 300",
		"fsync = on",
		"synchronous_commit = on",
		"wal_keep_size = '256MB'",
	}
}

// Configure adds lines to postgresql.conf; a later line overrides an earlier
// one. A running cluster takes them up with Reload or when it is started again.
func (c *Cluster) Configure(lines ...string) error {
	file, err := os.OpenFile(filepath.Join(c.DataDir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, file.Close())
}

// Reload makes the running cluster read its configuration again.
func (c *Cluster) Reload(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "reload", "--pgdata", c.DataDir())
}

// Promote makes a standby a primary and waits until it is one.
func (c *Cluster) Promote(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "promote", "--wait", "--pgdata", c.DataDir())
}

// DataDir is the folder with the data.
func (c *Cluster) DataDir() string { return filepath.Join(c.dir, "data") }

// SocketDir is the folder with the unix socket; whoever reaches it is let in
// without a password.
func (c *Cluster) SocketDir() string { return c.dir }

// Port is the one of the TCP address and in the socket's name.
func (c *Cluster) Port() int { return c.port }

// Address is host and port, for a proxy.
func (c *Cluster) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)) }

// URL leads to a database of the cluster, with the password of its superuser.
func (c *Cluster) URL(database string) string { return c.URLThrough(c.Address(), database) }

// URLThrough leads to a database through something that listens elsewhere; an
// address may be several, with commas between them.
func (c *Cluster) URLThrough(address, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", c.password), Host: address, Path: "/" + database}
	return u.String()
}

// Command is a program of PostgreSQL, run as the owner of the cluster.
func (c *Cluster) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	command.Dir = c.dir
	c.owner.own(command)
	return command
}

func (c *Cluster) run(ctx context.Context, name string, args ...string) error {
	output, err := c.Command(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", name, err, output)
	}
	return nil
}

// Remove kills the cluster if it runs and deletes its files.
func (c *Cluster) Remove() error {
	return errors.Join(c.Kill(), os.RemoveAll(c.dir), c.watchdog.Close())
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// shortTempDir is where the folder goes: the name of a unix socket has room
// for about a hundred bytes.
func shortTempDir() string {
	if dir := os.TempDir(); len(dir) < 60 {
		return dir
	}
	return "/tmp"
}
