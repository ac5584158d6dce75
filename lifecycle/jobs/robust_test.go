package jobs_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/lifecycle/jobs"
	"throughline/store"
	"throughline/store/storetest"
)

// A troubled world does, the first times that it is asked, what it should not.
type troubled struct {
	*world
	mu      sync.Mutex
	collect []func(context.Context) error
	draft   []func(context.Context) error
}

func (w *troubled) next(from *[]func(context.Context) error) func(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*from) == 0 {
		return func(context.Context) error { return nil }
	}
	f := (*from)[0]
	*from = (*from)[1:]
	return f
}

func (w *troubled) Collect(ctx context.Context, id string) (*lifecycle.Collection, error) {
	if err := w.next(&w.collect)(ctx); err != nil {
		return nil, err
	}
	return w.world.Collect(ctx, id)
}

func (w *troubled) Handoff(ctx context.Context, archive []byte, at time.Time) (*throughline.Handoff, error) {
	if err := w.next(&w.draft)(ctx); err != nil {
		return nil, err
	}
	return w.world.Handoff(ctx, archive, at)
}

func newWorld() *world { return &world{pages: map[string]int{}, mails: map[string]int{}} }

func begin(t *testing.T, s *lifecycle.Service, id string) string {
	t.Helper()
	run, _, err := s.Detected(t.Context(), connect.Record{ID: id}, s.Now(), false, false)
	if err != nil {
		t.Fatal(err)
	}
	return run.ID
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestTroubleIsOutlived: what panics, what hangs and what fails is tried again, and
// holds nobody else back.
func TestTroubleIsOutlived(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		for name, trouble := range map[string]func(context.Context) error{
			"a panic": func(context.Context) error { panic("Example said: our churn is 40%") },
			"hanging": hang,
			"failing": func(context.Context) error { return errors.New("the disk is full") },
		} {
			t.Run(name, func(t *testing.T) {
				if strings.HasPrefix(address, "postgres") {
					address = storetest.PostgreSQL(t)
				} else {
					address = filepath.Join(t.TempDir(), "throughline.db")
				}
				db := storetest.Open(t, address)
				w := &troubled{world: newWorld(), collect: []func(context.Context) error{trouble}, draft: []func(context.Context) error{trouble, trouble}}
				s := service(db, w.world)
				s.Collector, s.Engine = w, w
				ids := []string{begin(t, s, "0061"), begin(t, s, "0062")}
				longest := time.Minute // which a busy machine's disk may need
				if name == "hanging" {
					longest = time.Second
				}
				stop := run(t, patient(t, db, s, longest))
				defer stop()
				eventually(t, "both are published", func() bool { return w.published() == 2 })
				for _, id := range ids {
					tasks, err := db.Tasks(t.Context(), id)
					if err != nil {
						t.Fatal(err)
					}
					for _, task := range tasks {
						if strings.Contains(task.Error, "churn") {
							t.Errorf("what a customer said is in an error: %s", task.Error)
						}
					}
				}
			})
		}
	})
}

// patient is a runner whose tasks may take so long.
func patient(t *testing.T, db *store.DB, s *lifecycle.Service, longest time.Duration) *jobs.Runner {
	t.Helper()
	cfg := jobs.Config{Tick: 20 * time.Millisecond, Longest: longest}
	var r *jobs.Runner
	var err error
	if db.Pool != nil {
		r, err = jobs.Postgres(t.Context(), db.Pool, s, cfg)
	} else {
		r, err = jobs.SQLite(t.Context(), db.SQL, s, cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPoisonIsParked: a deal that can never be drafted waits for a person, with its
// reason; the others go on.
func TestPoisonIsParked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		w := newWorld()
		s := service(db, w)
		s.Collector, s.Engine = poisoned{w}, poisoned{w}
		s.ParkAfter = 3
		bad, _ := begin(t, s, "bad"), begin(t, s, "good")
		stop := run(t, runner(t, db, s))
		defer stop()
		eventually(t, "the good one is published and the bad one parked", func() bool {
			parked, err := db.Parked(t.Context())
			return err == nil && w.published() == 1 && len(parked) == 1 && parked[0].Run == bad && parked[0].Tries == 3 && strings.Contains(parked[0].Error, "poison")
		})
	})
}

type poisoned struct{ *world }

func (poisoned) Handoff(_ context.Context, archive []byte, _ time.Time) (*throughline.Handoff, error) {
	if string(archive) == "bad" {
		return nil, errors.New("poison")
	}
	return &throughline.Handoff{}, nil
}

func (p poisoned) Collect(ctx context.Context, id string) (*lifecycle.Collection, error) {
	c, err := p.world.Collect(ctx, id)
	c.Archive = []byte(id)
	return c, err
}

