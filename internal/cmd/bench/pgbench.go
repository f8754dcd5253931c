package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// cluster is a throw-away PostgreSQL with its own configuration, durable.
type cluster struct{ *pgtest.Cluster }

func startCluster(ctx context.Context) (*cluster, error) {
	made, err := pgtest.New(ctx, pgtest.Options{Name: "bench"})
	if errors.Is(err, pgtest.ErrMissing) {
		return nil, fmt.Errorf("postgresql: %w (Debian's package postgresql)", errNotInstalled)
	}
	if err != nil {
		return nil, err
	}
	c := &cluster{made}
	if err := c.Start(ctx); err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

func (c *cluster) remove() {
	if err := c.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: remove the cluster:", err)
	}
}

// pids are the processes of the cluster.
func (c *cluster) pids() []int {
	content, err := os.ReadFile(filepath.Join(c.DataDir(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return nil
	}
	return withChildren(pid)
}

// pgbench updates rows of a table of its own in a cluster of its own.
type pgbench struct {
	*cluster
	dir  string
	rows int
}

func startPgbench(ctx context.Context, dir string, rows int) (target, error) {
	c, err := startCluster(ctx)
	if err != nil {
		return nil, err
	}
	p := &pgbench{cluster: c, dir: filepath.Join(dir, "pgbench"), rows: rows}
	err = os.Mkdir(p.dir, 0o777)
	if err == nil {
		err = os.Chmod(p.dir, 0o777) // its owner is another user when this one is root
	}
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err == nil {
		err = c.psql(ctx, "CREATE TABLE rows (id int PRIMARY KEY, revision int NOT NULL, body text NOT NULL)",
			fmt.Sprintf("INSERT INTO rows SELECT i, 1, repeat('x', 700) FROM generate_series(1, %d) i", rows))
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return p, nil
}

func (c *cluster) psql(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		output, err := c.Command(ctx, "psql", "-X", "-q", "-h", c.SocketDir(), "-p", strconv.Itoa(c.Port()), "-U", "postgres", "-c", sql).CombinedOutput()
		if err != nil {
			return fmt.Errorf("psql: %w\n%s", err, output)
		}
	}
	return nil
}

func (p *pgbench) name() string { return "pgbench" }
func (p *pgbench) close()       { p.remove() }

// measure updates one row of the body's size per transaction, over TCP, with
// prepared statements and two threads.
func (p *pgbench) measure(ctx context.Context, body []byte, connections int, duration time.Duration) (result, error) {
	script := filepath.Join(p.dir, "update.sql")
	text := fmt.Sprintf("\\set id random(1, %d)\nUPDATE rows SET revision = revision + 1, body = :body WHERE id = :id;\n", p.rows)
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return result{}, err
	}
	old, err := filepath.Glob(filepath.Join(p.dir, "log.*"))
	for _, file := range old {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		return result{}, err
	}
	// The text must not compress: PostgreSQL would write less than the body.
	command := p.Command(ctx, "pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(connections), "-j", strconv.Itoa(min(2, connections)),
		"-T", strconv.Itoa(max(1, int(duration.Seconds()))), "-D", "body="+noise(len(body)), "-f", script,
		"-l", "--log-prefix="+filepath.Join(p.dir, "log"), p.URL("postgres"))
	output, err := command.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("pgbench: %w\n%s", err, output)
	}
	times, err := p.latencies()
	if err != nil {
		return result{}, err
	}
	return summarize(times, time.Duration(max(1, int(duration.Seconds())))*time.Second)
}

// latencies reads pgbench's log: client, transaction, microseconds, and more.
func (p *pgbench) latencies() ([]time.Duration, error) {
	files, err := filepath.Glob(filepath.Join(p.dir, "log.*"))
	if err != nil {
		return nil, err
	}
	var times []time.Duration
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 3 {
				continue
			}
			us, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				return nil, err
			}
			times = append(times, time.Duration(us)*time.Microsecond)
		}
	}
	slices.Sort(times)
	return times, nil
}

// noise is text without repetitions.
func noise(length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	text := make([]byte, length)
	state := uint64(1)
	for i := range text {
		state = state*6364136223846793005 + 1442695040888963407
		text[i] = letters[state>>58]
	}
	return string(text)
}
