package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Start is one time that an opportunity was closed as won, for which a handoff
// was begun. Org, Opportunity, WonAt (to the microsecond) and Event tell it from
// others.
type Start struct {
	Org         string // the CRM's, by any name that stays the same
	Opportunity string
	WonAt       time.Time
	Event       string    // of the history's row that says so; may be empty
	Source      string    // what told of it first: "poll", "feed", …
	FirstSeen   time.Time // when
}

// AddStart remembers a start and reports whether it is new. In a transaction, what
// follows from a start is begun with it or not at all; of two that add the same
// start, one waits for the other to end.
func (q Queries) AddStart(ctx context.Context, s Start) (isNew bool, err error) {
	n, err := q.exec(ctx, `INSERT INTO starts (org, opportunity, won_at, event, source, first_seen)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, s.Org, s.Opportunity, moment(s.WonAt), s.Event, s.Source, moment(s.FirstSeen))
	if err != nil {
		return false, fmt.Errorf("remembering that opportunity %q was won: %w", s.Opportunity, err)
	}
	return n == 1, nil
}

// Starts are those of the opportunities, by opportunity and time.
func (q Queries) Starts(ctx context.Context, org string, opportunities []string) ([]Start, error) {
	const most = 500 // a query takes thousands of parameters, not any number
	var out []Start
	for ids := range slices.Chunk(opportunities, most) {
		args, places := []any{org}, make([]string, len(ids))
		for i, id := range ids {
			args = append(args, id)
			places[i] = "$" + strconv.Itoa(i+2)
		}
		query := `SELECT opportunity, won_at, event, source, first_seen FROM starts
			WHERE org = $1 AND opportunity IN (` + strings.Join(places, ", ") + `) ORDER BY opportunity, won_at, event`
		err := q.each(ctx, query, args, func(rows *sql.Rows) error {
			s := Start{Org: org}
			var won, seen int64
			if err := rows.Scan(&s.Opportunity, &won, &s.Event, &s.Source, &seen); err != nil {
				return err
			}
			s.WonAt, s.FirstSeen = at(won), at(seen)
			out = append(out, s)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading which wins were begun: %w", err)
		}
	}
	return out, nil
}

// A Watched is how far a CRM's won opportunities are known.
type Watched struct {
	First  time.Time // when it was first looked at
	Polled time.Time // what was changed before is done
	Replay []byte    // to go on after; means something to its feed alone
}

// Watched is the last that was set; zero before the first.
func (q Queries) Watched(ctx context.Context, org string) (Watched, error) {
	var w Watched
	var first, polled int64
	err := q.row(ctx, `SELECT first_looked, polled, replay FROM watches WHERE org = $1`, org).Scan(&first, &polled, &w.Replay)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Watched{}, nil
	case err != nil:
		return Watched{}, fmt.Errorf("reading how far won opportunities are known: %w", err)
	}
	w.First, w.Polled = at(first), at(polled)
	return w, nil
}

// SetWatched records it.
func (q Queries) SetWatched(ctx context.Context, org string, w Watched) error {
	_, err := q.exec(ctx, `INSERT INTO watches (org, first_looked, polled, replay) VALUES ($1, $2, $3, $4)
		ON CONFLICT (org) DO UPDATE SET first_looked = excluded.first_looked, polled = excluded.polled, replay = excluded.replay`,
		org, moment(w.First), moment(w.Polled), w.Replay)
	if err != nil {
		return fmt.Errorf("recording how far won opportunities are known: %w", err)
	}
	return nil
}
