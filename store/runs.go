package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
)

var _ lifecycle.Store = (*DB)(nil)

// Create adds a run with its first move and plan; false when it is there.
func (db *DB) Create(ctx context.Context, run lifecycle.Run, move lifecycle.Move, plan []lifecycle.Duty) (made bool, err error) {
	body, err := json.Marshal(run)
	if err != nil {
		return false, err
	}
	err = db.inTx(ctx, func(tx *sql.Tx) error {
		const add = `INSERT INTO runs (id, opportunity, won, stage, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
		n, err := db.exec(ctx, tx, add, run.ID, run.Deal.ID, micros(run.Won), string(run.Stage), string(body))
		if err != nil || n == 0 {
			return err
		}
		made = true
		if err := db.append(ctx, tx, "moves", run.ID, move); err != nil {
			return err
		}
		return db.replan(ctx, tx, run.ID, plan)
	})
	if err != nil {
		return false, fmt.Errorf("keeping run %s: %w", run.ID, err)
	}
	return made, nil
}

// append adds a body behind those that the table has of the run.
func (db *DB) append(ctx context.Context, tx *sql.Tx, table, run string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, tx, `INSERT INTO `+table+` (run, number, body)
		SELECT ?, coalesce(max(number), 0) + 1, ? FROM `+table+` WHERE run = ?`, run, string(body), run)
	return err
}

// replan makes the run's tasks those of the plan: new ones are open, open ones
// get the plan's time, and what the plan lacks is dropped.
func (db *DB) replan(ctx context.Context, tx *sql.Tx, run string, plan []lifecycle.Duty) error {
	planned := map[string]bool{}
	for _, d := range plan {
		planned[d.Key()] = true
		const keep = `INSERT INTO tasks (run, name, toward, number, due, not_before, state, tries, error, done) VALUES (?, ?, ?, ?, ?, 0, 'open', 0, '', 0)
			ON CONFLICT (run, name, toward, number) DO UPDATE SET due = excluded.due, state = 'open' WHERE tasks.state IN ('open', 'dropped')`
		if _, err := db.exec(ctx, tx, keep, run, d.Name, d.For, d.N, micros(d.Due)); err != nil {
			return err
		}
	}
	waiting, err := db.tasks(ctx, tx, `run = ? AND state IN ('open', 'parked')`, run)
	if err != nil {
		return err
	}
	for _, t := range waiting {
		if planned[t.Key()] {
			continue
		}
		const drop = `UPDATE tasks SET state = 'dropped' WHERE run = ? AND name = ? AND toward = ? AND number = ?`
		if _, err := db.exec(ctx, tx, drop, run, t.Name, t.For, t.N); err != nil {
			return err
		}
	}
	return nil
}

// tasks are those that a condition is true of, the longest due first.
func (db *DB) tasks(ctx context.Context, q querier, where string, args ...any) ([]lifecycle.Task, error) {
	var out []lifecycle.Task
	err := db.rows(ctx, q, func(rows *sql.Rows) error {
		var t lifecycle.Task
		var due, notBefore, done int64
		if err := rows.Scan(&t.Run, &t.Name, &t.For, &t.N, &due, &notBefore, &t.State, &t.Tries, &t.Error, &done); err != nil {
			return err
		}
		t.Due, t.NotBefore, t.Done = moment(due), moment(notBefore), moment(done)
		out = append(out, t)
		return nil
	}, `SELECT run, name, toward, number, due, not_before, state, tries, error, done FROM tasks WHERE `+where, args...)
	return out, err
}

const inOrder = ` ORDER BY due, run, name, toward, number`

// Run is the run of an id.
func (db *DB) Run(ctx context.Context, id string) (lifecycle.Run, error) {
	return db.run(ctx, db.SQL, id, "")
}

func (db *DB) run(ctx context.Context, q querier, id, lock string) (run lifecycle.Run, err error) {
	var body string
	if err := db.row(ctx, q, `SELECT body FROM runs WHERE id = ?`+lock, id).Scan(&body); err != nil {
		return run, missing(err)
	}
	return run, json.Unmarshal([]byte(body), &run)
}

// missing says "not found" in lifecycle's words.
func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return lifecycle.ErrNotFound
	}
	return err
}

// RunsOf are the runs of an opportunity, in order of when it was won.
func (db *DB) RunsOf(ctx context.Context, opportunity string) ([]lifecycle.Run, error) {
	return db.runs(ctx, `WHERE opportunity = ? ORDER BY won, id`, opportunity)
}

// Runs are all runs, the latest won first.
func (db *DB) Runs(ctx context.Context, most int) ([]lifecycle.Run, error) {
	return db.runs(ctx, `ORDER BY won DESC, id LIMIT ?`, most)
}

func (db *DB) runs(ctx context.Context, which string, args ...any) ([]lifecycle.Run, error) {
	out, err := bodies[lifecycle.Run](ctx, db, `SELECT body FROM runs `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	return out, nil
}

// bodies are the JSON bodies that a query gives.
func bodies[T any](ctx context.Context, db *DB, query string, args ...any) ([]T, error) {
	var out []T
	err := db.rows(ctx, db.SQL, func(rows *sql.Rows) error {
		var body string
		if err := rows.Scan(&body); err != nil {
			return err
		}
		var v T
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, query, args...)
	return out, err
}

// Task is the task of a key.
func (db *DB) Task(ctx context.Context, run, key string) (lifecycle.Task, error) {
	return db.task(ctx, db.SQL, run, key)
}

func (db *DB) task(ctx context.Context, q querier, run, key string) (lifecycle.Task, error) {
	name, rest, _ := strings.Cut(key, "/")
	at := strings.LastIndex(rest, "/")
	if at < 0 {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	var number int
	if _, err := fmt.Sscan(rest[at+1:], &number); err != nil {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	found, err := db.tasks(ctx, q, `run = ? AND name = ? AND toward = ? AND number = ?`, run, name, rest[:at], number)
	if err != nil {
		return lifecycle.Task{}, fmt.Errorf("reading a task: %w", err)
	}
	if len(found) == 0 {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	return found[0], nil
}

// Tasks are all tasks of a run, in order of when they are due.
func (db *DB) Tasks(ctx context.Context, run string) ([]lifecycle.Task, error) {
	out, err := db.tasks(ctx, db.SQL, `run = ?`+inOrder, run)
	if err != nil {
		return nil, fmt.Errorf("reading the tasks of run %s: %w", run, err)
	}
	return out, nil
}

// Due are open tasks that are due by a moment, the longest due first.
func (db *DB) Due(ctx context.Context, by time.Time, most int) ([]lifecycle.Task, error) {
	out, err := db.tasks(ctx, db.SQL, `state = 'open' AND due <= ? AND not_before <= ?`+inOrder+` LIMIT ?`, micros(by), micros(by), most)
	if err != nil {
		return nil, fmt.Errorf("reading due tasks: %w", err)
	}
	return out, nil
}

// Next is when the first open task is due; zero where there is none.
func (db *DB) Next(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	const first = `SELECT min(CASE WHEN due > not_before THEN due ELSE not_before END) FROM tasks WHERE state = 'open'`
	if err := db.row(ctx, db.SQL, first).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("reading when the next task is due: %w", err)
	}
	return moment(at.Int64), nil
}

// Parked are the tasks that wait for a person, of all runs.
func (db *DB) Parked(ctx context.Context) ([]lifecycle.Task, error) {
	out, err := db.tasks(ctx, db.SQL, `state = 'parked'`+inOrder)
	if err != nil {
		return nil, fmt.Errorf("reading parked tasks: %w", err)
	}
	return out, nil
}

// Fail notes that an open task failed.
func (db *DB) Fail(ctx context.Context, run, key string, state lifecycle.TaskState, notBefore time.Time, why string) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		t, err := db.task(ctx, tx, run, key)
		if err != nil {
			return err
		}
		const note = `UPDATE tasks SET state = ?, not_before = ?, error = ?, tries = tries + 1 WHERE run = ? AND name = ? AND toward = ? AND number = ? AND state = 'open'`
		_, err = db.exec(ctx, tx, note, string(state), micros(notBefore), why, run, t.Name, t.For, t.N)
		return err
	})
}

// errOvertaken ends a change whose task somebody else finished.
var errOvertaken = errors.New("overtaken")

// Change reads a run, has f change it, and writes what f says, all or nothing.
func (db *DB) Change(ctx context.Context, id string, f func(*lifecycle.Run) (lifecycle.Change, error)) error {
	err := db.inTx(ctx, func(tx *sql.Tx) error {
		run, err := db.run(ctx, tx, id, db.locked())
		if err != nil {
			return err
		}
		c, err := f(&run)
		if err != nil {
			return err
		}
		if err := db.finish(ctx, tx, id, c); err != nil {
			return err
		}
		if err := db.keep(ctx, tx, run, c); err != nil {
			return fmt.Errorf("keeping run %s: %w", id, err)
		}
		return db.replan(ctx, tx, id, c.Plan)
	})
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// finish closes the task that the change comes of, and opens those that a person
// wants tried again.
func (db *DB) finish(ctx context.Context, tx *sql.Tx, id string, c lifecycle.Change) error {
	if c.Finished != "" {
		t, err := db.task(ctx, tx, id, c.Finished)
		if err != nil {
			return err
		}
		const done = `UPDATE tasks SET state = 'done', done = ?, error = '' WHERE run = ? AND name = ? AND toward = ? AND number = ? AND state = 'open'`
		n, err := db.exec(ctx, tx, done, micros(c.At), id, t.Name, t.For, t.N)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOvertaken
		}
	}
	for _, key := range c.Reopen {
		t, err := db.task(ctx, tx, id, key)
		if err != nil {
			return err
		}
		const again = `UPDATE tasks SET state = 'open', tries = 0, not_before = 0, error = '' WHERE run = ? AND name = ? AND toward = ? AND number = ? AND state = 'parked'`
		if _, err := db.exec(ctx, tx, again, id, t.Name, t.For, t.N); err != nil {
			return err
		}
	}
	return nil
}

// keep writes the run, and what the change adds to it.
func (db *DB) keep(ctx context.Context, tx *sql.Tx, run lifecycle.Run, c lifecycle.Change) error {
	body, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if _, err := db.exec(ctx, tx, `UPDATE runs SET stage = ?, body = ? WHERE id = ?`, string(run.Stage), string(body), run.ID); err != nil {
		return err
	}
	for _, m := range c.Moves {
		if err := db.append(ctx, tx, "moves", run.ID, m); err != nil {
			return err
		}
	}
	for _, w := range c.Words {
		if err := db.append(ctx, tx, "words", run.ID, w); err != nil {
			return err
		}
	}
	if c.Document != nil {
		if err := db.keepJSON(ctx, tx, `INSERT INTO documents (run, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, c.Document, run.ID, c.Document.Version); err != nil {
			return err
		}
	}
	if c.Copy != nil {
		const keep = `INSERT INTO copies (run, destination, body) VALUES (?, ?, ?) ON CONFLICT (run, destination) DO UPDATE SET body = excluded.body`
		if err := db.keepJSON(ctx, tx, keep, c.Copy, run.ID, c.To); err != nil {
			return err
		}
	}
	if c.Archive != nil {
		const keep = `INSERT INTO archives (run, at, print, body) VALUES (?, ?, ?, ?)
			ON CONFLICT (run) DO UPDATE SET at = excluded.at, print = excluded.print, body = excluded.body`
		if _, err := db.exec(ctx, tx, keep, run.ID, micros(c.At), c.Print, c.Archive); err != nil {
			return err
		}
	}
	return nil
}

// keepJSON runs a query whose last value is v as JSON.
func (db *DB) keepJSON(ctx context.Context, tx *sql.Tx, query string, v any, args ...any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, tx, query, append(args, string(body))...)
	return err
}

