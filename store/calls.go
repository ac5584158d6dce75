package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline/connect/callindex"
)

// Calls is the index of a recorder's calls, a [callindex.Store]. It tells who spoke
// with whom; [Queries.DeleteCallsBefore] ends that.
type Calls struct {
	q         Queries
	workspace string
}

var _ callindex.Store = Calls{}

// Calls are those of a workspace, which is all that one recorder shows to one
// credential; any name that stays the same and is no other's will do, but not a secret.
func (q Queries) Calls(workspace string) Calls { return Calls{q, workspace} }

// Put adds entries, each in place of one with its id.
func (c Calls) Put(ctx context.Context, entries []callindex.Entry) error {
	// In one order, or two syncs could wait for each other's rows. Of two with an
	// id the later one stays.
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b callindex.Entry) int { return strings.Compare(a.ID, b.ID) })
	return c.q.together(ctx, func(q Queries) error {
		for _, e := range sorted {
			if err := (Calls{q, c.workspace}).put(ctx, e); err != nil {
				return fmt.Errorf("storing call %q: %w", e.ID, err)
			}
		}
		return nil
	})
}

func (c Calls) put(ctx context.Context, e callindex.Entry) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = c.q.exec(ctx, `
		INSERT INTO calls (workspace, id, started, entry) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace, id) DO UPDATE SET started = excluded.started, entry = excluded.entry`,
		c.workspace, e.ID, moment(e.Started), string(raw))
	if err != nil {
		return err
	}
	if _, err := c.q.exec(ctx, `DELETE FROM call_records WHERE workspace = $1 AND call = $2`, c.workspace, e.ID); err != nil {
		return err
	}
	for _, o := range e.Objects {
		_, err := c.q.exec(ctx, `INSERT INTO call_records (workspace, record, call) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			c.workspace, callindex.RecordKey(o.ID), e.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// Between are the entries of calls that started in the window, ends included, in
// order of time.
func (c Calls) Between(ctx context.Context, from, to time.Time) ([]callindex.Entry, error) {
	return c.those(ctx, `SELECT entry, started FROM calls WHERE workspace = $1 AND started BETWEEN $2 AND $3`,
		c.workspace, moment(from), moment(to))
}

// Naming are the entries that name the CRM's record, in order of time.
func (c Calls) Naming(ctx context.Context, key string) ([]callindex.Entry, error) {
	return c.those(ctx, `
		SELECT c.entry, c.started FROM call_records r JOIN calls c ON c.workspace = r.workspace AND c.id = r.call
		WHERE r.workspace = $1 AND r.record = $2`, c.workspace, key)
}

// those sorts what it finds itself: databases differ in how they sort text.
func (c Calls) those(ctx context.Context, query string, args ...any) ([]callindex.Entry, error) {
	var out []callindex.Entry
	err := c.q.each(ctx, query, args, func(rows *sql.Rows) error {
		var raw string
		var started int64
		if err := rows.Scan(&raw, &started); err != nil {
			return err
		}
		var e callindex.Entry
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			return err
		}
		e.Started = at(started)
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the index of calls: %w", err)
	}
	slices.SortFunc(out, func(a, b callindex.Entry) int {
		return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Synced is up to which moment the index is complete; zero before the first sync.
func (c Calls) Synced(ctx context.Context) (time.Time, error) {
	var until int64
	switch err := c.q.row(ctx, `SELECT until FROM calls_synced WHERE workspace = $1`, c.workspace).Scan(&until); {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	return at(until), nil
}

// SetSynced records it.
func (c Calls) SetSynced(ctx context.Context, until time.Time) error {
	_, err := c.q.exec(ctx, `INSERT INTO calls_synced (workspace, until) VALUES ($1, $2)
		ON CONFLICT (workspace) DO UPDATE SET until = excluded.until`, c.workspace, moment(until))
	return err
}

// DeleteCallsBefore forgets the calls, of all workspaces, that started before the
// moment, and says how many there were.
func (q Queries) DeleteCallsBefore(ctx context.Context, before time.Time) (int64, error) {
	n, err := q.exec(ctx, `DELETE FROM calls WHERE started < $1`, moment(before))
	if err != nil {
		return 0, fmt.Errorf("deleting old calls from the index: %w", err)
	}
	return n, nil
}
