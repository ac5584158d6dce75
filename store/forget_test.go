package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"throughline"
	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/store/storetest"
)

func TestForgetting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		const person = "a_b@example.com"
		for _, id := range []string{"one", "two"} {
			run := lifecycle.Run{ID: id, Stage: lifecycle.StageDetected, Won: noon, Deal: connect.Record{ID: "006" + id}}
			if _, err := db.Create(ctx, run, lifecycle.Move{At: noon, What: "detected"}, nil); err != nil {
				t.Fatal(err)
			}
			text := map[string]string{"one": "A_B@example.com said so", "two": "axb@example.com said so"}[id]
			err := db.Change(ctx, id, func(r *lifecycle.Run) (lifecycle.Change, error) {
				r.Version = 1
				return lifecycle.Change{At: noon, Archive: []byte("zip"), Print: "p", Document: &throughline.Handoff{Version: 1, Notes: []string{text}}, Copy: &connect.Copy{ID: "x"}, To: "notion"}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if ids, err := db.Mentioning(ctx, person); err != nil || !slices.Equal(ids, []string{"one"}) {
			t.Errorf("mentioned in %v, %v", ids, err)
		}
		err := db.Rewrite(ctx, "one", func(table, body string) (string, error) {
			if table != "documents" {
				return body, nil
			}
			return strings.ReplaceAll(body, "A_B@example.com", "[erased]"), nil
		})
		h, err2 := db.Document(ctx, "one", 1)
		if err := errors.Join(err, err2); err != nil || h.Notes[0] != "[erased] said so" {
			t.Errorf("rewritten: %+v, %v", h, err)
		}
		if err := errors.Join(db.ForgetArchive(ctx, "one"), db.ForgetCopies(ctx, "one")); err != nil {
			t.Error(err)
		}
		if _, _, err := db.Archive(ctx, "one"); !errors.Is(err, lifecycle.ErrNotFound) {
			t.Errorf("the raw text: %v", err)
		}
		for id, want := range map[string]int{"one": 0, "two": 1} {
			if copies, err := db.Copies(ctx, id); err != nil || len(copies) != want {
				t.Errorf("%s: %d copies, %v", id, len(copies), err)
			}
		}
		runs, _, err := db.Counts(ctx)
		if running, err2 := db.Running(ctx); errors.Join(err, err2) != nil || runs[lifecycle.StageDetected] != 2 || len(running) != 2 {
			t.Errorf("%v, %d running, %v %v", runs, len(running), err, err2)
		}

		calls := db.Calls("w")
		with := callindex.Entry{ID: "1", Started: noon, Objects: []callindex.Object{{Type: "Opportunity", ID: "006one"}}, Parties: []callindex.Party{{Email: person}, {Email: "c@example.com"}}}
		if err := calls.Put(ctx, []callindex.Entry{with, {ID: "2", Started: noon}}); err != nil {
			t.Fatal(err)
		}
		if n, err := db.ForgetCaller(ctx, person); n != 1 || err != nil {
			t.Errorf("taken out of %d calls, %v", n, err)
		}
		if got, err := calls.Naming(ctx, callindex.RecordKey("006one")); err != nil || len(got) != 1 || len(got[0].Parties) != 1 {
			t.Errorf("left: %+v, %v", got, err)
		}
		if n, err := db.ForgetCallsOf(ctx, "006one"); n != 1 || err != nil {
			t.Errorf("%d calls of the deal, %v", n, err)
		}
	})
}

// TestForgettingAPerson: what was done toward a person goes, and no more than that.
func TestForgettingAPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, address)
		run := lifecycle.Run{ID: "one", Stage: lifecycle.StageDetected, Won: noon, Deal: connect.Record{ID: "006one"}}
		duties := []lifecycle.Duty{
			{Name: "tell_csm", For: "mail:a_b@example.com", N: 1, Due: noon},
			{Name: "tell_csm", For: "mail:axb@example.com", N: 1, Due: noon},
			{Name: "publish", For: "notion", N: 1, Due: noon},
		}
		if _, err := db.Create(ctx, run, lifecycle.Move{At: noon, What: "detected"}, duties); err != nil {
			t.Fatal(err)
		}
		if err := db.Fail(ctx, "one", "publish/notion/1", lifecycle.TaskOpen, noon, "A_B@example.com may not"); err != nil {
			t.Fatal(err)
		}
		for who, browser := range map[string]string{"a_b@example.com": "x", "axb@example.com": "y"} {
			if err := db.Session(ctx, browser, who, noon.AddDate(1, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(db.ForgetToward(ctx, "one", "A_B@example.com"), db.ForgetSignedIn(ctx, "A_B@example.com")); err != nil {
			t.Fatal(err)
		}
		tasks, err := db.Tasks(ctx, "one")
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, task := range tasks {
			left = append(left, task.Key()+task.Error)
		}
		if want := []string{"publish/notion/1", "tell_csm/mail:axb@example.com/1"}; !slices.Equal(left, want) {
			t.Errorf("left are %q, not %q", left, want)
		}
		for browser, want := range map[string]string{"x": "", "y": "axb@example.com"} {
			if who, err := db.SignedIn(ctx, browser, noon); err != nil || who != want {
				t.Errorf("in %s there is %q, %v", browser, who, err)
			}
		}
	})
}

func TestOneServes(t *testing.T) {
	address := t.TempDir() + "/t.db"
	first, second := storetest.Open(t, address), storetest.Open(t, address)
	release, err := first.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Serve(t.Context()); !errors.Is(err, store.ErrServed) {
		t.Errorf("a second one: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := second.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
