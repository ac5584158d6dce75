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

// Unplace empties what runs and moves are looked up by and what versions cost, as it
// was before there were such columns; Place fills it, as the migration does.
func (db *DB) Unplace(ctx context.Context) error {
	for _, query := range []string{
		`UPDATE runs SET title = '', seek = '', whose = '', waits = '', waits_for = '', kickoff = 0`, `UPDATE moves SET at = 0, who = '', what = ''`, `DELETE FROM costs`,
	} {
		if _, err := db.exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// Place is the other half of [DB.Unplace].
func (db *DB) Place(ctx context.Context) error {
	return db.together(ctx, func(q Queries) error { return q.placeAll(ctx) })
}
