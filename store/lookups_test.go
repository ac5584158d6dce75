package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/store/storetest"
)

// keepRun keeps a run, with what one of its changes adds.
func keepRun(t *testing.T, db *store.DB, run lifecycle.Run, c lifecycle.Change) {
	t.Helper()
	first := lifecycle.Move{At: run.Won, Who: "throughline", What: "detected", To: lifecycle.StageDetected}
	made, err := db.Create(t.Context(), lifecycle.Run{ID: run.ID, Deal: run.Deal, Won: run.Won, Stage: lifecycle.StageDetected}, first, nil)
	if err == nil && made {
		err = db.Change(t.Context(), run.ID, func(r *lifecycle.Run) (lifecycle.Change, error) {
			*r = run
			return c, nil
		})
	}
	if err != nil || !made {
		t.Fatalf("keeping %s: made %v, %v", run.ID, made, err)
	}
}

// lookups fills a database with four runs.
func lookups(t *testing.T, db *store.DB) {
	t.Helper()
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	ae, csm := lifecycle.Person{Name: "Ada", Email: "ae@example.com"}, lifecycle.Person{Email: "CSM@example.com"}
	keepRun(t, db, lifecycle.Run{
		ID: "a", Won: hour(1), Stage: lifecycle.StageInReview, Version: 1, AE: ae, CSM: csm,
		Deal: connect.Record{ID: "006A", Name: "Straße - 100% Sync", Customer: "ÉCOLE_Straße", Managers: []string{"Lead@example.com"}},
	}, lifecycle.Change{Moves: []lifecycle.Move{{At: hour(5), Who: "AE@example.com", What: "read", Why: "version 1"}}, Document: &throughline.Handoff{
		Version: 1, GeneratedAt: hour(2), Engine: throughline.Engine{Name: "claude", Model: "large"}, Usage: &throughline.Usage{Requests: 3, InputTokens: 10, CacheReadTokens: 5, OutputTokens: 2, CostUSD: 1.5},
	}})
	keepRun(t, db, lifecycle.Run{
		ID: "b", Won: hour(2), Stage: lifecycle.StagePublished, Version: 1, Published: hour(3), PublishedVersion: 1, AE: ae, CSM: csm, Kickoff: hour(48),
		Deal: connect.Record{ID: "006B", Name: "Second\x00", Customer: "Second\x00 Ltd"},
	}, lifecycle.Change{Document: &throughline.Handoff{
		Version: 1, GeneratedAt: hour(30), Engine: throughline.Engine{Name: "claude", Model: "large"}, Usage: &throughline.Usage{CostUSD: 0.25},
	}})
	keepRun(t, db, lifecycle.Run{
		ID: "c", Won: hour(2), Stage: lifecycle.StagePublished, Version: 1, Published: hour(3), PublishedVersion: 1, AE: lifecycle.Person{Email: "other@example.com"},
		Deal: connect.Record{ID: "006C", Name: "Third", Customer: "Nobody's"},
	}, lifecycle.Change{Document: &throughline.Handoff{Version: 1, GeneratedAt: hour(2), Engine: throughline.Engine{Name: "builtin"}}})
	keepRun(t, db, lifecycle.Run{ID: "d", Won: hour(0), Stage: lifecycle.StageClosed, Published: hour(1), AE: ae, CSM: csm, Kickoff: hour(40), Deal: connect.Record{ID: "006D", Name: "Only a name"}}, lifecycle.Change{})
}

func ids(runs []lifecycle.Run) string {
	var out []string
	for _, r := range runs {
		out = append(out, r.ID)
	}
	return strings.Join(out, "")
}

func TestRunsAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		lookups(t, db)
		find := func(when string) {
			t.Helper()
			for name, c := range map[string]struct {
				filter store.RunFilter
				want   string
			}{
				"all, the latest first":             {store.RunFilter{}, "bcad"},
				"a word in any case":                {store.RunFilter{Words: "école"}, "a"},
				"words in any order":                {store.RunFilter{Words: "  SYNC straße "}, "a"},
				"a sign of patterns":                {store.RunFilter{Words: "100%"}, "a"},
				"another sign of patterns":          {store.RunFilter{Words: "école_"}, "a"},
				"no pattern":                        {store.RunFilter{Words: "s_cond"}, ""},
				"no pattern either":                 {store.RunFilter{Words: "%"}, "a"},
				"the name where the customer isn't": {store.RunFilter{Words: "only a name"}, "d"},
				"an AE's name":                      {store.RunFilter{Words: "ada"}, "bad"},
				"part of an address":                {store.RunFilter{Words: "csm@"}, "bad"},
				"a control sign":                    {store.RunFilter{Words: "second\x00 ltd"}, "b"},
				"no text":                           {store.RunFilter{Words: " \x00\xff "}, "bcad"},
				"managers are not searched":         {store.RunFilter{Words: "lead@"}, ""},
				"stages":                            {store.RunFilter{Stages: []lifecycle.Stage{lifecycle.StageClosed, lifecycle.StageInReview}}, "ad"},
				"an AE's":                           {store.RunFilter{Of: "AE@example.com"}, "bad"},
				"a CSM's":                           {store.RunFilter{Of: "csm@EXAMPLE.com"}, "bad"},
				"a manager's":                       {store.RunFilter{Of: "lead@example.com"}, "a"},
				"nobody's by part of an address":    {store.RunFilter{Of: "example.com"}, ""},
				"the owner's":                       {store.RunFilter{Of: "owner@example.com", Owner: true}, "c"},
				"waiting for a review":              {store.RunFilter{Waits: lifecycle.WaitReview}, "a"},
				"waiting for the AE":                {store.RunFilter{Waits: lifecycle.WaitReview, Of: "ae@example.com"}, "a"},
				"waiting for another AE":            {store.RunFilter{Waits: lifecycle.WaitReview, Of: "other@example.com"}, ""},
				"waiting to be accepted":            {store.RunFilter{Waits: lifecycle.WaitAccept}, "bc"},
				"waiting for the CSM":               {store.RunFilter{Waits: lifecycle.WaitAccept, Of: "csm@example.com"}, "b"},
				"waiting for the owner":             {store.RunFilter{Waits: lifecycle.WaitAccept, Of: "owner@example.com", Owner: true}, "c"},
				"kickoffs from":                     {store.RunFilter{KickoffFrom: noon.Add(48 * time.Hour)}, "b"},
				"kickoffs until":                    {store.RunFilter{KickoffTo: noon.Add(48 * time.Hour)}, "d"},
				"after a run of the same moment":    {store.RunFilter{After: store.RunMark{Won: noon.Add(2 * time.Hour), ID: "b"}}, "cad"},
				"all at once":                       {store.RunFilter{Words: "second", Of: "ae@example.com", Stages: []lifecycle.Stage{lifecycle.StagePublished}, KickoffFrom: noon}, "b"},
			} {
				runs, err := db.Find(t.Context(), c.filter, 10)
				if got := ids(runs); err != nil || got != c.want {
					t.Errorf("%s, %s: %q instead of %q, %v", when, name, got, c.want, err)
				}
				c.filter.After = store.RunMark{}
				n, err := db.CountFound(t.Context(), c.filter)
				if !strings.HasPrefix(name, "after") && (err != nil || n != len(c.want)) {
					t.Errorf("%s, %s: %d are counted, %v", when, name, n, err)
				}
			}
		}
		find("as it was kept")
		if err := db.Unplace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Place(t.Context()); err != nil {
			t.Fatal(err)
		}
		find("as the migration fills it")
		if runs, err := db.Find(t.Context(), store.RunFilter{}, 2); err != nil || ids(runs) != "bc" {
			t.Errorf("two at most: %s, %v", ids(runs), err)
		}
		titles, err := db.Titles(t.Context(), []string{"a", "b", "d", "none"})
		if diff := cmp.Diff(map[string]string{"a": "ÉCOLE_Straße", "b": "Second Ltd", "d": "Only a name"}, titles); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		many := make([]string, 1200)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		if titles, err := db.Titles(t.Context(), append(many, "c")); err != nil || len(titles) != 1 {
			t.Errorf("%v of many, %v", titles, err)
		}
	})
}

