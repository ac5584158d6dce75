package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/connect/callindex"
	"throughline/store"
	"throughline/store/storetest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 123456000, time.UTC)

// TestCallsAsInMemory: the index answers as callindex.Memory does, whatever is put in.
func TestCallsAsInMemory(t *testing.T) {
	entry := rapid.Custom(func(t *rapid.T) callindex.Entry {
		e := callindex.Entry{
			ID:      rapid.StringMatching(`[0-9aA_]{1,2}`).Draw(t, "id"),
			Started: noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "started")) * time.Microsecond),
			Private: rapid.Bool().Draw(t, "private"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "objects") {
			e.Objects = append(e.Objects, callindex.Object{Type: "Opportunity", ID: rapid.SampledFrom([]string{"006000000000001", "006000000000001AAA", "x", "é"}).Draw(t, "object")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "parties") {
			e.Parties = append(e.Parties, callindex.Party{Email: rapid.String().Draw(t, "email"), External: rapid.Bool().Draw(t, "external")})
		}
		return e
	})
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		names := 0
		rapid.Check(t, func(rt *rapid.T) {
			names++
			ctx, calls, memory := t.Context(), db.Calls(strings.Repeat("w", names)), callindex.NewMemory()
			other := db.Calls("other")
			if err := other.Put(ctx, []callindex.Entry{{ID: "1", Started: noon}}); err != nil {
				rt.Fatal(err)
			}
			for range rapid.IntRange(1, 3).Draw(rt, "puts") {
				batch := rapid.SliceOfN(entry, 0, 8).Draw(rt, "batch")
				if err := errors.Join(calls.Put(ctx, batch), memory.Put(ctx, batch)); err != nil {
					rt.Fatal(err)
				}
			}
			from := noon.Add(time.Duration(rapid.IntRange(-4, 4).Draw(rt, "from")) * time.Microsecond)
			to := noon.Add(time.Duration(rapid.IntRange(-4, 4).Draw(rt, "to")) * time.Microsecond)
			got, err := calls.Between(ctx, from, to)
			want, _ := memory.Between(ctx, from, to)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				rt.Errorf("between: %v\n%s", err, diff)
			}
			for _, key := range []string{"006000000000001", "x", "é", "none"} {
				got, err := calls.Naming(ctx, key)
				want, _ := memory.Naming(ctx, key)
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					rt.Errorf("naming %s: %v\n%s", key, err, diff)
				}
			}
			if err := errors.Join(calls.SetSynced(ctx, to), memory.SetSynced(ctx, to)); err != nil {
				rt.Fatal(err)
			}
			if got, err := calls.Synced(ctx); err != nil || !got.Equal(to) {
				rt.Errorf("synced %s, %v; want %s", got, err, to)
			}
		})
	})
}

func TestOldCallsAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		calls := db.Calls("w")
		if synced, err := calls.Synced(ctx); err != nil || !synced.IsZero() {
			t.Errorf("before the first sync: %s, %v", synced, err)
		}
		deal := []callindex.Object{{Type: "Opportunity", ID: "o"}}
		old, recent := callindex.Entry{ID: "1", Started: noon, Objects: deal}, callindex.Entry{ID: "2", Started: noon.Add(time.Microsecond), Objects: deal}
		if err := calls.Put(ctx, []callindex.Entry{old, recent}); err != nil {
			t.Fatal(err)
		}
		if n, err := db.DeleteCallsBefore(ctx, recent.Started); n != 1 || err != nil {
			t.Errorf("%d deleted, %v", n, err)
		}
		got, err := calls.Naming(ctx, "o")
		if diff := cmp.Diff([]callindex.Entry{recent}, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// TestOneStartIsNewOnce: however many add a start at the same time.
func TestOneStartIsNewOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		dbs := []*store.DB{storetest.Open(t, address), storetest.Open(t, address)}
		start := store.Start{Org: "org", Opportunity: "006", WonAt: noon, Event: "017", Source: "poll", FirstSeen: noon.Add(time.Minute)}
		var added atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				isNew, err := dbs[i%2].AddStart(t.Context(), start)
				if err != nil {
					t.Error(err)
				}
				if isNew {
					added.Add(1)
				}
			})
		}
		all.Wait()
		if added.Load() != 1 {
			t.Errorf("new %d times", added.Load())
		}
		later := start
		later.WonAt = noon.Add(time.Microsecond)
		if isNew, err := dbs[0].AddStart(t.Context(), later); !isNew || err != nil {
			t.Errorf("the next win of the opportunity: %t, %v", isNew, err)
		}
		got, err := dbs[1].Starts(t.Context(), "org", []string{"other", "006"})
		if diff := cmp.Diff([]store.Start{start, later}, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		if got, err := dbs[1].Starts(t.Context(), "other", []string{"006"}); len(got) != 0 || err != nil {
			t.Errorf("another org's: %v, %v", got, err)
		}
	})
}

