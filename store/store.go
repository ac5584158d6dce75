package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A DB is an open database, its tables up to date. Many goroutines may use it.
type DB struct {
	// SQL is the database; on SQLite it has one connection, since SQLite lets one
	// write at a time: a method that holds a transaction asks nothing beside it.
	SQL *sql.DB
	// Pool is PostgreSQL's own pool, which [DB.SQL] draws from; nil on SQLite.
	Pool *pgxpool.Pool

	file string // of SQLite
}

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database of a name: "postgres://…" is a PostgreSQL, anything else
// the file of an SQLite, made where it is not there, with or without "sqlite:"
// before it. Tables are brought up to date first; several processes may do so at
// once. Errors never hold the name, which may have a password in it.
func Open(ctx context.Context, name string) (*DB, error) {
	db, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("bringing the database's tables up to date: %w", err)
	}
	return db, nil
}

// Postgres reports whether a name is that of a PostgreSQL database.
func Postgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

func open(ctx context.Context, name string) (*DB, error) {
	if Postgres(name) {
		cfg, err := pgxpool.ParseConfig(name)
		if err != nil {
			return nil, errors.New("the PostgreSQL address can't be read; it has the form postgres://user:password@host:5432/database")
		}
		pool, err := pgxpool.NewWithConfig(ctx, cfg)
		if err != nil {
			return nil, errors.New("the PostgreSQL address can't be used")
		}
		if err := pool.Ping(ctx); err != nil {
			pool.Close()
			return nil, fmt.Errorf("PostgreSQL does not answer: %w; check the address and that it runs", withoutPassword(err, cfg.ConnConfig.Password))
		}
		return &DB{SQL: stdlib.OpenDBFromPool(pool), Pool: pool}, nil
	}
	file := strings.TrimPrefix(name, "sqlite:")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("making room for the database: %w", err)
	}
	// The file holds customers' words: it is made for its owner alone.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	return &DB{SQL: db, file: file}, nil
}

func withoutPassword(err error, password string) error {
	if password == "" {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), password, "[secret]"))
}

// migrate brings the tables up to date. On PostgreSQL one process does so at a
// time; on SQLite the file's lock sees to it.
func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithSlog(slog.New(slog.DiscardHandler))}
	if db.Pool != nil {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	} else {
		migrating := flock.New(db.file + ".migrating")
		if err := migrating.Lock(); err != nil {
			return err
		}
		defer func() { _ = migrating.Unlock() }() // the process's end would, too
	}
	provider, err := goose.NewProvider(dialect, db.SQL, files, options...)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Close ends all connections.
func (db *DB) Close() error {
	err := db.SQL.Close()
	if db.Pool != nil {
		db.Pool.Close()
	}
	return err
}

// ErrBusy says that another process serves from the same SQLite database.
var ErrBusy = errors.New("another process serves from this database; stop it first, or use PostgreSQL, which several may share")

// Alone makes this process the only one that serves from an SQLite database, until
// release is called or the process ends. PostgreSQL needs no such thing.
func (db *DB) Alone() (release func(), err error) {
	if db.Pool != nil {
		return func() {}, nil
	}
	l := flock.New(db.file + ".serving")
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the database: %w", err)
	}
	if !ok {
		return nil, ErrBusy
	}
	return func() { _ = l.Unlock() }, nil // the process's end would, too
}

// A querier is the database or a transaction of it.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// bind is a query as the database wants it: ours have a question mark where a
// value goes, PostgreSQL numbers them.
func (db *DB) bind(query string) string {
	if db.Pool == nil {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (db *DB) exec(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, db.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (db *DB) row(ctx context.Context, q querier, query string, args ...any) *sql.Row {
	return q.QueryRowContext(ctx, db.bind(query), args...)
}

// rows calls scan for each row.
func (db *DB) rows(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, db.bind(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// inTx makes what f does one step, all or nothing.
func (db *DB) inTx(ctx context.Context, f func(tx *sql.Tx) error) (err error) {
	tx, err := db.SQL.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the first error tells more
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// locked ends a query for a row that the transaction is going to change.
func (db *DB) locked() string {
	if db.Pool != nil {
		return " FOR UPDATE"
	}
	return "" // the whole of SQLite is locked
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
