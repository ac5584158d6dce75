package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store/storetest"
)

// TestStoresAgree has the databases and the plainest store do the same things in a
// random order, and compares what each of them then holds. THROUGHLINE_SEED repeats
// what a seed did.
func TestStoresAgree(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		seed := rand.Uint64()
		if said, err := strconv.ParseUint(os.Getenv("THROUGHLINE_SEED"), 10, 64); err == nil {
			seed = said
		}
		t.Logf("seed %d", seed)
		p := &pair{rand: rand.New(rand.NewPCG(seed, 1)), plain: newMemory(), store: storetest.Open(t, address), now: monday}
		for step := range 400 {
			what, one, two := p.step(t.Context())
			if (one == nil) != (two == nil) || errors.Is(one, lifecycle.ErrNotFound) != errors.Is(two, lifecycle.ErrNotFound) {
				t.Fatalf("step %d, %s: %v, and %v", step, what, one, two)
			}
			if diff := cmp.Diff(held(t, p.plain, p.now), held(t, p.store, p.now)); diff != "" {
				t.Fatalf("step %d, %s (-memory +database):\n%s", step, what, diff)
			}
		}
	})
}

// A pair of stores is to hold the same.
type pair struct {
	rand         *rand.Rand
	plain, store kept
	now          time.Time
}

var (
	pairRuns = []string{"a-1", "b-2", "c-3"}
	errTold  = errors.New("told so")
)

func (p *pair) duties() []lifecycle.Duty {
	var out []lifecycle.Duty
	for _, d := range []lifecycle.Duty{{Name: "draft", N: 1}, {Name: "publish", For: "notion", N: 1000}, {Name: "tell_csm", For: "mail:a/b@example.com", N: 2}, {Name: "remind_csm", For: "chat", N: 12}} {
		if p.rand.IntN(3) > 0 {
			d.Due = p.now.Add(time.Duration(p.rand.IntN(100)-50) * time.Minute)
			out = append(out, d)
		}
	}
	return out
}

// step does one thing to both.
func (p *pair) step(ctx context.Context) (what string, one, two error) {
	p.now = p.now.Add(time.Duration(p.rand.IntN(30)) * time.Minute)
	run := pairRuns[p.rand.IntN(len(pairRuns))]
	key := []string{"draft//1", "publish/notion/1000", "tell_csm/mail:a/b@example.com/2", "remind_csm/chat/12", "nothing//7", "odd"}[p.rand.IntN(6)]
	var do func(s lifecycle.Store) error
	switch p.rand.IntN(6) {
	case 0:
		what = "create " + run
		plan, move := p.duties(), lifecycle.Move{At: p.now, Who: "x", What: "detected", To: lifecycle.StageDetected}
		do = func(s lifecycle.Store) error {
			_, err := s.Create(ctx, lifecycle.Run{ID: run, Stage: lifecycle.StageDetected, Deal: connect.Record{ID: "006"}, Won: monday}, move, plan)
			return err
		}
	case 1:
		what = "fail " + run + " " + key
		state := []lifecycle.TaskState{lifecycle.TaskOpen, lifecycle.TaskParked}[p.rand.IntN(2)]
		do = func(s lifecycle.Store) error {
			return s.Fail(ctx, run, key, state, p.now.Add(time.Hour), "it's \"down\"")
		}
	case 2:
		what = "put off " + run + " " + key
		do = func(s lifecycle.Store) error { return s.PutOff(ctx, run, key, p.now.Add(time.Hour), "it waits") }
	default:
		c := lifecycle.Change{At: p.now, Plan: p.duties(), Moves: []lifecycle.Move{{At: p.now, Who: "x", What: "moved", Why: "süß 'quoted'"}}}
		var refuse error
		switch p.rand.IntN(4) {
		case 0:
			c.Finished = key
		case 1:
			c.Reopen = []string{key}
		case 2:
			refuse = errTold
		}
		if p.rand.IntN(3) == 0 {
			c.Archive, c.Print = []byte{0, 1, byte(p.rand.IntN(255))}, fmt.Sprint(p.rand.IntN(9))
			c.Words = []lifecycle.Word{{Kind: throughline.RemarkAdded, Text: "This.", At: p.now}}
		}
		what = fmt.Sprintf("change %s, %q done, %q again, %v", run, c.Finished, c.Reopen, refuse)
		do = func(s lifecycle.Store) error {
			return s.Change(ctx, run, func(r *lifecycle.Run) (lifecycle.Change, error) {
				r.Returns++
				r.Stage = lifecycle.StageReturned
				return c, refuse
			})
		}
	}
	return what, do(p.plain), do(p.store)
}

