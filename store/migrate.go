package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date, one process after the other. Each
// migration is a transaction: one that is cut off is done by the next start.
func (db *DB) migrate(ctx context.Context, lockFile string, more ...goose.ProviderOption) error {
	unlock := func() error { return nil }
	if db.Dialect == SQLite {
		var err error
		if unlock, err = exclusive(ctx, lockFile, patience); err != nil {
			return fmt.Errorf("waiting for another process that brings the database up to date: %w", err)
		}
	}
	return errors.Join(db.up(ctx, more), unlock())
}

func (db *DB) up(ctx context.Context, more []goose.ProviderOption) error {
	provider, err := db.provider(more)
	if err != nil {
		return fmt.Errorf("preparing the database's migrations: %w", err)
	}
	// Asking for the versions creates the table of versions, which the lock of
	// PostgreSQL doesn't guard: it is asked after.
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database's tables up to date: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the database's tables: %w", err)
	}
	if current > target {
		return fmt.Errorf("the database's tables have version %d, this program knows %d: a newer version wrote it; use that one, or a backup", current, target)
	}
	return nil
}

func (db *DB) provider(more []goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	dialect, options := goose.DialectSQLite3, append([]goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(db.placing())}, more...)
	if db.Dialect == PostgreSQL {
		// Asked every second, for five minutes. It ends with the process that has it.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db.SQL, files, options...)
}

// placing writes what the pages look up by for what was there before migration 6:
// the small letters of every script are none of SQL's.
func (db *DB) placing() *goose.Migration {
	return goose.NewGoMigration(7, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		return db.in(tx).placeAll(ctx)
	}}, nil)
}

// exclusive locks a SQLite file beside the database: one in the database itself
// would lock out the migrations. It ends with the process that has it.
func exclusive(ctx context.Context, file string, wait time.Duration) (unlock func() error, err error) {
	if err := private(file); err != nil {
		return nil, err
	}
	db, err := sqliteFile(ctx, file, wait)
	if err != nil {
		return nil, err
	}
	var tx *sql.Tx
	if tx, err = db.BeginTx(ctx, nil); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}

// ErrServed says that another process serves the database.
var ErrServed = errors.New("another process serves this database")

// Serve makes this process the one that serves a SQLite database, until release is
// called or it dies; errs with [ErrServed] where there is one. A PostgreSQL
// database may be served by several.
func (db *DB) Serve(ctx context.Context) (release func() error, err error) {
	if db.Dialect == PostgreSQL {
		return func() error { return nil }, nil
	}
	release, err = exclusive(ctx, db.path+"-serving", 200*time.Millisecond)
	if err != nil {
		return nil, fmt.Errorf("%w (%s): %w", ErrServed, db.path, err)
	}
	return release, nil
}
