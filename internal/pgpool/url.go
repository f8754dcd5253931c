package pgpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds the try of one host, where the URL says nothing.
const connectTimeout = 3 * time.Second

// Parse reads the URL of a database, postgres://USER:PASSWORD@HOST:PORT/NAME.
// Several hosts, with commas between them, are tried in turn until one takes
// writes. The server is told the name, unless the URL has an application_name.
// For connections of a pool nothing is left to do; one made without a pool
// needs Prepare. An error never has the password in it.
func Parse(url, name string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, unreadable(url, err)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = name
	}
	config.BeforeConnect = func(_ context.Context, conn *pgx.ConnConfig) error {
		Prepare(&conn.Config)
		return nil
	}
	return config, nil
}

// unreadable is the error for a URL. The parser quotes what it stumbled over,
// which may be a piece of the password, so with one in the URL it is not heard.
func unreadable(url string, err error) error {
	const form = "the URL cannot be read; it looks like postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full, " +
		"with % / : @ ? # in the password written as %25 %2F %3A %40 %3F %23"
	if strings.Contains(url, "@") || strings.Contains(strings.ToLower(url), "password") {
		return errors.New(form)
	}
	return fmt.Errorf("%s: %w", form, err)
}