// held is all that a store says.
func held(t *testing.T, s kept, now time.Time) map[string]any {
	t.Helper()
	ctx := t.Context()
	out := map[string]any{}
	note := func(name string, v any, err error) {
		if err != nil && !errors.Is(err, lifecycle.ErrNotFound) {
			t.Fatal(err)
		}
		out[name] = v
	}
	for _, id := range pairRuns {
		run, err := s.Run(ctx, id)
		note(id, run, err)
		moves, err := s.Moves(ctx, id)
		note(id+" moves", append([]lifecycle.Move{}, moves...), err)
		words, err := s.Words(ctx, id)
		note(id+" words", append([]lifecycle.Word{}, words...), err)
		data, mark, err := s.Archive(ctx, id)
		note(id+" archive", string(data)+mark, err)
		for _, key := range []string{"draft//1", "publish/notion/1000", "tell_csm/mail:a/b@example.com/2", "remind_csm/chat/12"} {
			task, err := s.Task(ctx, id, key)
			if errors.Is(err, lifecycle.ErrNotFound) {
				task = lifecycle.Task{}
			}
			note(id+" "+key, task, err)
		}
	}
	due, err := s.Due(ctx, now, 1000)
	if !slices.IsSortedFunc(due, func(a, b lifecycle.Task) int { return a.Due.Compare(b.Due) }) {
		t.Errorf("what is due is not in order: %v", due)
	}
	// Of what is due at the same moment, each store has an order of its own.
	slices.SortFunc(due, func(a, b lifecycle.Task) int { return strings.Compare(a.Run+" "+a.Key(), b.Run+" "+b.Key()) })
	note("due", append([]lifecycle.Task{}, due...), err)
	next, err := s.Next(ctx)
	note("next", next.UTC(), err)
	return out
}

// TestTwoServicesDoTheSame: two services over one database carry out the same tasks
// at the same time; whatever is done twice outside by that is noted once.
func TestTwoServicesDoTheSame(t *testing.T) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite": func(t *testing.T) string { return filepath.Join(t.TempDir(), "throughline.db") }, "postgres": storetest.PostgreSQL,
	} {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, address(t))
			out := &world{}
			var clock atomic.Int64
			clock.Store(monday.UnixNano())
			services := make([]*lifecycle.Service, 2)
			for i := range services {
				rules := lifecycle.DefaultRules()
				rules.Destinations = []string{"notion", "slack"}
				rules.LookEvery = 400 * 24 * time.Hour
				to := lifecycle.Destination{Publisher: out, Audience: throughline.AudienceTeam}
				services[i] = &lifecycle.Service{
					Rules: rules, Store: db, Collector: out, Engine: out, Now: func() time.Time { return time.Unix(0, clock.Load()).UTC() },
					Destinations: map[string]lifecycle.Destination{"notion": to, "slack": to}, Messengers: map[string]lifecycle.Messenger{lifecycle.WayMail: out},
				}
			}
			for i := range 5 {
				if _, _, err := services[0].Detected(t.Context(), connect.Record{ID: fmt.Sprintf("006%d", i)}, monday, false, false); err != nil {
					t.Fatal(err)
				}
			}
			for {
				next, err := db.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if next.After(monday.Add(40 * time.Hour)) {
					break
				}
				clock.Store(max(clock.Load(), next.UnixNano()))
				due, err := db.Due(t.Context(), services[0].Now(), 100)
				if err != nil {
					t.Fatal(err)
				}
				var all sync.WaitGroup
				for _, task := range due {
					for _, s := range services {
						all.Go(func() {
							if err := s.Do(t.Context(), task.Run, task.Key()); err != nil {
								t.Errorf("%s: %v", task.Key(), err)
							}
						})
					}
				}
				all.Wait()
			}
			runs, err := db.Runs(t.Context(), 10)
			if err != nil || len(runs) != 5 {
				t.Fatalf("%d runs, %v", len(runs), err)
			}
			for _, run := range runs {
				moves, err := db.Moves(t.Context(), run.ID)
				if err != nil {
					t.Fatal(err)
				}
				count := map[string]int{}
				for _, m := range moves {
					count[m.What+" "+m.Why]++
				}
				for what, n := range count {
					if n != 1 {
						t.Errorf("%s: %d times %s", run.ID, n, what)
					}
				}
				copies, err := db.Copies(t.Context(), run.ID)
				if err != nil || len(copies) != 2 || run.Version != 1 || run.Stage != lifecycle.StagePublished {
					t.Errorf("%s: %s, version %d, %d copies, %v", run.ID, run.Stage, run.Version, len(copies), err)
				}
			}
		})
	}
}

// A world is all that is outside, and lets any do anything at any time.
type world struct{}

func (*world) Collect(_ context.Context, id string) (*lifecycle.Collection, error) {
	return &lifecycle.Collection{
		Record: connect.Record{ID: id, Customer: "Example"}, AE: lifecycle.Person{Email: "ae@example.com"}, CSM: lifecycle.Person{Email: "csm@example.com"}, Archive: []byte("zip"), Print: "1",
	}, nil
}

func (*world) Handoff(context.Context, []byte, time.Time) (*throughline.Handoff, error) {
	return &throughline.Handoff{}, nil
}

func (*world) Publish(_ context.Context, p connect.Publication) (connect.Copy, error) {
	return connect.Copy{ID: p.Key}, nil
}

func (*world) Send(context.Context, connect.Message) (connect.Copy, error) {
	return connect.Copy{}, nil
}
