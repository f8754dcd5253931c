package sqlite

import (
	"context"
	"fmt"
	"time"
)

const (
	// checkpointPages is how far the write-ahead log grows between checkpoints:
	// 32 MiB. Fewer cost more CPU per change (a page is written back each
	// time), more cost disk and a longer start after a crash.
	checkpointPages = 4096
	// checkpointPatience is how long writers may be held up for a reader that
	// still needs the log. If it is not enough the next checkpoint tries again.
	checkpointPatience = 20 * time.Millisecond
)

// watchLog wakes the checkpointer each time the log has grown by so many pages.
func watchLog(conn *connection, every int, grown chan<- struct{}) {
	announced := 0
	conn.onCommit(func(pages int) {
		if pages < announced {
			announced = 0
		}
		if pages-announced < every {
			return
		}
		announced = pages
		select {
		case grown <- struct{}{}:
		default:
		}
	})
}

// keepLogShort is the checkpointer. SQLite's automatic checkpoint runs inside
// the commit that crosses the limit, which then takes ten times as long; here
// the bulk is copied beside the writer.
func (e *Engine) keepLogShort(conn *connection) {
	defer close(e.checkpointed)
	defer func() { _ = e.disconnect(conn) }() // nothing is written through it that a later open would miss
	for {
		select {
		case <-e.closed:
			return
		case <-e.logGrown:
		}
		e.checkpoint(conn)
	}
}

// checkpoint shortens the log and keeps the outcome for Ping. A failure is
// tried again when the log has grown further; nothing is lost by it, but the
// log takes more and more of the disk. After a failed fsync it is not tried
// again: what an earlier one copied may be lost, and the log is the only copy.
func (e *Engine) checkpoint(conn *connection) {
	if e.broken.err() != nil {
		return
	}
	err := e.copyLogBack(conn)
	e.broken.note(err)
	if err == nil {
		e.checkpointErr.Store(nil)
		return
	}
	err = fmt.Errorf("sqlite: checkpoint: the log %s-wal keeps growing: %w", e.path, withCode(err))
	e.checkpointErr.Store(&err)
}

// copyLogBack copies twice: first beside the writer, then, while it waits, the
// little that came in between. Only a log that is copied whole is written from
// its start again.
func (e *Engine) copyLogBack(conn *connection) error {
	if err := conn.checkpointBeside(); err != nil {
		return err
	}
	if e.takeWriting(context.Background()) != nil {
		return nil // closing copies everything
	}
	defer e.giveWriting()
	return conn.checkpointWhole()
}
