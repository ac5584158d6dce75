package store

import (
	"context"
	"fmt"
	"time"
)

// Bind ties a review link to a browser, unless it is tied already: it gives the
// browser that it is tied to, empty where that is none and none is given.
func (db *DB) Bind(ctx context.Context, link, browser string, at time.Time) (string, error) {
	if browser != "" {
		if _, err := db.exec(ctx, db.SQL, `INSERT INTO links (link, browser, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, link, browser, micros(at)); err != nil {
			return "", fmt.Errorf("tying a link to a browser: %w", err)
		}
	}
	var owner string
	if err := db.row(ctx, db.SQL, `SELECT coalesce(max(browser), '') FROM links WHERE link = ?`, link).Scan(&owner); err != nil {
		return "", fmt.Errorf("reading whose link it is: %w", err)
	}
	return owner, nil
}

// Session keeps that a browser has signed in, until a moment.
func (db *DB) Session(ctx context.Context, browser string, until time.Time) error {
	if _, err := db.exec(ctx, db.SQL, `INSERT INTO sessions (browser, until) VALUES (?, ?) ON CONFLICT (browser) DO UPDATE SET until = excluded.until`, browser, micros(until)); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// SignedIn reports whether a browser has signed in.
func (db *DB) SignedIn(ctx context.Context, browser string, now time.Time) (bool, error) {
	var n int
	if err := db.row(ctx, db.SQL, `SELECT count(*) FROM sessions WHERE browser = ? AND until > ?`, browser, micros(now)).Scan(&n); err != nil {
		return false, fmt.Errorf("reading a session: %w", err)
	}
	return n > 0, nil
}

// IssueToken keeps a one-time token, by its hash, until a moment.
func (db *DB) IssueToken(ctx context.Context, token string, until time.Time) error {
	if _, err := db.exec(ctx, db.SQL, `INSERT INTO tokens (token, until) VALUES (?, ?)`, token, micros(until)); err != nil {
		return fmt.Errorf("keeping a sign-in link: %w", err)
	}
	return nil
}

// SpendToken spends a one-time token; false where it is spent or none.
func (db *DB) SpendToken(ctx context.Context, token string, now time.Time) (bool, error) {
	n, err := db.exec(ctx, db.SQL, `DELETE FROM tokens WHERE token = ? AND until > ?`, token, micros(now))
	if err != nil {
		return false, fmt.Errorf("spending a sign-in link: %w", err)
	}
	return n > 0, nil
}
