package postgres

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/identifier"
)

// day names the tables of a day: 20261125.
type day string

const dayLayout = "20060102"

func dayOf(at time.Time) day { return day(at.UTC().Format(dayLayout)) }

// end is when the day is over.
func (d day) end() (time.Time, error) {
	begin, err := time.Parse(dayLayout, string(d))
	return begin.AddDate(0, 0, 1), err
}

func (d day) refusals() string { return "requestlog_refusals_" + string(d) }
func (d day) blocks() string   { return "requestlog_blocks_" + string(d) }
func (d day) segments() string { return "requestlog_segments_" + string(d) }
func (d day) pending() string  { return "requestlog_pending_" + string(d) }

// tables are all that a day has.
func (d day) tables() []string { return []string{d.refusals(), d.blocks(), d.segments(), d.pending()} }

// slack is how much an exchange may be younger than the day it is kept in: the
// ids of a bucket, a good minute, stay together.
const slack = 2 * time.Minute

// bucketTime is the part of an id's milliseconds that its bucket ignores.
const bucketTime = 0xffff

// placeOf is the day of the ids that begin like this one. Only an id that has
// no time in it is kept under the time of its exchange.
func placeOf(id string, at time.Time) day {
	if d, ok := dayOfID(id); ok {
		return d
	}
	return dayOf(at)
}

func dayOfID(id string) (day, bool) {
	at, ok := identifier.Time(id)
	if !ok || at.Year() < 2000 || at.Year() >= 2100 {
		return "", false
	}
	return dayOf(time.UnixMilli(at.UnixMilli() &^ bucketTime)), true
}

// days remembers which days have tables.
type days struct {
	mu   sync.Mutex
	made map[day]bool
}

func (d *days) has(one day) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.made[one]
}

func (d *days) note(one day) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		d.made = map[day]bool{}
	}
	d.made[one] = true
}

func (d *days) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = nil
}

// ensure makes the tables of a day. IF NOT EXISTS alone does not keep two
// processes from making the same table at the same time; the row does.
func (h *Home) ensure(ctx context.Context, conn *pgx.Conn, d day) error {
	if h.days.has(d) {
		return nil
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO requestlog_days (day) VALUES ($1) ON CONFLICT DO NOTHING", string(d)); err != nil {
			return err
		}
		for _, sql := range tablesOf(d) {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return makeIndex(ctx, tx, d)
	})
	if err == nil {
		h.days.note(d)
	}
	return err
}

// tablesOf makes a day. Ids compare by their bytes, whatever the language of the
// database; they and times grow, so the indexes grow at their ends.
func tablesOf(d day) []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS ` + d.refusals() + ` (
			correlation_id      text COLLATE "C" PRIMARY KEY,
			merchant_id         text    NOT NULL,
			at_ns               bigint  NOT NULL,
			status              integer NOT NULL,
			operation           text    NOT NULL,
			session_id          text COLLATE "C" NOT NULL,
			order_id            text COLLATE "C" NOT NULL,
			authorization_token text COLLATE "C" NOT NULL,
			explanation         text    NOT NULL,
			packed              boolean NOT NULL,
			data                bytea   NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS ` + d.refusals() + `_by_session ON ` + d.refusals() + ` (session_id) WHERE session_id <> ''`,
		`CREATE TABLE IF NOT EXISTS ` + d.blocks() + ` (
			first_id    text COLLATE "C" NOT NULL,
			last_id     text COLLATE "C" NOT NULL,
			at_ns       bigint  NOT NULL,
			exchanges   integer NOT NULL,
			oldest_name text COLLATE "C" NOT NULL,
			newest_name text COLLATE "C" NOT NULL,
			marks       bytea   NOT NULL,
			packed      boolean NOT NULL,
			data        bytea   NOT NULL,
			PRIMARY KEY (first_id, last_id))`,
		`CREATE INDEX IF NOT EXISTS ` + d.blocks() + `_by_name ON ` + d.blocks() + ` (newest_name, oldest_name)`,
	}
}

// makeIndex makes the tables of a day's index, unless they are there. Whatever
// the day has already is to be indexed.
func makeIndex(ctx context.Context, tx pgx.Tx, d day) error {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", d.pending()).Scan(&there); err != nil || there {
		return err
	}
	for _, sql := range []string{
		// Some blocks and refusals of one minute, with all terms that are in any of
		// them.
		`CREATE TABLE ` + d.segments() + ` (
			number   bigint PRIMARY KEY,
			first_id text COLLATE "C" NOT NULL,
			last_id  text COLLATE "C" NOT NULL,
			firsts   text[]   NOT NULL, -- of its blocks
			lasts    text[]   NOT NULL,
			refusals text[]   NOT NULL,
			terms    tsvector NOT NULL)`,
		// Statistics of terms would take minutes to gather and change no plan.
		`ALTER TABLE ` + d.segments() + ` ALTER COLUMN terms SET STATISTICS 0`,
		// A list of what waits for its place would be read by every search.
		`CREATE INDEX ` + d.segments() + `_by_term ON ` + d.segments() + ` USING gin (terms) WITH (fastupdate = off)`,
		// What no segment has yet. It is written with the block or refusal and
		// deleted with the segment.
		`CREATE TABLE ` + d.pending() + ` (
			first_id text COLLATE "C" NOT NULL,
			last_id  text COLLATE "C" NOT NULL,
			refusal  boolean NOT NULL,
			PRIMARY KEY (first_id, last_id, refusal))`,
		`INSERT INTO ` + d.pending() + ` SELECT first_id, last_id, false FROM ` + d.blocks(),
		`INSERT INTO ` + d.pending() + ` SELECT correlation_id, correlation_id, true FROM ` + d.refusals(),
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// all are the days there are, oldest first.
func all(ctx context.Context, conn *pgx.Conn) ([]day, error) {
	rows, err := conn.Query(ctx, "SELECT day FROM requestlog_days ORDER BY day")
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	days := make([]day, len(found))
	for i, d := range found {
		days[i] = day(d)
	}
	return days, nil
}

// daysOf are the days that may have an id.
func daysOf(ctx context.Context, conn *pgx.Conn, id string) ([]day, error) {
	days, err := all(ctx, conn)
	if one, ok := dayOfID(id); ok && err == nil {
		days = slices.DeleteFunc(days, func(d day) bool { return d != one })
	}
	return days, err
}
