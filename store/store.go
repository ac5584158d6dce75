// Package store keeps what Throughline must remember beyond the life of a process:
// in SQLite, which needs nothing else, or in PostgreSQL, which several processes
// and machines share. The SQL is the same for both but for what [DB.Take] says.
//
// All methods stand on [Queries]: on a [DB] each is done by itself, on a [Tx] all
// of them together or none. River's jobs go into the same database: its SQLite
// driver takes [DB.SQL] and [Tx.SQL], its PostgreSQL driver [DB.Pool] and [Tx.PGX].
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the database/sql driver of this name
)

// A Dialect is a kind of database.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// A DB is an open database. Many goroutines may use it at once.
type DB struct {
	Queries
	SQL  *sql.DB
	Pool *pgxpool.Pool // under SQL; nil of SQLite

	path string // of SQLite's file
}

// A Tx is a transaction. One goroutine uses it.
type Tx struct {
	Queries
	SQL *sql.Tx // of SQLite
	PGX pgx.Tx  // of PostgreSQL
}

// Queries are what can be read and written, by itself or in a transaction.
type Queries struct {
	Dialect Dialect
	at      handle
	begun   bool             // at is a transaction
	now     func() time.Time // nil for the machine's clock, or the server's
}

// A handle is a database or a transaction.
type handle interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// An Option changes how [Open] opens.
type Option func(*DB)

// WithClock has the database's own dealings with time, which are those of
// [Queries.Take], go by the clock.
func WithClock(now func() time.Time) Option { return func(db *DB) { db.now = now } }

// Open opens a database and brings its tables up to date; several processes may do
// so at once. The address is "postgres://…", "sqlite:PATH", or a path. A SQLite
// file is created where there is none, for its owner alone.
func Open(ctx context.Context, address string, options ...Option) (*DB, error) {
	db, lock, err := connected(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, option := range options {
		option(db)
	}
	if err := db.migrate(ctx, lock); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connected is the database before its migrations, and for SQLite the file that
// locks them.
func connected(ctx context.Context, address string) (db *DB, lock string, err error) {
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		db, err = openPostgreSQL(ctx, address)
		return db, "", err
	}
	path := strings.TrimPrefix(address, "sqlite:")
	if path == "" || strings.Contains(path, "://") {
		return nil, "", errors.New(`opening the database: its address must begin with "postgres://" or "sqlite:", or be a path`)
	}
	db, err = openSQLite(ctx, path)
	return db, path + "-migrating", err
}

func openPostgreSQL(ctx context.Context, address string) (*DB, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The cause may quote the address, and so its password.
		return nil, errors.New("opening the database: its PostgreSQL address can't be read; write it as postgres://user:password@host:5432/name, with other than letters and digits in the password %-escaped")
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting to PostgreSQL; check that it runs, and its address in the configuration: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &DB{Queries: Queries{Dialect: PostgreSQL, at: db}, SQL: db, Pool: pool}, nil
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := private(path); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db, err := sqliteFile(ctx, path, patience)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	return &DB{Queries: Queries{Dialect: SQLite, at: db}, SQL: db, path: path}, nil
}

// private creates the file where there is none: SQLite gives the files that it
// puts beside it the same mode.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// patience is how long other processes are waited for.
const patience = 10 * time.Second

// sqliteFile opens a file with one connection: SQLite has one writer at a time,
// and whoever waits for a connection is served in turn, while who waits for
// SQLite's lock is served by luck. Other processes are waited for so long, which
// only works for transactions that say at once that they write.
func sqliteFile(ctx context.Context, path string, wait time.Duration) (*sql.DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	settings := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(full), RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close closes the database once nothing uses it.
func (db *DB) Close() error {
	err := db.SQL.Close()
	if db.Pool != nil {
		db.Pool.Close()
	}
	return err
}

// InTx does all that do does in the transaction, or where it errs nothing of it.
// Of SQLite there is one connection, so do must use tx and not the DB.
func (db *DB) InTx(ctx context.Context, do func(tx *Tx) error) error {
	if db.Dialect == PostgreSQL {
		return db.inPGX(ctx, do)
	}
	tx, err := db.SQL.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing; before, the error that matters is returned
	if err := do(&Tx{Queries: db.in(tx), SQL: tx}); err != nil {
		return err
	}
	return tx.Commit()
}

// inPGX begins the transaction with pgx below database/sql, on a connection that
// is held throughout: River's driver wants pgx's.
func (db *DB) inPGX(ctx context.Context, do func(tx *Tx) error) error {
	conn, err := db.SQL.Conn(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it gives the connection back to the pool
	var tx pgx.Tx
	err = conn.Raw(func(driver any) (err error) {
		tx, err = driver.(*stdlib.Conn).Conn().Begin(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	// It must be ended even when the context has ended. After a commit it does
	// nothing.
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // the error that matters is returned
	if err := do(&Tx{Queries: db.in(conn), PGX: tx}); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func (db *DB) in(tx handle) Queries {
	q := db.Queries
	q.at, q.begun = tx, true
	return q
}

// together does several steps as one: in the transaction that there is, or in one
// of its own.
func (q Queries) together(ctx context.Context, do func(Queries) error) error {
	if q.begun {
		return do(q)
	}
	db := DB{Queries: q, SQL: q.at.(*sql.DB)}
	return db.InTx(ctx, func(tx *Tx) error { return do(tx.Queries) })
}

// sql is a query as the dialect wants it. Queries are written with PostgreSQL's
// $1, $2, …, and hold no other dollar sign; SQLite calls them ?1, ?2, ….
func (q Queries) sql(query string) string {
	if q.Dialect == SQLite {
		return strings.ReplaceAll(query, "$", "?")
	}
	return query
}

func (q Queries) exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	result, err := q.at.ExecContext(ctx, q.sql(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (q Queries) row(ctx context.Context, query string, args ...any) *sql.Row {
	return q.at.QueryRowContext(ctx, q.sql(query), args...)
}

// each hands over the rows one by one.
func (q Queries) each(ctx context.Context, query string, args []any, row func(*sql.Rows) error) error {
	rows, err := q.at.QueryContext(ctx, q.sql(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells what went wrong
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// moment is a time as it is stored.
func moment(t time.Time) int64 { return t.UnixMicro() }

// at is a stored time.
func at(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
