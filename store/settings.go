package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// Secret is the installation's own secret of a name: 32 random bytes, made when
// it is first asked for, the same for all processes.
func (db *DB) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	if _, err := db.exec(ctx, db.SQL, `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, "secret:"+name, fresh); err != nil {
		return nil, fmt.Errorf("making the secret %s: %w", name, err)
	}
	var value []byte
	if err := db.row(ctx, db.SQL, `SELECT value FROM settings WHERE name = ?`, "secret:"+name).Scan(&value); err != nil {
		return nil, fmt.Errorf("reading the secret %s: %w", name, err)
	}
	return value, nil
}

// Known reports whether a message was sent.
func (db *DB) Known(ctx context.Context, message string) (bool, error) {
	var n int
	if err := db.row(ctx, db.SQL, `SELECT count(*) FROM sent WHERE message = ?`, message).Scan(&n); err != nil {
		return false, fmt.Errorf("looking whether a message was sent: %w", err)
	}
	return n > 0, nil
}

// Record keeps that a message was sent.
func (db *DB) Record(ctx context.Context, message string, at time.Time) error {
	if _, err := db.exec(ctx, db.SQL, `INSERT INTO sent (message, at) VALUES (?, ?) ON CONFLICT DO NOTHING`, message, micros(at)); err != nil {
		return fmt.Errorf("keeping that a message was sent: %w", err)
	}
	return nil
}
