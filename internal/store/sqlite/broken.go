package sqlite

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// broken remembers a failed fsync. The system may have dropped what it could
// not write, and a second fsync that succeeds says nothing about the first. So
// nothing is written and nothing copied from the log any more; readers are
// still shown what was acknowledged before. The next start takes from the log
// what its checksums prove.
type broken struct{ cause atomic.Pointer[error] }

// note keeps the error if it is a failed fsync.
func (b *broken) note(err error) {
	if !isFailedSync(err) {
		return
	}
	err = fmt.Errorf("sqlite: the disk did not take what was written to it (%w); look at the disk, then start the server again: "+
		"until then nothing more is written", withCode(err))
	b.cause.CompareAndSwap(nil, &err)
}

// err is why nothing is written any more, nil when all is well.
func (b *broken) err() error {
	if cause := b.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// disconnect closes a connection. The last one copies the log into the file and
// deletes it, unless an fsync failed.
func (e *Engine) disconnect(conn *connection) error {
	if e.broken.err() != nil {
		return errors.Join(conn.keepLog(), conn.close())
	}
	return conn.close()
}
