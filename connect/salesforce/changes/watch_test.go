package changes_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	twin "throughline/twin/salesforce"
	"throughline/twin/salesforce/pubsub"
	"throughline/won"
)

// errCrash is the process dying.
var errCrash = errors.New("crash")

// A ledger is a database: what is in it outlives a crash.
type ledger struct {
	mu       sync.Mutex
	position won.Position
	begun    []won.Win
	events   []won.Event
	// crash says, of each call, whether the process dies: before it, or after it
	// was carried out. Nil for never.
	crash func() (before, after bool)
}

func (l *ledger) call(do func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, after := false, false
	if l.crash != nil {
		before, after = l.crash()
	}
	if before {
		return errCrash
	}
	do()
	if after {
		return errCrash
	}
	return nil
}

func (l *ledger) Position(context.Context) (p won.Position, err error) {
	err = l.call(func() { p = l.position })
	return p, err
}

func (l *ledger) Advance(_ context.Context, p won.Position) error {
	return l.call(func() { l.position = p })
}

func (l *ledger) Started(_ context.Context, ids []string) (events []won.Event, err error) {
	err = l.call(func() {
		for _, e := range l.events {
			if slices.Contains(ids, e.Deal) {
				events = append(events, e)
			}
		}
	})
	return events, err
}

func (l *ledger) Begin(_ context.Context, w won.Win, e won.Event) error {
	return l.call(func() {
		if !slices.Contains(l.events, e) {
			l.events, l.begun = append(l.events, e), append(l.begun, w)
		}
	})
}

// told says what was begun, in words.
func (l *ledger) told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, w := range l.begun {
		word := w.WonAt.Format("Jan 2 ") + w.Stage
		if w.Again() {
			word += " again"
		}
		if w.Undated {
			word += " undated"
		}
		out = append(out, word)
	}
	return out
}

func (r *rig) watch(l *ledger) *won.Watch {
	return &won.Watch{CRM: r.org, Ledger: l, Filter: won.Filter{From: day(1)}, Log: r.logger(), Now: r.twin.Now}
}

// TestWatchRuns lets polls and change events find the same wins, through faults of
// both.
func TestWatchRuns(t *testing.T) {
	r := newRig(t)
	clock := newClock(day(1))
	r.twin.Now = clock.now
	r.config.Now = clock.now
	feed := r.feed(t)
	l := &ledger{}
	w := r.watch(l)
	w.Feed, w.Now = feed, clock.now
	ctx, cancel := context.WithCancel(t.Context())
	w.Sleep = func(ctx context.Context, _ time.Duration) error { // no second poll
		<-ctx.Done()
		return ctx.Err()
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	await(t, "a subscription", func() bool { return r.events.Open() == 1 })
	id := r.opportunity()
	steps := []func(){
		func() { r.twin.Move(id, "Signed", true, clock.add(time.Hour)) },
		func() { r.events.Repeat(2) },
		func() { r.twin.Set("Opportunity", id, twin.Record{"Amount": 9.0}, clock.add(time.Hour)) },
		func() { r.twin.Move(id, "Talking", false, clock.add(24*time.Hour)) },
		func() { r.twin.ExpireTokens(); r.events.Drop(codes.Unauthenticated, "service.auth.error") },
		func() { r.twin.Move(id, "Signed", true, clock.add(24*time.Hour)) },
		func() { r.events.Gap("GAP_UPDATE", id) },
	}
	heard := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return string(l.position.Replay) == string(r.events.Latest())
	}
	for i, step := range steps {
		step()
		await(t, fmt.Sprint("step ", i), heard)
	}
	// Nothing is heard of this but by the events that tell that some are missing.
	r.events.Hold()
	other := r.opportunity()
	r.twin.Move(other, "Signed", true, clock.add(time.Hour))
	r.events.Release(func([]pubsub.Event) []pubsub.Event { return nil })
	clock.add(time.Minute)
	r.events.Gap("GAP_OVERFLOW")
	await(t, "the overflow", heard)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"May 1 Signed", "May 3 Signed again", "May 3 Signed"}, l.told()); diff != "" {
		t.Errorf("%s\n%s", diff, r.logged())
	}
	clean(t, r.logged())
}

