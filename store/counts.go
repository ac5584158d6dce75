package store

import (
	"context"
	"database/sql"
	"fmt"

	"throughline/lifecycle"
)

// Running are the runs that a reopened deal would end: those that are told to
// people and whose kickoff has not been.
func (q Queries) Running(ctx context.Context) ([]lifecycle.Run, error) {
	return q.runs(ctx, `WHERE stage NOT IN ('kickoff', 'closed', 'cancelled') ORDER BY won, id`)
}

// Counts are how many runs there are in each stage, and how many tasks in each
// state.
func (q Queries) Counts(ctx context.Context) (runs map[lifecycle.Stage]int, tasks map[lifecycle.TaskState]int, err error) {
	runs, err = counts[lifecycle.Stage](ctx, q, `SELECT stage, count(*) FROM runs GROUP BY stage`)
	if err == nil {
		tasks, err = counts[lifecycle.TaskState](ctx, q, `SELECT state, count(*) FROM tasks GROUP BY state`)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("counting runs and tasks: %w", err)
	}
	return runs, tasks, nil
}

func counts[K ~string](ctx context.Context, q Queries, query string) (map[K]int, error) {
	out := map[K]int{}
	return out, q.rows(ctx, func(rows *sql.Rows) error {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return err
		}
		out[K(key)] = n
		return nil
	}, query)
}
