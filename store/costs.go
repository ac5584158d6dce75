package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"throughline"
)

// cost keeps what a version cost; one that cost nothing is kept too, so that it is
// known by what it was drafted.
func (q Queries) cost(ctx context.Context, run string, h *throughline.Handoff) error {
	u := throughline.Usage{}
	if h.Usage != nil {
		u = *h.Usage
	}
	_, err := q.exec(ctx, `INSERT INTO costs (run, version, at, engine, model, requests, tokens_in, tokens_out, usd)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		run, h.Version, stamp(h.GeneratedAt), storable(h.Engine.Name), storable(h.Engine.Model), u.Requests,
		u.InputTokens+u.CacheWriteTokens+u.CacheReadTokens, u.OutputTokens, u.CostUSD)
	return err
}

// A Cost is what versions of handoffs cost together.
type Cost struct {
	Day       time.Time // UTC; of costs by day
	Run       string    // of costs by run
	Engine    string    // of costs by model, with Model
	Model     string
	Versions  int
	Requests  int64
	TokensIn  int64
	TokensOut int64
	USD       float64
}

// day is in microseconds.
const day = int64(24 * time.Hour / time.Microsecond)

// CostsByDay are the costs of each day since a moment, the latest first.
func (q Queries) CostsByDay(ctx context.Context, since time.Time) ([]Cost, error) {
	return q.costs(ctx, fmt.Sprintf(`at / %d`, day), `''`, `''`, `''`, `at / `+fmt.Sprint(day)+` DESC`, since, 366)
}

// CostsByModel are those of each engine and model, the most expensive first.
func (q Queries) CostsByModel(ctx context.Context, since time.Time) ([]Cost, error) {
	return q.costs(ctx, `0`, `''`, `engine`, `model`, `sum(usd) DESC, engine, model`, since, 100)
}

// CostsByRun are those of the runs that cost most.
func (q Queries) CostsByRun(ctx context.Context, since time.Time, most int) ([]Cost, error) {
	return q.costs(ctx, `0`, `run`, `''`, `''`, `sum(usd) DESC, run`, since, most)
}

func (q Queries) costs(ctx context.Context, days, run, engine, model, order string, since time.Time, most int) ([]Cost, error) {
	var out []Cost
	var by []string
	for _, column := range []string{days, run, engine, model} {
		if column != `0` && column != `''` {
			by = append(by, column)
		}
	}
	group := by[0]
	for _, column := range by[1:] {
		group += ", " + column
	}
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var c Cost
		var days int64
		if err := rows.Scan(&days, &c.Run, &c.Engine, &c.Model, &c.Versions, &c.Requests, &c.TokensIn, &c.TokensOut, &c.USD); err != nil {
			return err
		}
		if days > 0 {
			c.Day = when(days * day)
		}
		out = append(out, c)
		return nil
	}, `SELECT `+days+`, `+run+`, `+engine+`, `+model+`, count(*), CAST(sum(requests) AS BIGINT), CAST(sum(tokens_in) AS BIGINT), CAST(sum(tokens_out) AS BIGINT), sum(usd)
		FROM costs WHERE at >= $1 GROUP BY `+group+` ORDER BY `+order+` LIMIT $2`, stamp(since), most)
	if err != nil {
		return nil, fmt.Errorf("reading what handoffs cost: %w", err)
	}
	return out, nil
}