// Moves are the run's audit trail, in order.
func (db *DB) Moves(ctx context.Context, run string) ([]lifecycle.Move, error) {
	out, err := bodies[lifecycle.Move](ctx, db, `SELECT body FROM moves WHERE run = ? ORDER BY number`, run)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail of run %s: %w", run, err)
	}
	return out, nil
}

// Words are what people said of the run's handoff, in order.
func (db *DB) Words(ctx context.Context, run string) ([]lifecycle.Word, error) {
	out, err := bodies[lifecycle.Word](ctx, db, `SELECT body FROM words WHERE run = ? ORDER BY number`, run)
	if err != nil {
		return nil, fmt.Errorf("reading what was said of run %s: %w", run, err)
	}
	return out, nil
}

// Document is a version of the run's handoff.
func (db *DB) Document(ctx context.Context, run string, version int) (*throughline.Handoff, error) {
	var body string
	if err := db.row(ctx, db.SQL, `SELECT body FROM documents WHERE run = ? AND version = ?`, run, version).Scan(&body); err != nil {
		return nil, missing(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		return nil, fmt.Errorf("reading version %d of run %s: %w", version, run, err)
	}
	return &h, nil
}

// Archive is what was last collected of the run's deal.
func (db *DB) Archive(ctx context.Context, run string) (data []byte, print string, err error) {
	err = db.row(ctx, db.SQL, `SELECT body, print FROM archives WHERE run = ?`, run).Scan(&data, &print)
	return data, print, missing(err)
}

// Copies are where the run's handoff stands, by destination.
func (db *DB) Copies(ctx context.Context, run string) (map[string]connect.Copy, error) {
	out := map[string]connect.Copy{}
	err := db.rows(ctx, db.SQL, func(rows *sql.Rows) error {
		var to, body string
		if err := rows.Scan(&to, &body); err != nil {
			return err
		}
		var c connect.Copy
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return err
		}
		out[to] = c
		return nil
	}, `SELECT destination, body FROM copies WHERE run = ?`, run)
	if err != nil {
		return nil, fmt.Errorf("reading where run %s stands: %w", run, err)
	}
	return out, nil
}

// Forget erases a run: text, quotes, what people said, and that it was.
func (db *DB) Forget(ctx context.Context, run string) error {
	if _, err := db.exec(ctx, db.SQL, `DELETE FROM runs WHERE id = ?`, run); err != nil {
		return fmt.Errorf("erasing run %s: %w", run, err)
	}
	return nil
}

// ForgetArchives erases the raw text that was collected before a moment. The
// handoffs made of it stay.
func (db *DB) ForgetArchives(ctx context.Context, before time.Time) (int64, error) {
	n, err := db.exec(ctx, db.SQL, `DELETE FROM archives WHERE at < ?`, micros(before))
	if err != nil {
		return 0, fmt.Errorf("erasing raw text: %w", err)
	}
	return n, nil
}