// TestWatchWithoutEvents: where change events are not to be had, it says so, with
// what to do, and goes on polling.
func TestWatchWithoutEvents(t *testing.T) {
	r := newRig(t)
	r.events.NoTopic = true
	l := &ledger{}
	w := r.watch(l)
	w.Feed = r.feed(t)
	polls := 0
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	w.Sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		if d == 5*time.Minute {
			polls++
		}
		if polls > 2 && strings.Contains(r.logged(), "Setup > Change Data Capture") {
			cancel()
		}
		return ctx.Err()
	}
	id := r.opportunity()
	r.twin.Move(id, "Signed", true, day(10))
	if err := w.Run(ctx); !errors.Is(err, context.Canceled) || !slices.Equal(l.told(), []string{"May 10 Signed"}) {
		t.Errorf("%v, %v", err, l.told())
	}
}

// TestWatchSameSecond: a deal moved to and fro within a second is one start, of the
// win that stands.
func TestWatchSameSecond(t *testing.T) {
	r := newRig(t)
	l := &ledger{}
	w := r.watch(l)
	id := r.opportunity()
	r.twin.Move(id, "Talking", false, day(2))
	r.twin.Move(id, "Signed", true, day(2))
	r.twin.Move(id, "Talking", false, day(2))
	r.twin.Move(id, "Signed", true, day(2))
	for range 3 {
		if err := w.Hear(t.Context(), won.Notice{Deals: []string{id}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.told(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestWatchUndated: where the history is hidden, or comes later than the record, a
// win is one start all the same.
func TestWatchUndated(t *testing.T) {
	r := newRig(t)
	l := &ledger{}
	w := r.watch(l)
	id := r.opportunity()
	r.twin.Set("Opportunity", id, twin.Record{"CloseDate": "2026-05-02"}, day(3))
	r.twin.Move(id, "Talking", false, day(4))
	r.twin.Move(id, "Signed", true, day(5))
	hear := func() {
		t.Helper()
		if err := w.Hear(t.Context(), won.Notice{Deals: []string{id}}); err != nil {
			t.Fatal(err)
		}
	}
	r.twin.Denied["OpportunityHistory"] = true
	hear()
	r.twin.Set("Opportunity", id, twin.Record{"Amount": 7.0}, day(6))
	hear()
	r.twin.Denied["OpportunityHistory"] = false
	hear()
	if diff := cmp.Diff([]string{"May 2 Signed undated"}, l.told()); diff != "" {
		t.Error(diff)
	}
}

// TestWatchFrom: without a From, what was won before the first look does not start
// when it is edited.
func TestWatchFrom(t *testing.T) {
	r := newRig(t)
	l := &ledger{}
	w := r.watch(l)
	w.Filter = won.Filter{}
	clock := newClock(day(20))
	w.Now = clock.now
	old, fresh := r.opportunity(), r.opportunity()
	r.twin.Move(old, "Signed", true, day(19))
	poll := func() {
		t.Helper()
		clock.add(time.Hour)
		if err := w.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	poll()
	r.twin.Set("Opportunity", old, twin.Record{"Amount": 7.0}, clock.add(time.Hour))
	r.twin.Move(fresh, "Signed", true, clock.add(time.Hour))
	poll()
	if diff := cmp.Diff([]string{"May 20 Signed"}, l.told()); diff != "" {
		t.Error(diff)
	}
}

// A clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock(at time.Time) *clock { return &clock{at: at} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// TestOneStartPerWin moves deals in and out of won stages, and lets the changes be
// heard of in any order, late, repeatedly, or never, with polls in between, a
// process that dies at any call of its ledger, and places in the stream that are
// lost: every win that stands has one start in the end, and none has two. The
// events come over gRPC from the state that the polls read.
func TestOneStartPerWin(t *testing.T) {
	r := newRig(t)
	start := newClock(day(1))
	r.twin.Now = start.now
	r.events.Keepalive = 2 * time.Millisecond
	feed := r.feed(t)
	rapid.Check(t, func(rt *rapid.T) {
		l := &ledger{}
		w := r.watch(l)
		w.Now, w.Filter.From = start.now, start.add(48*time.Hour)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		crashing := rapid.IntRange(0, 8).Draw(rt, "crashes in 16 calls")
		l.position = won.Position{Polled: start.now(), Replay: r.events.Latest()}
		deaths := rand.New(rand.NewPCG(random.Uint64(), 2)) // how often it is asked depends on when answers come
		l.crash = func() (bool, bool) { return deaths.IntN(32) < crashing, deaths.IntN(32) < crashing }

		deals := []string{r.opportunity(), r.opportunity()}
		stands := map[string]bool{}
		wins, wonAt := map[string]int{}, map[string]time.Time{} // the last
		again := func(do func() error) {                        // as the process, begun again each time it dies
			for range 500 {
				if err := do(); err == nil {
					return
				} else if !errors.Is(err, errCrash) {
					rt.Fatal(err)
				}
			}
			rt.Fatal("it dies always")
		}
		listen := func() {
			again(func() error {
				p, err := l.Position(t.Context())
				if err != nil {
					return err
				}
				if string(p.Replay) == string(r.events.Latest()) {
					return nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				died := false
				err = feed.Listen(ctx, p.Replay, func(ctx context.Context, n won.Notice) error {
					err := w.Hear(ctx, n)
					if died = errors.Is(err, errCrash); died || string(n.Replay) == string(r.events.Latest()) {
						cancel()
					}
					return err
				})
				if died {
					return errCrash
				}
				if errors.Is(err, context.Canceled) {
					return nil
				}
				return err
			})
		}
		for _, step := range rapid.SliceOfN(rapid.SampledFrom([]string{"move", "move", "move", "edit", "hold", "release", "listen", "listen", "poll", "overflow", "repeat", "forget"}), 1, 25).Draw(rt, "steps") {
			id := deals[random.IntN(len(deals))]
			at := start.now()
			if random.IntN(3) > 0 {
				at = start.add(time.Duration(1+random.IntN(7200)) * time.Second)
			}
			switch step {
			case "move":
				stands[id] = !stands[id]
				if stands[id] {
					wins[id]++
					wonAt[id] = at
				}
				r.twin.Move(id, map[bool]string{true: "Signed", false: "Talking"}[stands[id]], stands[id], at)
			case "edit":
				r.twin.Set("Opportunity", id, twin.Record{"Amount": random.Float64()}, at)
			case "hold":
				r.events.Hold()
			case "release":
				r.events.Release(func(held []pubsub.Event) []pubsub.Event {
					var out []pubsub.Event
					for range 2 * len(held) { // some twice, some never
						out = append(out, held[random.IntN(len(held))])
					}
					return out
				})
			case "listen":
				listen()
			case "poll":
				again(func() error { return w.Poll(t.Context()) })
			case "overflow":
				r.events.Gap("GAP_OVERFLOW")
			case "repeat":
				r.events.Repeat(3)
			case "forget":
				if len(l.position.Replay) > 0 {
					r.events.Forget()
				}
			}
		}
		r.events.Release(nil)
		start.add(time.Second)
		again(func() error { return w.Poll(t.Context()) })

		started := map[string]int{}
		for _, e := range l.events {
			started[e.Deal]++
		}
		for _, id := range deals {
			if started[id] > wins[id] {
				rt.Fatalf("%d starts for %d wins", started[id], wins[id])
			}
			if stands[id] && !slices.ContainsFunc(l.events, func(e won.Event) bool { return e.Deal == id && e.At.Equal(wonAt[id]) }) {
				rt.Fatalf("no start for the win that stands, of %d", wins[id])
			}
			again(func() error { return w.Hear(t.Context(), won.Notice{Deals: deals}) })
		}
		if got := len(slices.Collect(maps.Keys(countOf(l.events)))); got != len(l.events) {
			rt.Fatalf("%d events, %d of them different", len(l.events), got)
		}
	})
	clean(t, r.logged())
}

func countOf(events []won.Event) map[won.Event]int {
	out := map[won.Event]int{}
	for _, e := range events {
		out[e]++
	}
	return out
}
