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
	"throughline/lifecycle"
)

var _ lifecycle.Store = Queries{}

// Create adds a run with its first move and plan; false when it is there.
func (q Queries) Create(ctx context.Context, run lifecycle.Run, move lifecycle.Move, plan []lifecycle.Duty) (made bool, err error) {
	body, err := json.Marshal(run)
	if err != nil {
		return false, err
	}
	err = q.together(ctx, func(tx Queries) error {
		const add = `INSERT INTO runs (id, opportunity, won, stage, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
		n, err := tx.exec(ctx, add, run.ID, run.Deal.ID, stamp(run.Won), string(run.Stage), string(body))
		if err != nil || n == 0 {
			return err
		}
		made = true
		if err := tx.place(ctx, run); err != nil {
			return err
		}
		if err := tx.appendMove(ctx, run.ID, move); err != nil {
			return err
		}
		return tx.replan(ctx, run.ID, plan)
	})
	if err != nil {
		return false, fmt.Errorf("keeping run %s: %w", run.ID, err)
	}
	return made, nil
}

// appendMove adds a move to the run's audit trail.
func (q Queries) appendMove(ctx context.Context, run string, m lifecycle.Move) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, `INSERT INTO moves (run, number, body, at, who, what)
		SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM moves WHERE run = $1`, run, string(body), stamp(m.At), sought(m.Who), storable(m.What))
	return err
}

// append adds a body behind those that the table has of the run.
func (q Queries) append(ctx context.Context, table, run string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, `INSERT INTO `+table+` (run, number, body)
		SELECT $1, coalesce(max(number), 0) + 1, $2 FROM `+table+` WHERE run = $1`, run, string(body))
	return err
}

// replan makes the run's tasks those of the plan: new ones are open, open ones
// get the plan's time, and what the plan lacks is dropped.
func (q Queries) replan(ctx context.Context, run string, plan []lifecycle.Duty) error {
	planned := map[string]bool{}
	for _, d := range plan {
		planned[d.Key()] = true
		const keep = `INSERT INTO tasks (run, name, toward, number, due, not_before, state, tries, error, done) VALUES ($1, $2, $3, $4, $5, 0, 'open', 0, '', 0)
			ON CONFLICT (run, name, toward, number) DO UPDATE SET due = excluded.due, state = 'open' WHERE tasks.state IN ('open', 'dropped')`
		if _, err := q.exec(ctx, keep, run, d.Name, d.For, d.N, stamp(d.Due)); err != nil {
			return err
		}
	}
	waiting, err := q.tasks(ctx, `run = $1 AND state IN ('open', 'parked')`, run)
	if err != nil {
		return err
	}
	for _, t := range waiting {
		if planned[t.Key()] {
			continue
		}
		const drop = `UPDATE tasks SET state = 'dropped' WHERE run = $1 AND name = $2 AND toward = $3 AND number = $4`
		if _, err := q.exec(ctx, drop, run, t.Name, t.For, t.N); err != nil {
			return err
		}
	}
	return nil
}

// tasks are those that a condition is true of, the longest due first.
func (q Queries) tasks(ctx context.Context, where string, args ...any) ([]lifecycle.Task, error) {
	var out []lifecycle.Task
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var t lifecycle.Task
		var due, notBefore, done int64
		if err := rows.Scan(&t.Run, &t.Name, &t.For, &t.N, &due, &notBefore, &t.State, &t.Tries, &t.Error, &done); err != nil {
			return err
		}
		t.Due, t.NotBefore, t.Done = when(due), when(notBefore), when(done)
		out = append(out, t)
		return nil
	}, `SELECT run, name, toward, number, due, not_before, state, tries, error, done FROM tasks WHERE `+where, args...)
	return out, err
}

const inOrder = ` ORDER BY due, run, name, toward, number`

// Run is the run of an id.
func (q Queries) Run(ctx context.Context, id string) (lifecycle.Run, error) {
	return q.run(ctx, id, "")
}

func (q Queries) run(ctx context.Context, id, lock string) (run lifecycle.Run, err error) {
	var body string
	if err := q.row(ctx, `SELECT body FROM runs WHERE id = $1`+lock, id).Scan(&body); err != nil {
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
func (q Queries) RunsOf(ctx context.Context, opportunity string) ([]lifecycle.Run, error) {
	return q.runs(ctx, `WHERE opportunity = $1 ORDER BY won, id`, opportunity)
}

// Runs are all runs, the latest won first.
func (q Queries) Runs(ctx context.Context, most int) ([]lifecycle.Run, error) {
	return q.runs(ctx, `ORDER BY won DESC, id LIMIT $1`, most)
}

func (q Queries) runs(ctx context.Context, which string, args ...any) ([]lifecycle.Run, error) {
	out, err := bodies[lifecycle.Run](ctx, q, `SELECT body FROM runs `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	return out, nil
}

// bodies are the JSON bodies that a query gives.
func bodies[T any](ctx context.Context, q Queries, query string, args ...any) ([]T, error) {
	var out []T
	err := q.rows(ctx, func(rows *sql.Rows) error {
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
func (q Queries) Task(ctx context.Context, run, key string) (lifecycle.Task, error) {
	return q.task(ctx, run, key)
}

func (q Queries) task(ctx context.Context, run, key string) (lifecycle.Task, error) {
	name, rest, _ := strings.Cut(key, "/")
	at := strings.LastIndex(rest, "/")
	if at < 0 {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	var number int
	if _, err := fmt.Sscan(rest[at+1:], &number); err != nil {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	found, err := q.tasks(ctx, `run = $1 AND name = $2 AND toward = $3 AND number = $4`, run, name, rest[:at], number)
	if err != nil {
		return lifecycle.Task{}, fmt.Errorf("reading a task: %w", err)
	}
	if len(found) == 0 {
		return lifecycle.Task{}, lifecycle.ErrNotFound
	}
	return found[0], nil
}

// Tasks are all tasks of a run, in order of when they are due.
func (q Queries) Tasks(ctx context.Context, run string) ([]lifecycle.Task, error) {
	out, err := q.tasks(ctx, `run = $1`+inOrder, run)
	if err != nil {
		return nil, fmt.Errorf("reading the tasks of run %s: %w", run, err)
	}
	return out, nil
}

// Due are open tasks that are due by a moment, the longest due first.
func (q Queries) Due(ctx context.Context, by time.Time, most int) ([]lifecycle.Task, error) {
	out, err := q.tasks(ctx, `state = 'open' AND due <= $1 AND not_before <= $2`+inOrder+` LIMIT $3`, stamp(by), stamp(by), most)
	if err != nil {
		return nil, fmt.Errorf("reading due tasks: %w", err)
	}
	return out, nil
}

// Next is when the first open task is due; zero where there is none.
func (q Queries) Next(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	const first = `SELECT min(CASE WHEN due > not_before THEN due ELSE not_before END) FROM tasks WHERE state = 'open'` // as the index tasks_next has it
	if err := q.row(ctx, first).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("reading when the next task is due: %w", err)
	}
	return when(at.Int64), nil
}

// Parked are the tasks that wait for a person, of all runs.
func (q Queries) Parked(ctx context.Context) ([]lifecycle.Task, error) {
	out, err := q.tasks(ctx, `state = 'parked'`+inOrder)
	if err != nil {
		return nil, fmt.Errorf("reading parked tasks: %w", err)
	}
	return out, nil
}

// Fail notes that an open task failed.
func (q Queries) Fail(ctx context.Context, run, key string, state lifecycle.TaskState, notBefore time.Time, why string) error {
	return q.together(ctx, func(tx Queries) error {
		t, err := tx.task(ctx, run, key)
		if err != nil {
			return err
		}
		const note = `UPDATE tasks SET state = $1, not_before = $2, error = $3, tries = tries + 1 WHERE run = $4 AND name = $5 AND toward = $6 AND number = $7 AND state = 'open'`
		_, err = tx.exec(ctx, note, string(state), stamp(notBefore), why, run, t.Name, t.For, t.N)
		return err
	})
}

// PutOff has an open task wait until a moment, which counts as no try.
func (q Queries) PutOff(ctx context.Context, run, key string, until time.Time, why string) error {
	t, err := q.task(ctx, run, key)
	if err != nil {
		return err
	}
	const wait = `UPDATE tasks SET not_before = $1, error = $2 WHERE run = $3 AND name = $4 AND toward = $5 AND number = $6 AND state = 'open'`
	_, err = q.exec(ctx, wait, stamp(until), why, run, t.Name, t.For, t.N)
	return err
}

// errOvertaken ends a change whose task somebody else finished.
var errOvertaken = errors.New("overtaken")

// Change reads a run, has f change it, and writes what f says, all or nothing.
func (q Queries) Change(ctx context.Context, id string, f func(*lifecycle.Run) (lifecycle.Change, error)) error {
	err := q.together(ctx, func(tx Queries) error {
		run, err := tx.run(ctx, id, q.locked())
		if err != nil {
			return err
		}
		c, err := f(&run)
		if err != nil {
			return err
		}
		if err := tx.finish(ctx, id, c); err != nil {
			return err
		}
		if err := tx.keep(ctx, run, c); err != nil {
			return fmt.Errorf("keeping run %s: %w", id, err)
		}
		return tx.replan(ctx, id, c.Plan)
	})
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// finish closes the task that the change comes of, and opens those that a person
// wants tried again.
func (q Queries) finish(ctx context.Context, id string, c lifecycle.Change) error {
	if c.Finished != "" {
		t, err := q.task(ctx, id, c.Finished)
		if err != nil {
			return err
		}
		const done = `UPDATE tasks SET state = 'done', done = $1, error = '' WHERE run = $2 AND name = $3 AND toward = $4 AND number = $5 AND state = 'open'`
		n, err := q.exec(ctx, done, stamp(c.At), id, t.Name, t.For, t.N)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOvertaken
		}
	}
	for _, key := range c.Reopen {
		t, err := q.task(ctx, id, key)
		if err != nil {
			return err
		}
		const again = `UPDATE tasks SET state = 'open', tries = 0, not_before = 0, error = '' WHERE run = $1 AND name = $2 AND toward = $3 AND number = $4 AND state = 'parked'`
		if _, err := q.exec(ctx, again, id, t.Name, t.For, t.N); err != nil {
			return err
		}
	}
	return nil
}

// keep writes the run, and what the change adds to it.
func (q Queries) keep(ctx context.Context, run lifecycle.Run, c lifecycle.Change) error {
	body, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if _, err := q.exec(ctx, `UPDATE runs SET stage = $1, body = $2 WHERE id = $3`, string(run.Stage), string(body), run.ID); err != nil {
		return err
	}
	if err := q.place(ctx, run); err != nil {
		return err
	}
	for _, m := range c.Moves {
		if err := q.appendMove(ctx, run.ID, m); err != nil {
			return err
		}
	}
	for _, w := range c.Words {
		if err := q.append(ctx, "words", run.ID, w); err != nil {
			return err
		}
	}
	if c.Document != nil {
		if err := q.keepJSON(ctx, `INSERT INTO documents (run, version, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, c.Document, run.ID, c.Document.Version); err != nil {
			return err
		}
		if err := q.cost(ctx, run.ID, c.Document); err != nil {
			return err
		}
	}
	if c.Check != nil {
		const keep = `INSERT INTO checks (run, body) VALUES ($1, $2) ON CONFLICT (run) DO UPDATE SET body = excluded.body`
		if err := q.keepJSON(ctx, keep, c.Check, run.ID); err != nil {
			return err
		}
	}
	if c.Copy != nil {
		copied := Copy{Destination: c.To, Key: run.ID, ID: c.Copy.ID, URL: c.Copy.URL, Version: run.PublishedVersion, Published: c.At}
		if err := q.SetCopy(ctx, copied); err != nil {
			return err
		}
	}
	if c.Archive != nil {
		const keep = `INSERT INTO archives (run, at, print, body) VALUES ($1, $2, $3, $4)
			ON CONFLICT (run) DO UPDATE SET at = excluded.at, print = excluded.print, body = excluded.body`
		if _, err := q.exec(ctx, keep, run.ID, stamp(c.At), c.Print, c.Archive); err != nil {
			return err
		}
	}
	return nil
}

// keepJSON runs a query whose last value is v as JSON.
func (q Queries) keepJSON(ctx context.Context, query string, v any, args ...any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, query, append(args, string(body))...)
	return err
}