// TestShutdownInTheMiddleOfADraft: the task is as it was, and the next process takes
// it up.
func TestShutdownInTheMiddleOfADraft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		w := newWorld()
		w.hold, w.began = make(chan struct{}), make(chan string, 9)
		s := service(db, w)
		id := begin(t, s, "006")
		stop := run(t, runner(t, db, s))
		<-w.began
		stop()
		if task, err := db.Task(t.Context(), id, "draft//1"); err != nil || task.State != lifecycle.TaskOpen || task.Tries != 0 {
			t.Errorf("after the shutdown: %+v, %v", task, err)
		}
		close(w.hold)
		stop = run(t, runner(t, db, s))
		defer stop()
		eventually(t, "it is published", func() bool { return w.published() == 1 })
	})
}

// TestADatabaseGoesAwayAndComesBack: connections are cut and none are taken for some
// seconds, as when PostgreSQL is started anew.
func TestADatabaseGoesAwayAndComesBack(t *testing.T) {
	address := storetest.PostgreSQL(t)
	db := storetest.Open(t, address)
	w := newWorld()
	s := service(db, w)
	for _, id := range []string{"1", "2", "3"} {
		begin(t, s, id)
	}
	stop := run(t, runner(t, db, s))
	defer stop()
	eventually(t, "a draft is there", func() bool { return w.sent() > 0 })
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(at.Path, "/")
	at.Path = "/postgres"
	admin, err := pgx.Connect(t.Context(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }() // the test is over
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	quoted := pgx.Identifier{name}.Sanitize()
	do("ALTER DATABASE " + quoted + " ALLOW_CONNECTIONS false")
	do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	if err := db.Record(t.Context(), "probe", time.Now()); err == nil {
		t.Error("the database was there all the time")
	}
	time.Sleep(2 * time.Second)
	do("ALTER DATABASE " + quoted + " ALLOW_CONNECTIONS true")
	eventually(t, "all are published", func() bool { return w.published() == 3 })
	for key, n := range w.mails {
		if n > 2 { // one may have been on its way when the connection was cut: by its key it is one
			t.Errorf("%s was sent %d times", key, n)
		}
	}
}

// TestABusyFile: another program holds the file's lock for a while.
func TestABusyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "throughline.db")
	db, other := storetest.Open(t, path), storetest.Open(t, path)
	w := newWorld()
	s := service(db, w)
	begin(t, s, "006")
	stop := run(t, runner(t, db, s))
	defer stop()
	err := other.InTx(t.Context(), func(tx *store.Tx) error {
		if err := tx.Record(t.Context(), "held", time.Now()); err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is published", func() bool { return w.published() == 1 })
}

// TestADutyOfANewerVersion: a process that does not know it leaves it alone.
func TestADutyOfANewerVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		w := newWorld()
		s := service(db, w)
		s.ParkAfter = 2
		id := begin(t, s, "006")
		err := db.Change(t.Context(), id, func(*lifecycle.Run) (lifecycle.Change, error) {
			return lifecycle.Change{At: s.Now(), Plan: []lifecycle.Duty{{Name: "ask_customer", N: 1, Due: s.Now()}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err := s.Do(t.Context(), id, "ask_customer//1"); err != nil {
				t.Fatal(err)
			}
		}
		task, err := db.Task(t.Context(), id, "ask_customer//1")
		if err != nil || task.State != lifecycle.TaskOpen || task.Tries != 0 || !strings.Contains(task.Error, "newer") || !task.NotBefore.After(task.Due) {
			t.Errorf("%+v, %v", task, err)
		}
	})
}

// TestAVendorsPaceIsNoFailure: who is asked to wait waits that long, and as often as
// it takes.
func TestAVendorsPaceIsNoFailure(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
	}{
		"too many calls":            {&connect.Error{Vendor: "Notion", Status: 429, Temporary: true, RetryAfter: 90 * time.Second}, 0},
		"our own pause":             {&connect.Error{Vendor: "Notion", Temporary: true, RetryAfter: 90 * time.Second}, 0},
		"a fault that says when":    {&connect.Error{Vendor: "Notion", Status: 503, Temporary: true, RetryAfter: 90 * time.Second}, 1},
		"a fault that says no more": {&connect.Error{Vendor: "Notion", Status: 503, Temporary: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, filepath.Join(t.TempDir(), "throughline.db"))
			w := &troubled{world: newWorld(), collect: []func(context.Context) error{func(context.Context) error { return c.err }}}
			s := service(db, w.world)
			now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
			s.Collector, s.Now = w, func() time.Time { return now }
			id := begin(t, s, "006")
			if err := s.Do(t.Context(), id, "collect//1"); err != nil {
				t.Fatal(err)
			}
			task, err := db.Task(t.Context(), id, "collect//1")
			want := 90 * time.Second
			if name == "a fault that says no more" {
				want = time.Minute
			}
			if err != nil || task.State != lifecycle.TaskOpen || task.Tries != c.tries || task.NotBefore.Sub(now) != want {
				t.Errorf("%+v, %v", task, err)
			}
		})
	}
}
