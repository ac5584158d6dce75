package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/connect/gong"
	"throughline/store"
	"throughline/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 123456000, time.UTC)

func TestOpenAgainKeepsWhatIsThere(t *testing.T) {
	for name, at := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			dsn := at(t)
			first := storetest.Open(t, dsn)
			secret, err := first.Secret(t.Context(), "links")
			if err != nil || len(secret) != 32 {
				t.Fatalf("%d bytes, %v", len(secret), err)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := storetest.Open(t, dsn).Secret(t.Context(), "links")
			if err != nil || string(again) != string(secret) {
				t.Errorf("the secret is another one: %v", err)
			}
		})
	}
}

// TestManyOpenAtOnce: several processes start on an empty database.
func TestManyOpenAtOnce(t *testing.T) {
	for name, at := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			dsn := at(t)
			var working sync.WaitGroup
			errs := make([]error, 6)
			for i := range errs {
				working.Go(func() {
					db, err := store.Open(t.Context(), dsn)
					if err == nil {
						err = db.Close()
					}
					errs[i] = err
				})
			}
			working.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOneServesFromAFile(t *testing.T) {
	dsn := storetest.SQLite(t)
	first, second := storetest.Open(t, dsn), storetest.Open(t, dsn)
	release, err := first.Alone()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Alone(); !errors.Is(err, store.ErrBusy) {
		t.Errorf("a second process serves, too: %v", err)
	}
	release()
	if _, err := second.Alone(); err != nil {
		t.Error(err)
	}
}

func TestAddressesStaySecret(t *testing.T) {
	for _, dsn := range []string{"postgres://u:hunter2secret@127.0.0.1:1/x", "postgres://u:hunter2secret@[bad", "postgresql://u:hunter2secret@127.0.0.1:1/x?sslmode=nonsense"} {
		if _, err := store.Open(t.Context(), dsn); err == nil || strings.Contains(err.Error(), "hunter2secret") {
			t.Errorf("%v", err)
		}
	}
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "throughline.db")
	storetest.Open(t, file)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestGongIndex holds the index of calls to the one in memory.
func TestGongIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		entry := rapid.Custom(func(t *rapid.T) gong.Entry {
			e := gong.Entry{
				ID:      rapid.StringMatching(`[0-9]{1,2}`).Draw(t, "id"),
				Started: noon.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "hours")) * time.Hour),
				Private: rapid.Bool().Draw(t, "private"),
			}
			for _, id := range rapid.SliceOfN(rapid.SampledFrom([]string{"006A0000001", "006A0000002", "001A0000001"}), 0, 3).Draw(t, "records") {
				e.Objects = append(e.Objects, gong.Object{ID: id})
			}
			return e
		})
		scopes := 0
		rapid.Check(t, func(rt *rapid.T) {
			scopes++
			x, want := db.GongIndex(strings.Repeat("x", scopes%7)+time.Duration(scopes).String()), gong.NewMemory()
			ctx := t.Context()
			for range rapid.IntRange(1, 4).Draw(rt, "syncs") {
				some := rapid.SliceOfN(entry, 0, 6).Draw(rt, "calls")
				until := noon.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "until")) * time.Minute)
				if err := errors.Join(x.Put(ctx, some), want.Put(ctx, some), x.SetSynced(ctx, until), want.SetSynced(ctx, until)); err != nil {
					rt.Fatal(err)
				}
			}
			from := noon.Add(time.Duration(rapid.IntRange(0, 30).Draw(rt, "from")) * time.Hour)
			compare := func(what string, got, want []gong.Entry, err1, err2 error) {
				if diff := cmp.Diff(want, got); diff != "" || err1 != nil || err2 != nil {
					rt.Errorf("%s: %v %v\n%s", what, err1, err2, diff)
				}
			}
			got, err1 := x.Between(ctx, from, from.Add(10*time.Hour))
			is, err2 := want.Between(ctx, from, from.Add(10*time.Hour))
			compare("between", got, is, err1, err2)
			for _, id := range []string{"006A0000001", "001A0000001", "nothing"} {
				got, err1 := x.Naming(ctx, gong.RecordKey(id))
				is, err2 := want.Naming(ctx, gong.RecordKey(id))
				compare("naming "+id, got, is, err1, err2)
			}
			s1, err1 := x.Synced(ctx)
			s2, err2 := want.Synced(ctx)
			if !s1.Equal(s2) || err1 != nil || err2 != nil {
				rt.Errorf("synced until %v, not %v: %v %v", s1, s2, err1, err2)
			}
		})
	})
}

func TestOldCallsAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		x := db.GongIndex("w")
		calls := []gong.Entry{{ID: "1", Started: noon, Objects: []gong.Object{{ID: "006A"}}}, {ID: "2", Started: noon.Add(time.Hour), Objects: []gong.Object{{ID: "006A"}}}}
		if err := x.Put(t.Context(), calls); err != nil {
			t.Fatal(err)
		}
		if n, err := db.ForgetCalls(t.Context(), noon.Add(time.Minute)); n != 1 || err != nil {
			t.Errorf("%d forgotten, %v", n, err)
		}
		left, err := x.Naming(t.Context(), gong.RecordKey("006A"))
		if err != nil || len(left) != 1 || left[0].ID != "2" {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}

// TestOneStartPerWin: whoever is told of a win, one of them starts something.
func TestOneStartPerWin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := store.Win{Opportunity: "006A", At: noon, Event: "017A"}
		var working sync.WaitGroup
		var mu sync.Mutex
		began := 0
		for range 8 {
			working.Go(func() {
				made, err := db.Start(t.Context(), "salesforce", w)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if made {
					began++
				}
			})
		}
		working.Wait()
		if began != 1 {
			t.Errorf("%d starts", began)
		}
		got, err := db.Started(t.Context(), "salesforce", []string{"006B", "006A"})
		if diff := cmp.Diff([]store.Win{w}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		p := store.Position{First: noon, Polled: noon.Add(time.Hour), Replay: []byte{0, 1, 255}}
		if err := db.Advance(t.Context(), "salesforce", p); err != nil {
			t.Fatal(err)
		}
		back, err := db.Position(t.Context(), "salesforce")
		if diff := cmp.Diff(p, back); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if none, err := db.Position(t.Context(), "hubspot"); !none.First.IsZero() || err != nil {
			t.Error(none, err)
		}
	})
}

// TestPace: however many take turns, they keep to the pace, and a pause holds all.
func TestPace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := noon
		// Two processes have a pace each, over one database.
		one, two := store.Pace{DB: db, Now: func() time.Time { return now }}, store.Pace{DB: db, Now: func() time.Time { return now }}
		var waits []time.Duration
		for i := range 8 {
			p := one
			if i%2 == 1 {
				p = two
			}
			wait, paused, err := p.Take(t.Context(), "gong", 2, 3)
			if err != nil || paused {
				t.Fatal(err, paused)
			}
			waits = append(waits, wait)
		}
		const half = 500 * time.Millisecond
		if diff := cmp.Diff([]time.Duration{0, 0, 0, half, 2 * half, 3 * half, 4 * half, 5 * half}, waits); diff != "" {
			t.Error(diff)
		}
		if err := one.Pause(t.Context(), "gong", now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := two.Pause(t.Context(), "gong", now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if wait, paused, err := two.Take(t.Context(), "gong", 2, 3); wait != time.Minute || !paused || err != nil {
			t.Errorf("wait %v, paused %v, %v", wait, paused, err)
		}
		if wait, paused, err := two.Take(t.Context(), "slack", 2, 3); wait != 0 || paused || err != nil {
			t.Errorf("another credential: %v, %v, %v", wait, paused, err)
		}
		now = now.Add(2 * time.Minute)
		if wait, paused, err := two.Take(t.Context(), "gong", 2, 3); wait != 0 || paused || err != nil {
			t.Errorf("after the pause: %v, %v, %v", wait, paused, err)
		}
	})
}

func TestSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if err := db.IssueToken(ctx, "once", noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, false} {
			if ok, err := db.SpendToken(ctx, "once", noon); ok != want || err != nil {
				t.Errorf("spent %d times: %v, %v", i, ok, err)
			}
		}
		if owner, err := db.Bind(ctx, "l", "", noon); owner != "" || err != nil {
			t.Error(owner, err)
		}
		for _, b := range []string{"first", "second", ""} {
			if owner, err := db.Bind(ctx, "l", b, noon); owner != "first" || err != nil {
				t.Errorf("bound to %q, %v", owner, err)
			}
		}
		if err := db.Session(ctx, "b", noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for after, want := range map[time.Duration]bool{0: true, 2 * time.Hour: false} {
			if ok, err := db.SignedIn(ctx, "b", noon.Add(after)); ok != want || err != nil {
				t.Errorf("after %v: %v, %v", after, ok, err)
			}
		}
		if known, err := db.Known(ctx, "m"); known || err != nil {
			t.Error(known, err)
		}
		if err := errors.Join(db.Record(ctx, "m", noon), db.Record(ctx, "m", noon)); err != nil {
			t.Error(err)
		}
		if known, err := db.Known(ctx, "m"); !known || err != nil {
			t.Error(known, err)
		}
	})
}
