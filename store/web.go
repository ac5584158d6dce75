package store

import (
	"context"
	"fmt"
	"time"
)

// Bind ties a review link to a browser, unless it is tied already: it gives the
// browser that it is tied to, empty where that is none and none is given.
func (q Queries) Bind(ctx context.Context, link, browser string, at time.Time) (string, error) {
	if browser != "" {
		if _, err := q.exec(ctx, `INSERT INTO review_links (link, browser, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, link, browser, stamp(at)); err != nil {
			return "", fmt.Errorf("tying a link to a browser: %w", err)
		}
	}
	var owner string
	if err := q.row(ctx, `SELECT coalesce(max(browser), '') FROM review_links WHERE link = $1`, link).Scan(&owner); err != nil {
		return "", fmt.Errorf("reading whose link it is: %w", err)
	}
	return owner, nil
}

// Session keeps that a browser has signed in, until a moment.
func (q Queries) Session(ctx context.Context, browser string, until time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO sessions (browser, until) VALUES ($1, $2) ON CONFLICT (browser) DO UPDATE SET until = excluded.until`, browser, stamp(until)); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// SignedIn reports whether a browser has signed in.
func (q Queries) SignedIn(ctx context.Context, browser string, now time.Time) (bool, error) {
	var n int
	if err := q.row(ctx, `SELECT count(*) FROM sessions WHERE browser = $1 AND until > $2`, browser, stamp(now)).Scan(&n); err != nil {
		return false, fmt.Errorf("reading a session: %w", err)
	}
	return n > 0, nil
}

// IssueToken keeps a one-time token, by its hash, until a moment.
func (q Queries) IssueToken(ctx context.Context, token string, until time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO sign_in_tokens (token, until) VALUES ($1, $2)`, token, stamp(until)); err != nil {
		return fmt.Errorf("keeping a sign-in link: %w", err)
	}
	return nil
}

// SpendToken spends a one-time token; false where it is spent or none.
func (q Queries) SpendToken(ctx context.Context, token string, now time.Time) (bool, error) {
	n, err := q.exec(ctx, `DELETE FROM sign_in_tokens WHERE token = $1 AND until > $2`, token, stamp(now))
	if err != nil {
		return false, fmt.Errorf("spending a sign-in link: %w", err)
	}
	return n > 0, nil
}
