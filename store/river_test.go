package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"throughline/store"
	"throughline/store/storetest"
)

type jobArgs struct {
	Key string `json:"key"`
}

func (jobArgs) Kind() string { return "test" }

// TestRiver: River's jobs live in the same database, and one is inserted in the
// transaction that a start is added in: both or neither.
func TestRiver(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		db := storetest.Open(t, t.TempDir()+"/x.db")
		testRiver(t, db, riversqlite.New(db.SQL), func(tx *store.Tx) *sql.Tx { return tx.SQL })
	})
	t.Run("postgres", func(t *testing.T) {
		db := storetest.Open(t, storetest.PostgreSQL(t))
		testRiver(t, db, riverpgxv5.New(db.Pool), func(tx *store.Tx) pgx.Tx { return tx.PGX })
	})
}

func testRiver[T any](t *testing.T, db *store.DB, driver riverdriver.Driver[T], under func(*store.Tx) T) {
	ctx := t.Context()
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 10)
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[jobArgs]) error {
		if err := db.Record(ctx, job.Args.Key, noon); err != nil {
			return err
		}
		done <- job.Args.Key
		return nil
	}))
	client, err := river.NewClient(driver, &river.Config{Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	for key, end := range map[string]error{"rolled back": stop, "committed": nil} {
		err := db.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.AddStart(ctx, store.Start{Org: "org", Opportunity: key, WonAt: noon}); err != nil {
				return err
			}
			if _, err := client.InsertTx(ctx, under(tx), jobArgs{Key: key}, nil); err != nil {
				return err
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if key := <-done; key != "committed" {
		t.Errorf("job %q ran", key)
	}
	if err := client.Stop(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
	if len(done) > 0 {
		t.Errorf("job %q ran, too", <-done)
	}
}
