package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Position is how far a watch on won deals has heard; see connect/salesforce.
type Position struct {
	First, Polled time.Time
	Replay        []byte
}

// Position is how far a watch has heard; zero before it heard anything.
func (db *DB) Position(ctx context.Context, watch string) (Position, error) {
	var p Position
	var first, polled int64
	err := db.row(ctx, db.SQL, `SELECT first, polled, replay FROM watches WHERE name = ?`, watch).Scan(&first, &polled, &p.Replay)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("reading how far %s was heard: %w", watch, err)
	}
	p.First, p.Polled = moment(first), moment(polled)
	return p, nil
}

// Advance keeps how far a watch has heard.
func (db *DB) Advance(ctx context.Context, watch string, p Position) error {
	const keep = `INSERT INTO watches (name, first, polled, replay) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET first = excluded.first, polled = excluded.polled, replay = excluded.replay`
	if _, err := db.exec(ctx, db.SQL, keep, watch, micros(p.First), micros(p.Polled), p.Replay); err != nil {
		return fmt.Errorf("keeping how far %s was heard: %w", watch, err)
	}
	return nil
}

// A Win is one time that an opportunity was won, as a watch tells it.
type Win struct {
	Opportunity string
	At          time.Time
	Event       string // tells two of the same moment apart; may be empty
}

// Started are the wins of the opportunities for which something was started.
func (db *DB) Started(ctx context.Context, watch string, opportunities []string) ([]Win, error) {
	var out []Win
	for _, id := range opportunities {
		err := db.rows(ctx, db.SQL, func(rows *sql.Rows) error {
			w := Win{Opportunity: id}
			var at int64
			if err := rows.Scan(&at, &w.Event); err != nil {
				return err
			}
			w.At = moment(at)
			out = append(out, w)
			return nil
		}, `SELECT at, event FROM started WHERE watch = ? AND opportunity = ? ORDER BY at, event`, watch, id)
		if err != nil {
			return nil, fmt.Errorf("reading what %s started: %w", watch, err)
		}
	}
	return out, nil
}

// Start keeps that something was started for a win; false where it was before.
func (db *DB) Start(ctx context.Context, watch string, w Win) (bool, error) {
	const keep = `INSERT INTO started (watch, opportunity, at, event) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	n, err := db.exec(ctx, db.SQL, keep, watch, w.Opportunity, micros(w.At), w.Event)
	if err != nil {
		return false, fmt.Errorf("keeping what %s started: %w", watch, err)
	}
	return n > 0, nil
}
