package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

// childPath makes this test binary a child process that opens the store there.
const childPath = "KVITTO_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		child(path)
		return
	}
	os.Exit(m.Run())
}

// child opens the store, says how that went and keeps it open until it is
// killed or its input ends.
func child(path string) {
	_, err := Open(context.Background(), path)
	fmt.Println(errors.Is(err, ErrLocked), err)
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

// startChild returns the process and what it said.
func startChild(t *testing.T, path string) (cmd *exec.Cmd, said string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // the killed one has been waited for
	})
	said, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q, %v", said, err)
	}
	return cmd, said
}

func TestASecondOpenIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "kvitto.db")
	openOn(t, path, "")
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		engine, err := Open(t.Context(), name)
		if !errors.Is(err, ErrLocked) {
			t.Fatalf("Open = %v, %v; want ErrLocked", engine, err)
		}
		for _, part := range []string{name, "process " + strconv.Itoa(os.Getpid()), "stop it"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error %q does not say %q", err, part)
			}
		}
	}
}

// TestALockThatIsSomethingElse: whoever can write to the directory must not
// make the store write over a file that is elsewhere.
func TestALockThatIsSomethingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "precious")
	if err := os.WriteFile(target, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	linked, piped := filepath.Join(dir, "linked.db"), filepath.Join(dir, "piped.db")
	if err := errors.Join(os.Symlink(target, linked+".lock"), syscall.Mkfifo(piped+".lock", 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{linked: "is a symbolic link; remove it", piped: "is no regular file; remove it"} {
		engine, err := Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, %v; want %q", engine, err, want)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the store was made: %v", err)
		}
	}
	if content, err := os.ReadFile(target); err != nil || string(content) != "kept" {
		t.Errorf("the target of the link is %q, %v", content, err)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	engine := openOn(t, path, "")
	_, said := startChild(t, path)
	if !strings.HasPrefix(said, "true ") || !strings.Contains(said, strconv.Itoa(os.Getpid())) {
		t.Errorf("the child said %q", said)
	}
	mustAnswer(t, engine, []store.Change{newSession()}, nil)
}

func TestTheLockIsFreeAfterAKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	closedStore(t, path)
	cmd, said := startChild(t, path)
	if said != "false <nil>\n" {
		t.Fatalf("the child said %q", said)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
		t.Errorf("while the child runs Open says %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	closedStore(t, path)
}
