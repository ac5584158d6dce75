package jobs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/lifecycle/jobs"
	"throughline/store"
	"throughline/store/storetest"
)

// A world is all that is outside: it answers at once and counts.
type world struct {
	mu    sync.Mutex
	pages map[string]int // publications by run
	mails map[string]int // by message key
	hold  chan struct{}  // where not nil, drafting waits for it
	began chan string    // told of each draft that begins
}

func (w *world) Collect(_ context.Context, id string) (*lifecycle.Collection, error) {
	return &lifecycle.Collection{
		Record: connect.Record{ID: id, Customer: "Example"}, AE: lifecycle.Person{Email: "ae@example.com"}, CSM: lifecycle.Person{Email: "csm@example.com"},
		Archive: []byte("zip"), Print: "1",
	}, nil
}

func (w *world) Handoff(ctx context.Context, _ []byte, _ time.Time) (*throughline.Handoff, error) {
	if w.began != nil {
		w.began <- "draft"
	}
	if w.hold != nil {
		select {
		case <-w.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &throughline.Handoff{}, nil
}

func (w *world) Publish(_ context.Context, p connect.Publication) (connect.Copy, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[p.Key]++
	return connect.Copy{ID: p.Key}, nil
}

func (w *world) Send(_ context.Context, m connect.Message) (connect.Copy, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mails[m.Key]++
	return connect.Copy{}, nil
}

func (w *world) sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.mails)
}

func (w *world) published() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pages)
}

// service is a service whose clock runs a day in two seconds.
func service(db *store.DB, w *world) *lifecycle.Service {
	rules := lifecycle.DefaultRules()
	rules.Destinations = []string{"notion"}
	began := time.Now()
	const speed = 43200
	return &lifecycle.Service{
		Rules: rules, Store: db, Collector: w, Engine: w, Now: func() time.Time { return began.Add(speed * time.Since(began)) },
		Destinations: map[string]lifecycle.Destination{"notion": {Publisher: w, Audience: throughline.AudienceTeam}}, Messengers: map[string]lifecycle.Messenger{lifecycle.WayMail: w},
	}
}

func runner(t *testing.T, db *store.DB, s *lifecycle.Service) *jobs.Runner {
	t.Helper()
	cfg := jobs.Config{Tick: 20 * time.Millisecond}
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

// run runs a runner until stop is called.
func run(t *testing.T, r *jobs.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, time.Second) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the runner ended with: %v", err)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 18000 { // three minutes: a machine may be slow
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestRunsThePlay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		w := &world{pages: map[string]int{}, mails: map[string]int{}}
		s := service(db, w)
		const deals = 5
		for i := range deals {
			if _, _, err := s.Detected(t.Context(), connect.Record{ID: fmt.Sprintf("006%d", i)}, s.Now(), false, false); err != nil {
				t.Fatal(err)
			}
		}
		stop := run(t, runner(t, db, s))
		eventually(t, "all are published", func() bool { return w.published() == deals })
		stop()
		runs, err := db.Runs(t.Context(), 100)
		if err != nil || len(runs) != deals {
			t.Fatalf("%d runs, %v", len(runs), err)
		}
		for _, r := range runs {
			if late := r.Published.Sub(r.Won); late < 24*time.Hour {
				t.Errorf("%s was published after %v", r.ID, late)
			}
			if n := w.pages[r.ID]; n != 1 {
				t.Errorf("%s was published %d times", r.ID, n)
			}
		}
		for key, n := range w.mails {
			if n != 1 {
				t.Errorf("%s was sent %d times", key, n)
			}
		}
	})
}

// TestTwoProcesses: each task is carried out by one of them.
func TestTwoProcesses(t *testing.T) {
	db := storetest.Open(t, storetest.PostgreSQL(t))
	w := &world{pages: map[string]int{}, mails: map[string]int{}}
	s := service(db, w)
	for i := range 6 {
		if _, _, err := s.Detected(t.Context(), connect.Record{ID: fmt.Sprintf("006%d", i)}, s.Now(), false, false); err != nil {
			t.Fatal(err)
		}
	}
	stopOne, stopTwo := run(t, runner(t, db, s)), run(t, runner(t, db, s))
	eventually(t, "all are published", func() bool { return w.published() == 6 })
	stopOne()
	stopTwo()
	for key, n := range w.pages {
		if n != 1 {
			t.Errorf("%s was published %d times", key, n)
		}
	}
}

// TestTakesUpWhatWasLeftRunning: a process that died in the middle of a job leaves
// it for the next one.
func TestTakesUpWhatWasLeftRunning(t *testing.T) {
	db := storetest.Open(t, filepath.Join(t.TempDir(), "throughline.db"))
	w := &world{pages: map[string]int{}, mails: map[string]int{}, hold: make(chan struct{}), began: make(chan string, 9)}
	s := service(db, w)
	if _, _, err := s.Detected(t.Context(), connect.Record{ID: "006"}, s.Now(), false, false); err != nil {
		t.Fatal(err)
	}
	stop := run(t, runner(t, db, s))
	<-w.began
	stop() // in the middle of drafting
	// As if the process had been killed: the job says that it runs.
	if _, err := db.SQL.ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempted_at = CURRENT_TIMESTAMP, finalized_at = NULL WHERE args LIKE '%draft%'`); err != nil {
		t.Fatal(err)
	}
	close(w.hold)
	stop = run(t, runner(t, db, s))
	defer stop()
	eventually(t, "it is published", func() bool { return w.published() == 1 })
}