// TestTransaction: what fails leaves nothing, and what is in the transaction is
// seen there.
func TestTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		start := store.Start{Org: "org", Opportunity: "006", WonAt: noon}
		stop := errors.New("stop")
		for _, end := range []error{stop, nil} {
			err := db.InTx(ctx, func(tx *store.Tx) error {
				isNew, err := tx.AddStart(ctx, start)
				if !isNew || err != nil {
					t.Errorf("%t, %v", isNew, err)
				}
				if err := tx.Calls("w").Put(ctx, []callindex.Entry{{ID: "1", Started: noon}}); err != nil {
					t.Error(err)
				}
				if got, err := tx.Starts(ctx, "org", []string{"006"}); len(got) != 1 || err != nil {
					t.Errorf("in the transaction: %v, %v", got, err)
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Errorf("%v; want %v", err, end)
			}
			want := 1
			if end != nil {
				want = 0
			}
			starts, err := db.Starts(ctx, "org", []string{"006"})
			calls, err2 := db.Calls("w").Between(ctx, noon, noon)
			if len(starts) != want || len(calls) != want || err != nil || err2 != nil {
				t.Errorf("after %v: %v, %v, %v, %v", end, starts, calls, err, err2)
			}
		}
	})
}

func TestWatched(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		if got, err := db.Watched(ctx, "org"); err != nil || !got.First.IsZero() || !got.Polled.IsZero() || got.Replay != nil {
			t.Errorf("before the first: %+v, %v", got, err)
		}
		for _, want := range []store.Watched{
			{First: noon},
			{First: noon, Polled: noon.Add(time.Hour), Replay: []byte{0, 255, 39}},
		} {
			if err := db.SetWatched(ctx, "org", want); err != nil {
				t.Fatal(err)
			}
			got, err := db.Watched(ctx, "org")
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		}
	})
}

func TestSentAndCopies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		for i, want := range []bool{false, true, true} {
			if got, err := db.Known(ctx, "key"); got != want || err != nil {
				t.Errorf("%d: %t, %v", i, got, err)
			}
			if err := db.Record(ctx, "key", noon); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok, err := db.Copy(ctx, "notion", "key"); ok || err != nil {
			t.Errorf("%t, %v", ok, err)
		}
		second := store.Copy{Destination: "notion", Key: "key", ID: "a", URL: "https://a.example", Version: 2, Published: noon}
		first := second
		first.Version, first.ID = 1, "b"
		for _, c := range []store.Copy{second, first} {
			if err := db.SetCopy(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := db.Copy(ctx, "notion", "key")
		if diff := cmp.Diff(second, got); err != nil || diff != "" {
			t.Errorf("an earlier version took a later one's place: %v\n%s", err, diff)
		}
	})
}

func TestManyOpenAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				db, err := store.Open(t.Context(), address)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(db.Record(t.Context(), "key", noon), db.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestFileIsForItsOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%41?c")
	db := storetest.Open(t, "sqlite:"+filepath.Join(dir, "x.db"))
	if err := db.Record(t.Context(), "key", noon); err != nil {
		t.Fatal(err)
	}
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil || found < 2 {
		t.Errorf("%d files, %v", found, err)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ address, want string }{
		{"", "must begin with"},
		{"mysql://localhost/x", "must begin with"},
		{"postgres://a:planted-secret@localhost:port/x", "can't be read"},
		{"postgres://a:planted-secret@127.0.0.1:1/x", "connecting to PostgreSQL"},
		{file, "not a database"},
		{filepath.Join(file, "below"), "not a directory"},
	} {
		db, err := store.Open(t.Context(), c.address)
		if err == nil {
			_ = db.Close()
			t.Errorf("%q opens", c.address)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "planted-secret") {
			t.Errorf("%q: %v; want %q", c.address, err, c.want)
		}
	}
}

// TestPace goes by a clock of its own: turns are those of the bucket, and a pause
// holds back whoever asks.
func TestPace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		now := noon
		clock := store.WithClock(func() time.Time { return now })
		a, b := storetest.Open(t, address, clock), storetest.Open(t, address, clock)
		for i, step := range []struct {
			after time.Duration // the last step
			db    *store.DB
			want  time.Duration
		}{
			{0, a, 0},
			{0, b, 0},
			{0, a, 500 * time.Millisecond},
			{0, b, 500 * time.Millisecond},
			{499 * time.Millisecond, a, time.Millisecond},
			{time.Millisecond, b, 0},
			{0, a, 500 * time.Millisecond},
			{time.Hour, a, 0},
			{0, b, 0},
			{0, a, 500 * time.Millisecond},
		} {
			now = now.Add(step.after)
			if wait, err := step.db.Take(t.Context(), "key", 2, 2); wait != step.want || err != nil {
				t.Errorf("step %d: wait %s, %v; want %s", i, wait, err, step.want)
			}
		}
		for _, until := range []time.Duration{time.Minute, time.Second} {
			if err := a.Pause(t.Context(), "key", now.Add(until)); err != nil {
				t.Fatal(err)
			}
		}
		if wait, err := b.Take(t.Context(), "key", 2, 2); wait != time.Minute || err != nil {
			t.Errorf("paused for a minute: wait %s, %v", wait, err)
		}
		if wait, err := b.Take(t.Context(), "other", 2, 2); wait != 0 || err != nil {
			t.Errorf("another's pause: wait %s, %v", wait, err)
		}
		now = now.Add(time.Minute)
		if wait, err := b.Take(t.Context(), "key", 2, 2); wait != 0 || err != nil {
			t.Errorf("after the pause: wait %s, %v", wait, err)
		}
		if _, err := b.Take(t.Context(), "key", 0, 2); err == nil {
			t.Error("no pace at all is taken")
		}
	})
}

// TestPaceTogether: of many that ask at the same moment, as many go as may.
func TestPaceTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		clock := store.WithClock(func() time.Time { return noon })
		dbs := []*store.DB{storetest.Open(t, address, clock), storetest.Open(t, address, clock)}
		var went atomic.Int64
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				wait, err := dbs[i%2].Take(context.WithoutCancel(t.Context()), "key", 1, 5)
				if err != nil {
					t.Error(err)
				}
				if wait == 0 {
					went.Add(1)
				}
			})
		}
		all.Wait()
		if went.Load() != 5 {
			t.Errorf("%d of 20 went; want 5", went.Load())
		}
	})
}

// TestNewerTables: a program leaves alone what a newer one wrote.
func TestNewerTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		if err := storetest.Open(t, address).SetVersion(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(t.Context(), address)
		if err == nil {
			_ = db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "a newer version wrote it") {
			t.Errorf("%v", err)
		}
	})
}
