package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// openSocket lets the commands reach a file that this server owns. A server
// without it serves all the same.
func (a *App) openSocket() {
	if !a.config.Production || a.stores.file == "" {
		return
	}
	server, err := admin.Serve(a.stores.file, a.operations(admin.Direct{Accounts: a.people, URL: a.publicURL(),
		ReviewDesk: reviewDesk{a.stores, a.checkouts}, ReplayDesk: replayDesk{a.checkouts}, AssessmentDesk: assessmentDesk{a.checkouts},
		EraseDesk: openedEraser(a.eraser)}))
	if err != nil {
		a.config.Logger.Warn("merchants and keys cannot be changed while the server runs", "cause", err)
		return
	}
	a.closers = append(a.closers, server.Close)
}

// operations are what an operator does to the store of this server, with a line in
// its log for each change.
func (a *App) operations(direct admin.Direct) admin.Operations {
	direct.Tenants, direct.Now = a.stores, a.config.SystemTime
	return admin.Logged{Operations: direct, Logger: a.config.Logger}
}

// OpenNewAdmin is OpenAdmin that makes a store where there is none, which is
// what made tells.
func OpenNewAdmin(ctx context.Context, url string) (opened Admin, made bool, err error) {
	opened, err = OpenAdmin(ctx, url)
	if !errors.Is(err, ErrNoStore) && !errors.Is(err, postgres.ErrNoSchema) {
		return opened, false, err
	}
	if _, err := Migrate(ctx, url); err != nil {
		return Admin{}, false, err
	}
	opened, err = OpenAdmin(ctx, url)
	return opened, true, err
}

const (
	// ownerPatience is how long a command waits for another one to end.
	ownerPatience = 2 * time.Second
	ownerPause    = 20 * time.Millisecond
)

// Admin are the operations of a store and how to leave it.
type Admin struct {
	admin.Operations
	Close func() error
}

// OpenAdmin opens what an operator does to a store that is there. A file that a
// server owns is reached through that server.
func OpenAdmin(ctx context.Context, url string) (Admin, error) {
	path, embedded := strings.CutPrefix(url, "sqlite:")
	if !embedded {
		engine, err := postgres.Open(ctx, url, postgres.Options{MaxConnections: 2})
		if err != nil {
			return Admin{}, err
		}
		return direct(engine, func(ctx context.Context, options requestlog.Options) (*requestlog.Log, error) {
			return requestlog.OpenPostgres(ctx, url, options)
		})
	}
	for deadline := time.Now().Add(ownerPatience); ; {
		found, err := openOwned(ctx, path)
		if !errors.Is(err, sqlite.ErrLocked) {
			return found, err
		}
		if time.Now().After(deadline) {
			return Admin{}, fmt.Errorf("%w\nit does not answer at %s: only kvitto serve does", err, admin.SocketOf(filesOf(path).database))
		}
		if !pause(ctx, ownerPause) {
			return Admin{}, ctx.Err()
		}
	}
}

// openOwned opens the file, or reaches its owner. sqlite.ErrLocked when there
// is one that does not answer, such as another command.
func openOwned(ctx context.Context, path string) (Admin, error) {
	database, err := existing(path)
	if err != nil {
		return Admin{}, err
	}
	if remote, err := admin.Dial(ctx, database); err == nil {
		return Admin{remote, remote.Close}, nil
	}
	if err := current(ctx, database); err != nil {
		return Admin{}, err
	}
	engine, err := sqlite.Open(ctx, database)
	if err != nil {
		return Admin{}, err
	}
	return direct(engine, func(ctx context.Context, options requestlog.Options) (*requestlog.Log, error) {
		return requestlog.OpenSQLite(ctx, filesOf(path).requests, options)
	})
}

// direct works on the store itself, and on its request log where it must.
func direct(engine engine, openLog func(context.Context, requestlog.Options) (*requestlog.Log, error)) (Admin, error) {
	checkouts, err := openCheckouts(engine)
	if err != nil {
		return Admin{}, errors.Join(err, engine.Close())
	}
	accounts, err := newAccounts(engine, time.Now, "")
	if err != nil {
		return Admin{}, errors.Join(err, engine.Close())
	}
	return Admin{admin.Direct{Tenants: engine, Accounts: accounts, Now: time.Now,
		ReviewDesk: reviewDesk{engine, checkouts}, ReplayDesk: replayDesk{checkouts}, AssessmentDesk: assessmentDesk{checkouts},
		EraseDesk: openEraseDesk(engine, openLog)}, engine.Close}, nil
}
