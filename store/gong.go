package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"throughline/connect/gong"
)

// GongIndex is the index of the calls of a Gong workspace, which the scope names.
func (db *DB) GongIndex(scope string) gong.Store { return gongIndex{db, scope} }

type gongIndex struct {
	db    *DB
	scope string
}

func (x gongIndex) Put(ctx context.Context, entries []gong.Entry) error {
	return x.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			if err := x.put(ctx, tx, e); err != nil {
				return fmt.Errorf("keeping call %s: %w", e.ID, err)
			}
		}
		return nil
	})
}

func (x gongIndex) put(ctx context.Context, tx *sql.Tx, e gong.Entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	const keep = `INSERT INTO gong_calls (scope, id, started, body) VALUES (?, ?, ?, ?)
		ON CONFLICT (scope, id) DO UPDATE SET started = excluded.started, body = excluded.body`
	if _, err := x.db.exec(ctx, tx, keep, x.scope, e.ID, micros(e.Started), string(body)); err != nil {
		return err
	}
	if _, err := x.db.exec(ctx, tx, `DELETE FROM gong_records WHERE scope = ? AND call = ?`, x.scope, e.ID); err != nil {
		return err
	}
	for _, o := range e.Objects {
		const name = `INSERT INTO gong_records (scope, record, call) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
		if _, err := x.db.exec(ctx, tx, name, x.scope, gong.RecordKey(o.ID), e.ID); err != nil {
			return err
		}
	}
	return nil
}

func (x gongIndex) Between(ctx context.Context, from, to time.Time) ([]gong.Entry, error) {
	return x.entries(ctx, `SELECT body FROM gong_calls WHERE scope = ? AND started >= ? AND started <= ? ORDER BY started, id`, x.scope, micros(from), micros(to))
}

func (x gongIndex) Naming(ctx context.Context, key string) ([]gong.Entry, error) {
	return x.entries(ctx, `SELECT c.body FROM gong_records r JOIN gong_calls c ON c.scope = r.scope AND c.id = r.call
		WHERE r.scope = ? AND r.record = ? ORDER BY c.started, c.id`, x.scope, key)
}

func (x gongIndex) entries(ctx context.Context, query string, args ...any) ([]gong.Entry, error) {
	var out []gong.Entry
	err := x.db.rows(ctx, x.db.SQL, func(rows *sql.Rows) error {
		var body string
		if err := rows.Scan(&body); err != nil {
			return err
		}
		var e gong.Entry
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return err
		}
		out = append(out, e)
		return nil
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for calls: %w", err)
	}
	return out, nil
}

func (x gongIndex) Synced(ctx context.Context) (time.Time, error) {
	var until int64
	err := x.db.row(ctx, x.db.SQL, `SELECT until FROM gong_synced WHERE scope = ?`, x.scope).Scan(&until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("reading how far Gong's calls are known: %w", err)
	}
	return moment(until), nil
}

func (x gongIndex) SetSynced(ctx context.Context, until time.Time) error {
	const keep = `INSERT INTO gong_synced (scope, until) VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET until = excluded.until`
	if _, err := x.db.exec(ctx, x.db.SQL, keep, x.scope, micros(until)); err != nil {
		return fmt.Errorf("keeping how far Gong's calls are known: %w", err)
	}
	return nil
}

// ForgetCalls erases from Gong's indexes what took place before a moment: who
// spoke with whom is not kept for ever. It says how many calls that were.
func (db *DB) ForgetCalls(ctx context.Context, before time.Time) (int64, error) {
	var n int64
	err := db.inTx(ctx, func(tx *sql.Tx) (err error) {
		const names = `DELETE FROM gong_records WHERE call IN (SELECT id FROM gong_calls c WHERE c.scope = gong_records.scope AND c.started < ?)`
		if _, err := db.exec(ctx, tx, names, micros(before)); err != nil {
			return err
		}
		n, err = db.exec(ctx, tx, `DELETE FROM gong_calls WHERE started < ?`, micros(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erasing old calls: %w", err)
	}
	return n, nil
}
