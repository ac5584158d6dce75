package store

import (
	"context"
	"database/sql"
	"errors"
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

// FreshLink claims that a fresh link is sent now, unless one was sent since a
// moment: of many who ask at once, one may send.
func (q Queries) FreshLink(ctx context.Context, run string, now, since time.Time) (bool, error) {
	const claim = `INSERT INTO fresh_links (run, at) VALUES ($1, $2)
		ON CONFLICT (run) DO UPDATE SET at = excluded.at WHERE fresh_links.at <= $3`
	n, err := q.exec(ctx, claim, run, stamp(now), stamp(since))
	if err != nil {
		return false, fmt.Errorf("noting that run %s is sent a fresh link: %w", run, err)
	}
	return n > 0, nil
}

// NoFreshLink takes the claim of a moment back, where sending failed.
func (q Queries) NoFreshLink(ctx context.Context, run string, at time.Time) error {
	if _, err := q.exec(ctx, `DELETE FROM fresh_links WHERE run = $1 AND at = $2`, run, stamp(at)); err != nil {
		return fmt.Errorf("noting that run %s was not sent a fresh link: %w", run, err)
	}
	return nil
}

// Session keeps that a person has signed in with a browser, until a moment.
func (q Queries) Session(ctx context.Context, browser, who string, until time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO sessions (browser, who, until) VALUES ($1, $2, $3)`, browser, who, stamp(until)); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// SignedIn is who has signed in with a browser; empty where nobody has, or no
// longer.
func (q Queries) SignedIn(ctx context.Context, browser string, now time.Time) (string, error) {
	var who string
	err := q.row(ctx, `SELECT who FROM sessions WHERE browser = $1 AND until > $2`, browser, stamp(now)).Scan(&who)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading a session: %w", err)
	}
	return who, nil
}

// SignOut ends the session of a browser.
func (q Queries) SignOut(ctx context.Context, browser string) error {
	if _, err := q.exec(ctx, `DELETE FROM sessions WHERE browser = $1`, browser); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// IssueToken keeps a one-time token by its hash, and whom it signs in, until a
// moment.
func (q Queries) IssueToken(ctx context.Context, token, who string, until time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO sign_in_tokens (token, who, until) VALUES ($1, $2, $3)`, token, who, stamp(until)); err != nil {
		return fmt.Errorf("keeping a sign-in link: %w", err)
	}
	return nil
}

// SpendToken spends a one-time token: it is whom it signs in, empty where it is
// spent, has expired or never was.
func (q Queries) SpendToken(ctx context.Context, token string, now time.Time) (string, error) {
	var who string
	err := q.row(ctx, `DELETE FROM sign_in_tokens WHERE token = $1 AND until > $2 RETURNING who`, token, stamp(now)).Scan(&who)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("spending a sign-in link: %w", err)
	}
	return who, nil
}

// BeginSignIn keeps a sign-in that goes on at a provider, by its hash, and the path of
// the page that it leads to, until a moment.
func (q Queries) BeginSignIn(ctx context.Context, flow, lead string, until time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO sign_ins (flow, lead, until) VALUES ($1, $2, $3)`, flow, lead, stamp(until)); err != nil {
		return fmt.Errorf("keeping a sign-in: %w", err)
	}
	return nil
}

// EndSignIn ends a sign-in, and gives the path that it leads to: once, and empty
// where it has ended, has expired or never was.
func (q Queries) EndSignIn(ctx context.Context, flow string, now time.Time) (string, error) {
	var lead string
	err := q.row(ctx, `DELETE FROM sign_ins WHERE flow = $1 AND until > $2 RETURNING lead`, flow, stamp(now)).Scan(&lead)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ending a sign-in: %w", err)
	}
	return lead, nil
}

// ForgetBrowsers erases sessions, sign-ins and sign-in links that have expired, and what
// review links tied to browsers before a moment.
func (q Queries) ForgetBrowsers(ctx context.Context, now, tiedBefore time.Time) error {
	for query, at := range map[string]time.Time{
		`DELETE FROM sessions WHERE until <= $1`:       now,
		`DELETE FROM sign_in_tokens WHERE until <= $1`: now,
		`DELETE FROM sign_ins WHERE until <= $1`:       now,
		`DELETE FROM review_links WHERE at < $1`:       tiedBefore,
	} {
		if _, err := q.exec(ctx, query, stamp(at)); err != nil {
			return fmt.Errorf("erasing browsers that signed in: %w", err)
		}
	}
	return nil
}

// ParkedCounts are how many tasks of each run wait for a person; runs that have
// none are left out.
func (q Queries) ParkedCounts(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var run string
		var n int
		if err := rows.Scan(&run, &n); err != nil {
			return err
		}
		out[run] = n
		return nil
	}, `SELECT run, count(*) FROM tasks WHERE state = 'parked' GROUP BY run`)
	if err != nil {
		return nil, fmt.Errorf("counting parked tasks: %w", err)
	}
	return out, nil
}

// CollectedAt is when the raw text was collected that is kept of a run. It errs
// with [lifecycle.ErrNotFound] where none is kept.
func (q Queries) CollectedAt(ctx context.Context, run string) (time.Time, error) {
	var at int64
	if err := q.row(ctx, `SELECT at FROM archives WHERE run = $1`, run).Scan(&at); err != nil {
		return time.Time{}, missing(err)
	}
	return when(at), nil
}
