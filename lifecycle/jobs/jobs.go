// Package jobs carries out lifecycle's tasks as jobs of River
// (riverqueue.com), side by side, and in several processes over one PostgreSQL.
//
// What is due is told by lifecycle's own rows and clock. River only runs what is
// due now: a job carries out one task, never waits, and may run twice. A failure
// is kept with the task, not by River; River's own retries are for a database
// that can't be reached.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"throughline/lifecycle"
)

// Config says how tasks are carried out. Zero fields have defaults.
type Config struct {
	Workers int           // how many at a time in this process; default 8
	Tick    time.Duration // how often to look for what is due; default a second
	// Longest is how long one task may take; default 15 minutes, which is more
	// than a model takes for the longest deal.
	Longest time.Duration
	// Rescue is after how long a job counts as left by a process that died, on a
	// database that several share; default a minute more than Longest.
	Rescue time.Duration
	Log    *slog.Logger
}

// A Runner carries out what is due until it is stopped.
type Runner struct {
	service *lifecycle.Service
	cfg     Config
	client  client
	begin   func(context.Context) error // before the first job
}

// A client is River's, whatever its database.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	InsertManyFast(ctx context.Context, params []river.InsertManyParams) (int, error)
	InsertMany(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
}

// SQLite runs jobs on an SQLite database, of which this process must be the only
// one that runs any: jobs that a process before it left running are taken up.
func SQLite(ctx context.Context, db *sql.DB, s *lifecycle.Service, cfg Config) (*Runner, error) {
	r, err := newRunner(ctx, riversqlite.New(db), s, cfg)
	if err != nil {
		return nil, err
	}
	r.begin = func(ctx context.Context) error {
		const takeUp = `UPDATE river_job SET state = 'available', attempt = max(attempt - 1, 0) WHERE state = 'running'`
		if _, err := db.ExecContext(ctx, takeUp); err != nil {
			return fmt.Errorf("taking up the jobs that were left running: %w", err)
		}
		return nil
	}
	return r, nil
}

// Postgres runs jobs on a PostgreSQL database, which several processes may share.
// What one of them left running when it was killed is taken up by another one
// after Rescue.
func Postgres(ctx context.Context, pool *pgxpool.Pool, s *lifecycle.Service, cfg Config) (*Runner, error) {
	return newRunner(ctx, riverpgxv5.New(pool), s, cfg)
}

func newRunner[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], s *lifecycle.Service, cfg Config) (*Runner, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 8
	}
	if cfg.Tick == 0 {
		cfg.Tick = time.Second
	}
	if cfg.Longest == 0 {
		cfg.Longest = 15 * time.Minute
	}
	if cfg.Rescue == 0 {
		cfg.Rescue = cfg.Longest + time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("preparing the tables of jobs: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("preparing the tables of jobs: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{service: s})
	c, err := river.NewClient(driver, &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Workers}},
		Workers: workers, Logger: cfg.Log, JobTimeout: cfg.Longest, RescueStuckJobsAfter: cfg.Rescue,
		FetchPollInterval: cfg.Tick, FetchCooldown: min(cfg.Tick, river.FetchCooldownDefault), MaxAttempts: attempts,
		// Jobs are small and many; what they did stands in lifecycle's rows.
		CompletedJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up jobs: %w", err)
	}
	return &Runner{service: s, cfg: cfg, client: c}, nil
}

// attempts is how often River itself tries a job whose database failed. When they
// are used up the task is still open, and gets another job.
const attempts = 5

// Run carries out what is due until ctx ends; then it lets the jobs that run end,
// for as long as grace.
func (r *Runner) Run(ctx context.Context, grace time.Duration) error {
	if r.begin != nil {
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	// River must outlive ctx for its jobs to end in peace.
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting jobs: %w", err)
	}
	r.pump(ctx)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := r.client.Stop(ending); err == nil {
		return nil
	}
	last, done := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer done()
	return r.client.StopAndCancel(last)
}

// pump makes a job of what is due, again and again. That a task has its job
// already, here or in another process, is for River to see.
func (r *Runner) pump(ctx context.Context) {
	tick := time.NewTicker(r.cfg.Tick)
	defer tick.Stop()
	for {
		if err := r.hand(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.ErrorContext(ctx, "handing out what is due", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// handful is how many tasks are handed out at a time: more than a tick's work.
const handful = 200

func (r *Runner) hand(ctx context.Context) error {
	due, err := r.service.Store.Due(ctx, r.service.Now(), handful)
	if err != nil {
		return fmt.Errorf("looking for what is due: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, len(due))
	for i, t := range due {
		jobs[i] = river.InsertManyParams{Args: task{Run: t.Run, Task: t.Key(), Try: t.Tries}}
	}
	if _, err := r.client.InsertMany(ctx, jobs); err != nil {
		return fmt.Errorf("making jobs of what is due: %w", err)
	}
	return nil
}

// A task is a job's arguments. A job of the same run, task and try is not made
// while there is one that has not ended.
type task struct {
	Run  string `json:"run"`
	Task string `json:"task"`
	Try  int    `json:"try"`
}

func (task) Kind() string { return "task" }

func (task) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

type worker struct {
	river.WorkerDefaults[task]
	service *lifecycle.Service
}

func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	err := w.service.Do(ctx, job.Args.Run, job.Args.Task)
	if errors.Is(err, lifecycle.ErrNotFound) {
		return nil // forgotten meanwhile
	}
	return err
}
