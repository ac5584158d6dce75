package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"throughline/lifecycle"
)

// A TrailFilter says which moves are looked for; a zero one finds all.
type TrailFilter struct {
	Run      string
	Who      string // part of an address
	What     string // "published", "read", …
	From, To time.Time
	Words    string // as in [RunFilter], of the deal
	After    TrailMark
}

// A TrailMark is a move's place in the order of moves.
type TrailMark struct {
	At     time.Time
	Run    string
	Number int
}

// A TrailMove is a move with whose it is.
type TrailMove struct {
	lifecycle.Move
	Mark  TrailMark
	Title string // of the deal
}

// Trail gives the moves of all runs, the latest first, at most so many.
func (q Queries) Trail(ctx context.Context, f TrailFilter, most int) ([]TrailMove, error) {
	var args []any
	where := []string{"1 = 1"}
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if f.Run != "" {
		and(`m.run = ?`, f.Run)
	}
	if who := sought(f.Who); who != "" {
		and(`m.who LIKE ? ESCAPE '\'`, "%"+escaped(who)+"%")
	}
	if f.What != "" {
		and(`m.what = ?`, storable(f.What))
	}
	if !f.From.IsZero() {
		and(`m.at >= ?`, stamp(f.From))
	}
	if !f.To.IsZero() {
		and(`m.at < ?`, stamp(f.To))
	}
	for _, word := range strings.Fields(sought(f.Words)) {
		and(`r.seek LIKE ? ESCAPE '\'`, "%"+escaped(word)+"%")
	}
	if after := f.After; after.Run != "" {
		at := stamp(after.At)
		and(`(m.at < ? OR m.at = ? AND (m.run < ? OR m.run = ? AND m.number < ?))`, at, at, after.Run, after.Run, after.Number)
	}
	args = append(args, most)
	var out []TrailMove
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var m TrailMove
		var at int64
		var body string
		if err := rows.Scan(&m.Mark.Run, &m.Mark.Number, &at, &body, &m.Title); err != nil {
			return err
		}
		m.Mark.At = when(at)
		out = append(out, m)
		return json.Unmarshal([]byte(body), &out[len(out)-1].Move)
	}, `SELECT m.run, m.number, m.at, m.body, r.title FROM moves m JOIN runs r ON r.id = m.run WHERE `+strings.Join(where, " AND ")+
		fmt.Sprintf(` ORDER BY m.at DESC, m.run DESC, m.number DESC LIMIT $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return out, nil
}

// MoveNames are the names of all that ever happened, in order of the alphabet.
func (q Queries) MoveNames(ctx context.Context) ([]string, error) {
	var out []string
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		out = append(out, name)
		return nil
	}, `SELECT DISTINCT what FROM moves ORDER BY what`)
	if err != nil {
		return nil, fmt.Errorf("reading what happens: %w", err)
	}
	return out, nil
}

// Scheduled are the open tasks of all runs, the next first, at most so many.
func (q Queries) Scheduled(ctx context.Context, most int) ([]lifecycle.Task, error) {
	const next = `(CASE WHEN due > not_before THEN due ELSE not_before END)` // as the index tasks_next has it
	out, err := q.tasks(ctx, `state = 'open' ORDER BY `+next+`, run, name, toward, number LIMIT $1`, most)
	if err != nil {
		return nil, fmt.Errorf("reading what comes next: %w", err)
	}
	return out, nil
}