// TestForgottenIsNotFound: what is taken out of a run's texts is not found any more.
func TestForgottenIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		lookups(t, db)
		masked := func(_, body string) (string, error) {
			return strings.NewReplacer("ae@example.com", "gone", "AE@example.com", "gone", "Ada", "gone").Replace(body), nil
		}
		if err := db.Rewrite(t.Context(), "a", masked); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"ada", "ae@example.com"} {
			if runs, err := db.Find(t.Context(), store.RunFilter{Words: words}, 10); err != nil || ids(runs) != "bd" {
				t.Errorf("%s finds %s, %v", words, ids(runs), err)
			}
		}
		if runs, err := db.Find(t.Context(), store.RunFilter{Of: "ae@example.com", Waits: lifecycle.WaitReview}, 10); err != nil || len(runs) > 0 {
			t.Errorf("it waits for whom it does not name: %s, %v", ids(runs), err)
		}
		if moves, err := db.Trail(t.Context(), store.TrailFilter{Who: "ae@example.com"}, 10); err != nil || len(moves) > 0 {
			t.Errorf("the trail names whom it does not: %v, %v", moves, err)
		}
	})
}

func TestTheTrail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		lookups(t, db)
		trail := func(f store.TrailFilter) (out []string) {
			t.Helper()
			moves, err := db.Trail(t.Context(), f, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range moves {
				out = append(out, m.Mark.Run+" "+m.What)
			}
			return out
		}
		all := []string{"a read", "c detected", "b detected", "a detected", "d detected"}
		for name, c := range map[string]struct {
			filter store.TrailFilter
			want   []string
		}{
			"all, the latest first": {store.TrailFilter{}, all},
			"by whom":               {store.TrailFilter{Who: "AE@"}, all[:1]},
			"by what":               {store.TrailFilter{What: "read"}, all[:1]},
			"of a run":              {store.TrailFilter{Run: "a"}, []string{"a read", "a detected"}},
			"of a deal":             {store.TrailFilter{Words: "second LTD"}, []string{"b detected"}},
			"since":                 {store.TrailFilter{From: noon.Add(2 * time.Hour)}, all[:3]},
			"until":                 {store.TrailFilter{To: noon.Add(2 * time.Hour)}, all[3:]},
			"what never was":        {store.TrailFilter{What: "\x00"}, nil},
		} {
			if got := trail(c.filter); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q instead of %q", name, got, c.want)
			}
		}
		var got []string
		f := store.TrailFilter{}
		for range 10 {
			moves, err := db.Trail(t.Context(), f, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range moves {
				got = append(got, m.Mark.Run+" "+m.What)
				f.After = m.Mark
			}
		}
		if !slices.Equal(got, all) {
			t.Errorf("two at a time: %q", got)
		}
		moves, err := db.Trail(t.Context(), store.TrailFilter{What: "read"}, 10)
		if err != nil || len(moves) != 1 || moves[0].Title != "ÉCOLE_Straße" || moves[0].Why != "version 1" || moves[0].Mark.Number != 2 {
			t.Errorf("%+v, %v", moves, err)
		}
		names, err := db.MoveNames(t.Context())
		if err != nil || !slices.Equal(names, []string{"detected", "read"}) {
			t.Errorf("%q, %v", names, err)
		}
	})
}

func TestCosts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		lookups(t, db)
		costs := func(all []store.Cost, err error) []store.Cost {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		today := noon.Truncate(24 * time.Hour)
		check := func(what string, got, want []store.Cost) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		check("by day", costs(db.CostsByDay(t.Context(), today)), []store.Cost{
			{Day: today.AddDate(0, 0, 1), Versions: 1, USD: 0.25}, {Day: today, Versions: 2, Requests: 3, TokensIn: 15, TokensOut: 2, USD: 1.5},
		})
		check("by model", costs(db.CostsByModel(t.Context(), today)), []store.Cost{
			{Engine: "claude", Model: "large", Versions: 2, Requests: 3, TokensIn: 15, TokensOut: 2, USD: 1.75}, {Engine: "builtin", Versions: 1},
		})
		check("by run", costs(db.CostsByRun(t.Context(), today, 2)), []store.Cost{
			{Run: "a", Versions: 1, Requests: 3, TokensIn: 15, TokensOut: 2, USD: 1.5}, {Run: "b", Versions: 1, USD: 0.25},
		})
		check("of a later day", costs(db.CostsByRun(t.Context(), today.AddDate(0, 0, 1), 9)), []store.Cost{{Run: "b", Versions: 1, USD: 0.25}})
		if err := db.Forget(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		check("what is erased costs nothing", costs(db.CostsByRun(t.Context(), today, 1)), []store.Cost{{Run: "b", Versions: 1, USD: 0.25}})
	})
}
