package store

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"
)

// HangInMigration opens a database, does the migrations there are, and hangs in
// one more that drops what they made, before it is committed.
func HangInMigration(ctx context.Context, address string, hanging func()) error {
	hang := goose.NewGoMigration(99999, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DROP TABLE sent_messages`); err != nil {
			return err
		}
		hanging()
		select {}
	}}, nil)
	db, lock, err := connected(ctx, address)
	if err != nil {
		return err
	}
	return db.migrate(ctx, lock, goose.WithGoMigrations(hang))
}

// SetVersion claims that the tables have a version.
func (db *DB) SetVersion(ctx context.Context, version int64) error {
	_, err := db.exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)`, version, true)
	return err
}