// Moves are the run's audit trail, in order.
func (q Queries) Moves(ctx context.Context, run string) ([]lifecycle.Move, error) {
	out, err := bodies[lifecycle.Move](ctx, q, `SELECT body FROM moves WHERE run = $1 ORDER BY number`, run)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail of run %s: %w", run, err)
	}
	return out, nil
}

// Words are what people said of the run's handoff, in order.
func (q Queries) Words(ctx context.Context, run string) ([]lifecycle.Word, error) {
	out, err := bodies[lifecycle.Word](ctx, q, `SELECT body FROM words WHERE run = $1 ORDER BY number`, run)
	if err != nil {
		return nil, fmt.Errorf("reading what was said of run %s: %w", run, err)
	}
	return out, nil
}

// Document is a version of the run's handoff.
func (q Queries) Document(ctx context.Context, run string, version int) (*throughline.Handoff, error) {
	var body string
	if err := q.row(ctx, `SELECT body FROM documents WHERE run = $1 AND version = $2`, run, version).Scan(&body); err != nil {
		return nil, missing(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		return nil, fmt.Errorf("reading version %d of run %s: %w", version, run, err)
	}
	return &h, nil
}

// Archive is what was last collected of the run's deal.
func (q Queries) Archive(ctx context.Context, run string) (data []byte, mark string, err error) {
	err = q.row(ctx, `SELECT body, print FROM archives WHERE run = $1`, run).Scan(&data, &mark)
	return data, mark, missing(err)
}

// Copies are where the run's handoff stands, by destination.
func (q Queries) Copies(ctx context.Context, run string) ([]Copy, error) {
	var out []Copy
	err := q.rows(ctx, func(rows *sql.Rows) error {
		c := Copy{Key: run}
		var published int64
		if err := rows.Scan(&c.Destination, &c.ID, &c.URL, &c.Version, &published); err != nil {
			return err
		}
		c.Published = at(published)
		out = append(out, c)
		return nil
	}, `SELECT destination, id, url, version, published FROM copies WHERE publication = $1 ORDER BY destination`, run)
	if err != nil {
		return nil, fmt.Errorf("reading where run %s stands: %w", run, err)
	}
	return out, nil
}

// Forget erases a run: text, quotes, what people said, and that it was.
func (q Queries) Forget(ctx context.Context, run string) error {
	err := q.together(ctx, func(tx Queries) error {
		if _, err := tx.exec(ctx, `DELETE FROM copies WHERE publication = $1`, run); err != nil {
			return err
		}
		if err := tx.ForgetAnswers(ctx, run); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM runs WHERE id = $1`, run)
		return err
	})
	if err != nil {
		return fmt.Errorf("erasing run %s: %w", run, err)
	}
	return nil
}

// ForgetArchives erases the raw text that was collected before a moment. The
// handoffs made of it stay.
func (q Queries) ForgetArchives(ctx context.Context, before time.Time) (int64, error) {
	n, err := q.exec(ctx, `DELETE FROM archives WHERE at < $1`, stamp(before))
	if err != nil {
		return 0, fmt.Errorf("erasing raw text: %w", err)
	}
	return n, nil
}

// rows hands over the rows of a query, whose values come last.
func (q Queries) rows(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return q.each(ctx, query, args, scan)
}

// locked ends a query for a row that the transaction is going to change. SQLite
// locks the whole of itself.
func (q Queries) locked() string {
	if q.Dialect == PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}

// stamp is a time as these tables hold it: of no time it is 0.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return moment(t)
}

// when is the time of a stamp.
func when(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return at(micros)
}
