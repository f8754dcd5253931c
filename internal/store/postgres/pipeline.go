package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// begin names the level, because a database may have another default. A
// stricter one, as distributed engines have, is right as well.
const begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`

// pipeline is a transaction that is sent whole, so that it takes one round trip
// and a client that is cut off cannot leave it open in the middle.
type pipeline struct {
	statements pgx.Batch
	readers    []func(pgx.BatchResults) error // one for each statement
}

// exec adds a statement.
func (p *pipeline) exec(sql string, parameters ...any) {
	p.add(sql, parameters, func(results pgx.BatchResults) error {
		_, err := results.Exec()
		return err
	})
}

// count adds a statement and says how many rows it met.
func (p *pipeline) count(rows *int64, sql string, parameters ...any) {
	p.add(sql, parameters, func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		*rows = tag.RowsAffected()
		return err
	})
}

// query adds a statement whose rows are read.
func (p *pipeline) query(read func(pgx.Rows, error) error, sql string, parameters ...any) {
	p.add(sql, parameters, func(results pgx.BatchResults) error { return read(results.Query()) })
}

func (p *pipeline) add(sql string, parameters []any, read func(pgx.BatchResults) error) {
	if len(p.readers) == 0 {
		p.statements.Queue(begin)
		p.readers = append(p.readers, func(results pgx.BatchResults) error {
			_, err := results.Exec()
			return err
		})
	}
	p.statements.Queue(sql, parameters...)
	p.readers = append(p.readers, read)
}

// commit sends the pipeline with a COMMIT at its end. When an earlier attempt
// may have written what this one finds, it confirms that.
func (p *pipeline) commit(ctx context.Context, conn *pgx.Conn, again bool) error {
	if again {
		p.confirm()
	}
	p.add("COMMIT", nil, func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		if err == nil && tag.String() != "COMMIT" {
			err = fmt.Errorf("the server answered COMMIT with %s", tag)
		}
		return err
	})
	results := conn.SendBatch(ctx, &p.statements)
	var err error
	for i := 0; i < len(p.readers) && err == nil; i++ {
		err = p.readers[i](results)
	}
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return err
}
