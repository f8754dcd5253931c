package requestlog

import (
	"context"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Sweep deletes what is older than Options.Retention at now and what exceeds
// Options.MaxBytes, oldest first, and tells how many exchanges that were. It
// works in small portions, between which others write; several processes may
// sweep one home. What was deleted before an error stays deleted.
func (l *Log) Sweep(ctx context.Context, now time.Time) (deleted int64, err error) {
	limits := home.Limits{Now: now, MaxBytes: l.options.MaxBytes}
	if l.options.Retention > 0 {
		limits.Before = now.Add(-l.options.Retention)
	}
	if limits.Before.IsZero() && limits.MaxBytes == 0 {
		return 0, nil
	}
	for {
		var portion int64
		if err = ctx.Err(); err == nil {
			err = l.use(func(h home.Home) (err error) {
				portion, err = h.Sweep(ctx, limits)
				return err
			})
		}
		deleted += portion
		if err != nil {
			return deleted, fmt.Errorf("requestlog: sweep: %w", err)
		}
		if portion == 0 {
			return deleted, nil
		}
	}
}
