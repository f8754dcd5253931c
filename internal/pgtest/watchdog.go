package pgtest

import (
	"io"
	"os/exec"
	"syscall"
)

// watchdogScript waits for the end of its input, which is the end of the
// process that holds the other end of the pipe. Then it ends what runs in the
// folder $1 and deletes it. A zombie answers signals, so the wait is bounded.
const watchdogScript = `
cat >/dev/null
if pid=$(head -n 1 "$1/data/postmaster.pid"); then
	kill -QUIT "$pid"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -e "$1/data/postmaster.pid" ] || break
		sleep 0.1
	done
	[ -e "$1/data/postmaster.pid" ] && kill -KILL "$pid"
fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

// watch starts a process that outlives this one by a moment and takes the
// folder with it. A test process has no place to clean up what several tests
// share, least of all when it is killed.
func watch(dir string) (io.Closer, error) {
	command := exec.Command("sh", "-c", watchdogScript, "watchdog", dir)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &watchdog{pipe, command}, nil
}

type watchdog struct {
	pipe    io.Closer
	command *exec.Cmd
}

// Close lets the watchdog do its work and waits for it.
func (w *watchdog) Close() error {
	if err := w.pipe.Close(); err != nil {
		return err
	}
	return w.command.Wait()
}
